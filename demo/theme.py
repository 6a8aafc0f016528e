"""The look in Gradio's own terms: local fonts only, indigo on near-white or near-black."""

from __future__ import annotations

import gradio as gr

FONT = ("system-ui", "-apple-system", "Segoe UI", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    """Cards and chips are drawn by assets/css; this sets what Gradio draws itself."""
    return gr.themes.Base(
        primary_hue="indigo",
        neutral_hue="slate",
        radius_size="lg",
        font=FONT,
        font_mono=MONO,
    ).set(
        body_background_fill="#f7f7fb",
        body_background_fill_dark="#101018",
        body_text_color="#1b1b2a",
        body_text_color_dark="#ececf4",
        body_text_color_subdued="#5c5c72",
        body_text_color_subdued_dark="#a8a8bd",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#191924",
        background_fill_secondary="#ffffff",
        background_fill_secondary_dark="#191924",
        border_color_primary="#e3e3ee",
        border_color_primary_dark="#2d2d3e",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        block_label_text_color="#5c5c72",
        block_label_text_color_dark="#a8a8bd",
        block_title_text_color="#3b3b52",
        block_title_text_color_dark="#d4d4e2",
        block_title_text_weight="500",
        block_title_text_size="14px",
        block_info_text_color="#5c5c72",
        block_info_text_color_dark="#a8a8bd",
        block_info_text_size="12.5px",
        input_background_fill="#f4f4f9",
        input_background_fill_dark="#22222f",
        input_border_color="#e3e3ee",
        input_border_color_dark="#2d2d3e",
        input_placeholder_color="#6b6b80",
        input_placeholder_color_dark="#9a9ab0",
        slider_color="#4f46e5",
        slider_color_dark="#8b85ff",
        button_primary_background_fill="#4f46e5",
        button_primary_background_fill_dark="#6d66f0",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#ffffff",
    )
