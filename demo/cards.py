"""The page's cards: what stands where. Wiring is in `page`, behaviour in `handlers`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo import components
from demo.assets import Example, examples
from demo.controls import CONTROLS, GROUPS, MAX_LENGTH, STYLE_LENGTHS, Control
from demo.handlers import LENGTHS, MEAN
from demo.plots import empty_figure
from demo.strategies import PRESETS, STRATEGIES, availability

STRATEGY = STRATEGIES[0].name
PRESET = "Balanced"


@dataclass(frozen=True)
class SourceCard:
    """The text and the buttons that start and stop a run."""

    text: gr.Textbox
    source: gr.HTML
    samples: tuple[tuple[gr.Button, Example], ...]
    summarize: gr.Button
    stop: gr.Button
    tabs: gr.Tabs


@dataclass(frozen=True)
class SettingsCard:
    """How to write; `controls` are in the order of `CONTROLS`."""

    style: gr.Radio
    preset: gr.Radio
    strategy: gr.Radio
    controls: tuple[Any, ...]


@dataclass(frozen=True)
class SummaryCards:
    """What came out."""

    summary: gr.HTML
    alternatives: gr.HTML
    chart: gr.Plot


@dataclass(frozen=True)
class AttentionCard:
    """Where the model looked."""

    unit: gr.Radio
    layer: gr.Dropdown
    head: gr.Dropdown
    attention: gr.Plot


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
        with gr.Column(scale=0, min_width=42):
            components.theme_button()
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
        with gr.Row(elem_classes="gs-actions"):
            summarize = gr.Button("Summarize", variant="primary", elem_id="summarize")
            stop = gr.Button("Stop", interactive=False, elem_id="stop")
    return SourceCard(text, source, samples, summarize, stop, tabs)


def settings_card(styles: Sequence[str], limit: int) -> SettingsCard:
    """Style, preset and strategy as chips, then every control; `limit` bounds the lengths."""
    with gr.Column(elem_classes=["gs-card", "gs-later"]):
        components.heading("How to write it")
        style = _chips("Style", list(styles), visible=bool(styles))
        preset = _chips("Preset", [one.name for one in PRESETS], value=PRESET)
        strategy = _chips("Strategy", [(row.label, row.name) for row in STRATEGIES])
        made: dict[str, Any] = {}
        idle = availability(STRATEGY)
        with gr.Column(elem_classes="gs-settings"):
            made |= {one.name: _control(one, idle, limit) for one in CONTROLS if one.main}
        with gr.Accordion("All settings", open=False, elem_classes="gs-settings"):
            for group, title in GROUPS.items():
                rest = [one for one in CONTROLS if one.group == group and not one.main]
                if rest:
                    components.heading(title)
                    made |= {one.name: _control(one, idle, limit) for one in rest}
    if styles:  # what choosing the style would set
        made["max_new_tokens"].value = min(STYLE_LENGTHS.get(styles[0], MAX_LENGTH), limit)
    return SettingsCard(style, preset, strategy, tuple(made[one.name] for one in CONTROLS))


def summary_cards(value: dict[str, Any]) -> SummaryCards:
    """The summary, what stood beside its words, and their probabilities."""
    with gr.Column(elem_classes="gs-card"):
        summary = components.summary_strip(value)
    with gr.Column(elem_classes="gs-card"):
        alternatives = components.alternatives_panel()
    with gr.Column(elem_classes="gs-card"):
        components.heading("Probability of every word", "below 0.5 in orange")
        chart = _plot("chart")
    return SummaryCards(summary, alternatives, chart)


def attention_card() -> AttentionCard:
    """The map and its pickers."""
    with gr.Column(elem_classes="gs-card"):
        components.heading("Attention", "a hint, not an explanation")
        with gr.Row(elem_classes="gs-toolbar"):
            unit = gr.Radio(
                [("Words", "words"), ("Sentences", "sentences"), ("Tokens", "tokens")],
                value="words",
                show_label=False,
                label="Source by",
                container=False,
                elem_classes="gs-chips",
                elem_id="unit",
                scale=3,
            )
            layer, head = _picker("Layer"), _picker("Head")
        attention = _plot("attention")
    return AttentionCard(unit, layer, head, attention)


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


def _control(control: Control, idle: dict[str, str], limit: int) -> Any:
    shared: dict[str, Any] = {
        "value": control.start,
        "label": control.label,
        "info": idle.get(control.name, control.help),
        "interactive": control.name not in idle,
        "elem_id": f"option-{control.name}",
    }
    if control.range is not None:
        low, high, step = control.range
        if control.name in LENGTHS:
            high = limit
            shared["value"] = min(control.start, limit)
        return gr.Slider(low, high, step=step, buttons=[], **shared)
    if control.choices:
        return gr.Dropdown(list(control.choices), filterable=False, **shared)
    return gr.Textbox(max_lines=1, **shared)


def _picker(label: str) -> gr.Dropdown:
    return gr.Dropdown(
        [MEAN],
        value=MEAN,
        label=label,
        min_width=110,
        filterable=False,
        interactive=False,
        elem_id=label.lower(),
    )


def _plot(name: str) -> gr.Plot:
    return gr.Plot(
        empty_figure("Drawn when the summary is complete."),
        show_label=False,
        container=False,
        elem_classes="gs-plot",
        elem_id=name,
    )
