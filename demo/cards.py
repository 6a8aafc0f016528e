"""The page's cards: what stands where. Wiring is in `page`, behaviour in `handlers`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo import components
from demo.assets import Example, examples
from demo.settings.controls import CONTROLS, GROUPS, LENGTHS, Control
from demo.settings.strategies import DEFAULT_PRESET, PRESETS, STRATEGIES, availability, values_of
from demo.uploads import ENDINGS
from model.options import DecodingOptions


@dataclass(frozen=True)
class SourceCard:
    """The text and the buttons that start and stop a run."""

    text: gr.Textbox
    source: gr.HTML
    samples: tuple[tuple[gr.Button, Example], ...]
    summarize: gr.Button
    stop: gr.Button
    upload: gr.UploadButton
    tabs: gr.Tabs


@dataclass(frozen=True)
class SettingsCard:
    """How to write; `controls` are in the order of `CONTROLS`."""

    about: gr.HTML
    style: gr.Radio
    preset: gr.Radio
    strategy: gr.Radio
    reset: gr.Button
    controls: tuple[Any, ...]


def header(names: Sequence[str]) -> gr.Dropdown:
    """The brand, the choice of model and the theme's button."""
    with gr.Row(elem_classes="gs-header"):
        with gr.Column(scale=5, min_width=200):
            components.brand()
        model = gr.Dropdown(
            list(names),
            value=next(iter(names), None),
            label="Model",
            show_label=False,
            scale=1,
            min_width=200,
            filterable=False,
            interactive=bool(names),
            elem_id="model",
        )
        with gr.Column(scale=0, min_width=180, elem_classes="gs-tools-column"):
            components.tools()
    return model


def source_card() -> SourceCard:
    """The text to write in and, behind it, the text as the model read it."""
    found = examples()
    with gr.Column(elem_classes="gs-card"):
        with gr.Tabs(selected="write", elem_id="source-tabs") as tabs:
            with gr.Tab("Source text", id="write"):
                text = gr.Textbox(
                    value=found[0].text if found else "",
                    label="Source text",
                    show_label=False,
                    placeholder="Paste a text …",
                    lines=9,
                    max_lines=14,
                    container=False,
                    elem_id="text",
                )
            with gr.Tab("Where the model looked", id="read"):
                source = components.source_panel()
        with gr.Row(elem_classes="gs-samples"):
            samples = tuple((gr.Button(one.name, size="sm"), one) for one in found)
            upload = gr.UploadButton(
                "Upload .txt .md .pdf .docx",
                file_types=list(ENDINGS),
                size="sm",
                type="filepath",
                elem_id="upload",
            )
        with gr.Row(elem_classes="gs-actions"):
            summarize = gr.Button("Summarize", variant="primary", elem_id="summarize")
            stop = gr.Button("Stop", interactive=False, elem_id="stop")
    return SourceCard(text, source, samples, summarize, stop, upload, tabs)


@dataclass(frozen=True)
class Start:
    """How the first model stands on the page when nobody has chosen anything."""

    about: dict[str, Any]
    styles: Sequence[str]
    limit: int  # of the lengths
    options: DecodingOptions


def settings_card(start: Start) -> SettingsCard:
    """Style, preset and strategy as chips, then every control, as the first model has them."""
    made: dict[str, Any] = {}
    chosen = start.options.strategy
    shown = {"idle": availability(chosen), "values": values_of(start.options, start.limit)}
    with gr.Column(elem_classes=["gs-card", "gs-later"]):
        components.heading("How to write it")
        about = components.about(start.about)
        style = _chips("Style", list(start.styles), visible=bool(start.styles))
        preset = _chips("Preset", [one.name for one in PRESETS], value=DEFAULT_PRESET)
        strategy = _chips("Strategy", [(row.label, row.name) for row in STRATEGIES], value=chosen)
        with gr.Column(elem_classes="gs-settings"):
            made |= {one.name: _control(one, start.limit, **shown) for one in CONTROLS if one.main}
        with gr.Accordion("All settings", open=False, elem_classes="gs-settings"):
            for group, title in GROUPS.items():
                rest = [one for one in CONTROLS if one.group == group and not one.main]
                if rest:
                    components.heading(title)
                    made |= {one.name: _control(one, start.limit, **shown) for one in rest}
        reset = gr.Button("Reset", size="sm", elem_id="reset")
    controls = tuple(made[one.name] for one in CONTROLS)
    return SettingsCard(about, style, preset, strategy, reset, controls)


def _chips(label: str, choices: list[Any], **settings: Any) -> gr.Radio:
    first = next(iter(choices), None)
    start = first[1] if isinstance(first, tuple) else first
    return gr.Radio(
        choices,
        label=label,
        elem_classes="gs-chips",
        elem_id=label.lower(),
        **{"value": start, **settings},
    )


def _control(control: Control, limit: int, idle: dict[str, str], values: dict[str, Any]) -> Any:
    shared: dict[str, Any] = {
        "value": values[control.name],
        "label": control.label,
        "info": idle.get(control.name, control.help),
        "interactive": control.name not in idle,
        "elem_id": f"option-{control.name}",
    }
    if control.range is not None:
        low, high, step = control.range
        top = limit if control.name in LENGTHS else high
        return gr.Slider(low, top, step=step, buttons=[], **shared)
    if control.choices:
        return gr.Dropdown(list(control.choices), filterable=False, **shared)
    return gr.Textbox(max_lines=1, **shared)
