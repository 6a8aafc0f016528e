"""The tab that sets two runs side by side, and runs the shown text a second time for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import gradio as gr

from demo import components
from demo.asked import name_of, number, shown, style_of, visit
from demo.drawing import progress
from demo.events import LIGHT, MODEL
from demo.halting import Halt, until_halted
from demo.handlers import UNEXPECTED, run_label
from demo.library import Library
from demo.serving.calls import reading_over
from demo.session import Run, Session
from demo.settings.choosing import preset_options
from demo.settings.strategies import DEFAULT_PRESET, PRESETS
from demo.telling import noted, warned
from demo.values import views
from demo.values.comparing import (
    beside,
    comparison,
    empty_comparison,
    opening_sides,
    run_choices,
    running_comparison,
)
from model.long_documents import stream_document
from model.trace import Trace

NAME = "compare"  # of the tab
AS_SHOWN = "As shown"  # in place of a style: that of the shown run
# Of a page with one model: longer, so that the second run is unlike most first ones. Two models are
# compared as each writes by default.
PRESET = "Pointer-generator"


@dataclass(frozen=True)
class CompareCard:
    """Two runs to choose, how to make a second one, and both side by side."""

    left: gr.Dropdown
    right: gr.Dropdown
    model: gr.Dropdown
    style: gr.Dropdown
    preset: gr.Dropdown
    run: gr.Button
    comparison: gr.HTML


class Tabs(Protocol):
    """What is needed of `results.Inspection`: this card, and which tab is open."""

    @property
    def compare(self) -> CompareCard: ...

    @property
    def tab(self) -> gr.State: ...

    @property
    def opened(self) -> dict[str, gr.Tab]: ...


@dataclass(frozen=True)
class CompareHandlers:
    """The tab's answers to its events, over one library. Holds nothing of any user."""

    library: Library

    def run_and_compare(
        self, session: Any, halt: Halt, model: Any, style: Any, preset: Any
    ) -> Iterator[tuple[Any, ...]]:
        """Updates of (session, history, comparison, left, right): the shown text once more."""
        try:
            yield from self._run(visit(session), halt, model, style, preset)
        except Exception as error:
            yield _only(empty_comparison(warned(error, "Not compared", UNEXPECTED)))

    def _run(
        self, session: Session, halt: Halt, model: Any, style: Any, preset: Any
    ) -> Iterator[tuple[Any, ...]]:
        left = shown(session)
        summarizer = self.library.get(name_of(model))
        chosen = _style(style, left, summarizer.styles)
        options = preset_options(preset, chosen, summarizer)
        yield _only(running_comparison(left, ""))
        told = stream_document(summarizer, left.text, options, chosen, reading_over)
        for update in until_halted(told, halt):
            if update.trace is None:
                yield _only(running_comparison(left, update.text, progress(update)))
                continue
            label = _label(left, update.trace, run_label(chosen, preset, ""))
            parts = update.part_traces
            document = left.text if parts else ""
            right = Run(
                update.trace, label, parts=parts, document=document, left_out=update.left_out
            )
            both = beside(session, right)
            yield both, views.history(both), *refresh(both)

    def model_chosen(self, model: Any, style: Any) -> Any:
        """The styles of a model that was just chosen; this opens it."""
        try:
            styles = self.library.get(name_of(model)).styles
        except ValueError as error:
            noted(error)
            gr.Warning(str(error), title="The model can't be opened")
            return gr.skip()
        kept = style if style in styles else AS_SHOWN
        return gr.update(choices=[AS_SHOWN, *styles], value=kept, visible=bool(styles))


def compare_runs(session: Any, left: Any, right: Any) -> Any:
    """The comparison of two runs by their numbers. Runs no model."""
    visitor = visit(session)
    try:
        sides = [
            _numbered(visitor, name, value) for name, value in (("left", left), ("right", right))
        ]
    except ValueError as error:
        return empty_comparison(str(error))
    one, other = sides
    if one is None or other is None or one is other:
        return empty_comparison()
    return comparison(one, other)


def refresh(session: Any) -> tuple[Any, Any, Any]:
    """(comparison, left, right) for a session that has changed. Runs no model."""
    visitor = visit(session)
    names, sides = run_choices(visitor), opening_sides(visitor)
    left, right = (
        gr.update(choices=names, value=str(place + 1) if names else None) for place in sides
    )
    return compare_runs(visitor, left["value"], right["value"]), left, right


