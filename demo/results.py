"""The cards of what came out: summary, alternatives, and the tabs below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo import components
from demo.drawing import MERGED, NOTHING
from demo.plots import empty_figure
from demo.privacy.hiding import CHOICES
from demo.tabs.compare import CompareCard, build_compare
from demo.tabs.reference import ReferenceCard, build_reference
from demo.values.picking import WHOLE

NOT_YET = "Drawn when the summary is complete."
HINT = "Attention is a hint about where the model looked, not an explanation of what it wrote."


@dataclass(frozen=True)
class SummaryCards:
    """What came out, what stood beside it, and what was made before."""

    summary: gr.HTML
    part: gr.Dropdown
    history: gr.HTML
    selection: gr.HTML
    alternatives: gr.HTML
    chart: gr.Plot


@dataclass(frozen=True)
class Inspection:
    """The tabs that look into the shown run."""

    tab: gr.State  # which one is open
    opened: dict[str, gr.Tab]
    unit: gr.Radio
    layer: gr.Dropdown
    head: gr.Dropdown
    zoom: gr.Dropdown
    attention: gr.Plot
    entropy: gr.Plot
    strip: gr.Plot
    distribution: gr.Plot
    tree: gr.Plot
    hypotheses: gr.HTML
    compare: CompareCard
    reference: ReferenceCard
    takeaway: TakeawayCard


@dataclass(frozen=True)
class TakeawayCard:
    """Ways to take a run along, and to bring one back."""

    mask: gr.Radio
    masked: gr.HTML  # what would be masked; `mask_shown` when that is to be seen
    copy: gr.Button
    link: gr.Button
    json: gr.Button
    report: gr.Button
    upload: gr.UploadButton
    outbox: gr.HTML  # its script saves or copies what a handler puts into it
    inbox: gr.HTML  # tells what the URL's hash held when the page was opened


def summary_cards(value: dict[str, Any]) -> SummaryCards:
    """The summary, what stood beside its words, and their probabilities."""
    with gr.Column(elem_classes="gs-card"):
        summary = components.summary_strip(value)
        part = gr.Dropdown(
            [(MERGED, "0")],
            label="Parts of the document",
            visible=False,
            filterable=False,
            elem_id="part",
        )
        history = components.history()
        selection = components.selection()
    with gr.Column(elem_classes="gs-card"):
        alternatives = components.alternatives_panel()
    with gr.Column(elem_classes=["gs-card", "gs-chart-card"]):
        components.heading("Probability of every word", "below 0.5 in orange")
        chart = _plot("chart")
    return SummaryCards(summary, part, history, selection, alternatives, chart)


def inspection(names: Sequence[str], styles: Sequence[str]) -> Inspection:
    """All tabs, in one card."""
    made: dict[str, Any] = {}
    opened: dict[str, gr.Tab] = {}
    inbox = components.inbox()  # outside the tabs: what is in a closed one isn't started
    with gr.Column(elem_classes="gs-card"), gr.Tabs(elem_id="inspection"):
        with _tab("Attention", "attention", opened):
            made |= _attention()
        with _tab("Probabilities", "probabilities", opened):
            made |= _probabilities()
        with _tab("Beam tree", "beams", opened):
            components.heading("Hypotheses", "click one to see it in all views")
            made["hypotheses"] = components.hypotheses()
            made["tree"] = _plot("tree")
        with _tab("Compare", "compare", opened):
            made["compare"] = build_compare(names, styles)
        with _tab("Score a reference", "reference", opened):
            made["reference"] = build_reference()
        with _tab("Take it along", "takeaway", opened):
            made["takeaway"] = _takeaway(inbox)
    return Inspection(tab=gr.State("attention"), opened=opened, **made)


def _tab(label: str, name: str, opened: dict[str, gr.Tab]) -> gr.Tab:
    opened[name] = gr.Tab(label, id=name)
    return opened[name]


def _attention() -> dict[str, Any]:
    components.note(HINT)
    with gr.Row(elem_classes="gs-toolbar"):
        unit = gr.Radio(
            [("Words", "words"), ("Tokens", "tokens"), ("Sentences", "sentences")],
            value="words",
            show_label=False,
            label="Source by",
            container=False,
            elem_classes="gs-chips",
            elem_id="unit",
            scale=3,
        )
        zoom = _picker("Sentence", WHOLE, 240)
        layer, head = _picker("Layer", "mean"), _picker("Head", "mean")
    plot = _plot("attention")
    return {"unit": unit, "layer": layer, "head": head, "zoom": zoom, "attention": plot}


def _probabilities() -> dict[str, Any]:
    components.heading("Probability, entropy and rank of every token")
    entropy = _plot("entropy")
    components.heading("What else was probable", "the most probable tokens of every step")
    strip = _plot("strip")
    components.heading("Before and after the rules", "the word you selected")
    return {"entropy": entropy, "strip": strip, "distribution": _plot("distribution")}


def _takeaway(inbox: gr.HTML) -> TakeawayCard:
    components.note("Nothing is kept on the server. A link holds text and settings in itself.")
    mask = gr.Radio(
        list(CHOICES),
        value=CHOICES[0][1],
        label="Personal data",
        elem_classes="gs-chips",
        elem_id="mask",
    )
    masked = components.masked()
    with gr.Row(elem_classes="gs-actions"):
        copy = gr.Button("Copy summary", elem_id="copy-summary")
        link = gr.Button("Copy link", elem_id="copy-link")
        json = gr.Button("Save run (JSON)", elem_id="save-json")
        report = gr.Button("Save report (HTML)", elem_id="save-report")
        upload = gr.UploadButton(
            "Open a saved run", file_types=[".json", ".html"], elem_id="open-run", type="filepath"
        )
    return TakeawayCard(mask, masked, copy, link, json, report, upload, components.outbox(), inbox)


def _picker(label: str, start: str, width: int = 110) -> gr.Dropdown:
    return gr.Dropdown(
        [start],
        value=start,
        label=label,
        min_width=width,
        filterable=False,
        interactive=False,
        elem_id=label.lower(),
    )


def _plot(name: str) -> gr.Plot:
    return gr.Plot(
        empty_figure(NOT_YET if name != "distribution" else NOTHING),
        show_label=False,
        container=False,
        elem_classes="gs-plot",
        elem_id=name,
    )