def session_changed(session: Any, tab: Any) -> tuple[Any, ...]:
    """(comparison, left, right, outdated); nothing is drawn while the tab is closed."""
    return (*refresh(session), False) if tab == NAME else (gr.skip(), gr.skip(), gr.skip(), True)


def tab_opened(session: Any, outdated: Any) -> tuple[Any, ...]:
    """(comparison, left, right, outdated); what the visitor chose stays unless runs changed."""
    return (*refresh(session), False) if outdated is True else (gr.skip(),) * 4


def build_compare(names: Sequence[str], styles: Sequence[str]) -> CompareCard:
    """The tab's components, in the Blocks under construction."""
    components.note("Run the shown text again with another model, style or preset.")
    with gr.Row(elem_classes=["gs-pickers", "gs-secondary"]):
        model = _dropdown(
            "Model", list(names), "compare-model", next(iter(names[1:] or names), None)
        )
        style = _dropdown("Style", [AS_SHOWN, *styles], "compare-style", AS_SHOWN)
        style.visible = bool(styles)
        suited = DEFAULT_PRESET if len(names) > 1 else PRESET
        preset = _dropdown("Preset", [one.name for one in PRESETS], "compare-preset", suited)
        run = gr.Button("Run and compare", elem_id="compare-run", scale=0, min_width=160)
    with gr.Row(elem_classes="gs-sides"):
        left = _dropdown("Left", [], "compare-left")
        right = _dropdown("Right", [], "compare-right")
    drawn = components.drawn_by_script("compare", empty_comparison())
    return CompareCard(left, right, model, style, preset, run, drawn)


def wire_compare(
    tabs: Tabs, session: gr.State, halt: gr.State, history: gr.HTML, library: Library
) -> Any:
    """Connect the tab's events; returns the run's, for whoever can cancel it."""
    card, handlers = tabs.compare, CompareHandlers(library)
    outdated = gr.State(True)
    drawn = [card.comparison, card.left, card.right, outdated]
    # Not from what the pickers hold: they learn of a new run only after this was asked.
    session.change(session_changed, [session, tabs.tab], drawn, trigger_mode="always_last", **LIGHT)
    tabs.opened[NAME].select(tab_opened, [session, outdated], drawn, **LIGHT)
    gr.on(
        [card.left.input, card.right.input],
        compare_runs,
        [session, card.left, card.right],
        card.comparison,
        trigger_mode="always_last",
        **LIGHT,
    )
    card.model.input(handlers.model_chosen, [card.model, card.style], card.style, **MODEL)
    return card.run.click(
        handlers.run_and_compare,
        [session, halt, card.model, card.style, card.preset],
        [session, history, card.comparison, card.left, card.right],
        **MODEL,
    )


def _dropdown(label: str, choices: list[Any], name: str, value: Any = None) -> gr.Dropdown:
    return gr.Dropdown(
        choices, value=value, label=label, filterable=False, min_width=130, elem_id=name
    )


def _style(style: Any, left: Run, styles: tuple[str, ...]) -> str | None:
    """The style asked for; a shown run's own that the model lacks is the model's default."""
    if style != AS_SHOWN:
        return style_of(style, styles)
    own = left.trace.source.style
    return own if own in styles else next(iter(styles), None)


def _label(left: Run, trace: Trace, label: str) -> str:
    """The run's label, with its model where that is another one than the left side's."""
    name = str(trace.model.get("name", ""))
    return label if name == left.trace.model.get("name") else f"{label} · {name}"


def _only(value: dict[str, Any]) -> tuple[Any, ...]:
    """An update of nothing but the comparison."""
    return gr.skip(), gr.skip(), value, gr.skip(), gr.skip()


def _numbered(session: Session, name: str, value: Any) -> Run | None:
    """The run with this number from 1; none while nothing is chosen."""
    if value in (None, ""):
        return None
    place = number(name, value)
    if not 1 <= place <= len(session.runs):
        raise ValueError(f"{name} must be between 1 and {len(session.runs)}, got {place}")
    return session.runs[place - 1]
