"""From the page's values to the model and back.

Thin on purpose: values are checked in `asked`, options made in `strategies`, views in `drawing`.
A `ValueError` becomes a message here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from demo import plots
from demo.asked import name_of, number, sent, shown, style_of, visit
from demo.drawing import (
    KEEP,
    Views,
    begun,
    everything,
    growing,
    looked,
    nothing,
    opened,
)
from demo.halting import Halt, until_halted
from demo.library import Library
from demo.privacy.hiding import what_is_masked
from demo.serving.calls import reading_over
from demo.session import Run
from demo.settings.strategies import PRESETS, page_limits, strategy_row, to_options
from demo.telling import said, warned
from demo.values.picking import attention_view
from demo.values.reading import summary_words
from model.long_documents import stream_document
from model.options import DecodingOptions
from model.trace import Trace

UNEXPECTED = "The summary failed. Your text is still there; the server's log says what happened."
LONG_SENTENCES = "{count} sentences are longer than the model reads; they were cut at a word."


@dataclass(frozen=True)
class Handlers:
    """The page's answers to its events, over one library. Holds nothing of any user."""

    library: Library

    def summarize(
        self, session: Any, halt: Halt, text: Any, model: Any, style: Any, *settings: Any
    ) -> Iterator[Views]:
        """Text while it grows, then everything drawn. `settings`: preset, strategy, controls."""

        def updates() -> Iterator[Views]:
            preset, strategy, *values = settings
            options = to_options(strategy, values)
            summarizer = self.library.get(name_of(model))
            chosen = style_of(style, summarizer.styles)
            yield begun()
            told = stream_document(summarizer, text, options, chosen, reading_over)
            for update in until_halted(told, halt):
                if update.trace is None:
                    yield growing(update)
                    continue
                label = run_label(chosen, preset, strategy)
                if update.cut_sentences:
                    gr.Info(LONG_SENTENCES.format(count=update.cut_sentences))
                parts = update.part_traces
                document = text if parts else ""
                run = Run(
                    update.trace, label, parts=parts, document=document, left_out=update.left_out
                )
                yield everything(visit(session).adding(run))

        yield from _told(updates(), session)

    def continue_here(self, session: Any, halt: Halt, event: gr.EventData) -> Iterator[Views]:
        """The summary again, kept up to a step and then led another way."""

        def updates() -> Iterator[Views]:
            run = shown(session)
            step, token_id, text = _choice(event)
            summarizer = self.library.get(str(run.trace.model.get("name", "")))
            yield begun()
            again = summarizer.continue_from(
                run.trace,
                run.hypothesis,
                step,
                token_id=token_id,
                text=text,
                options=_options_of(run.trace),
            )
            for update in until_halted(again, halt):
                if update.trace is None:
                    yield growing(update)
                    continue
                label = f"from “{_word_at(run, step)}”"
                followed = replace(run, trace=update.trace, label=label, hypothesis=0, stored=False)
                yield everything(visit(session).adding(followed))

        yield from _told(updates(), session)


@said("Not shown")
def run_chosen(session: Any, event: gr.EventData) -> Views:
    """An earlier run in all views."""
    return everything(visit(session).showing(number("place", sent(event).get("place"))))


@said("Not shown")
def hypothesis_chosen(session: Any, event: gr.EventData) -> Views:
    """Another hypothesis of the run in all views."""
    visitor = visit(session)
    return everything(visitor.showing(visitor.current, number("place", sent(event).get("place"))))


@said("Not shown")
def node_chosen(session: Any, event: gr.EventData) -> Views:
    """The hypothesis, abandoned or not, that ends in a node of the beam tree."""
    visitor, run = visit(session), shown(session)
    trace, place = run.trace.through(
        number("step", sent(event).get("step")), number("row", sent(event).get("row"))
    )
    return everything(
        visitor.replacing(visitor.current, replace(run, trace=trace, hypothesis=place))
    )


@said("Not drawn")
def tab_drawn(session: Any, tab: Any, mask: Any) -> tuple[Any, ...]:
    """The figures of the tab that is open, and what would be masked in the run."""
    return (*opened(visit(session), tab), what_is_masked(session, mask))


@said("Not shown")
def part_chosen(session: Any, part: Any) -> Views:
    """One part of a long document as a run of its own."""
    run = shown(session)
    place = number("part", part)
    if place == 0:  # all of them: what is shown already
        return Views()
    if not 1 <= place <= len(run.parts):
        raise ValueError(f"part must be between 1 and {len(run.parts)}, got {place}")
    label = f"part {place} of {len(run.parts)}"
    return everything(visit(session).adding(Run(run.parts[place - 1], label)))


@said("Not drawn")
def look(session: Any, unit: Any, layer: Any, head: Any, zoom: Any) -> tuple[Any, Any]:
    """(source, attention) for another unit, layer, head or sentence. Runs no model."""
    run = visit(session).run
    if run is None:
        return KEEP, KEEP
    return looked(run, attention_view(run.trace, unit, layer, head, zoom))


@said("Not drawn")
def word_shown(session: Any, event: gr.EventData) -> Any:
    """The distribution at the first token of a word that was selected."""
    run = shown(session)
    words = summary_words(run.trace, run.hypothesis)
    place = number("word", sent(event).get("word"))
    if not 0 <= place < len(words):
        raise ValueError(f"word must be between 0 and {len(words) - 1}, got {place}")
    step = words[place].tokens[0]
    return plots.raw_and_final(run.trace, run.hypothesis, step)


def busy() -> tuple[Any, Any]:
    """(summarize, stop) while a run is under way."""
    return gr.update(interactive=False), gr.update(interactive=True)


def ready() -> tuple[Any, Any]:
    """(summarize, stop) when none is."""
    return gr.update(interactive=True), gr.update(interactive=False)


def run_label(style: str | None, preset: Any, strategy: str) -> str:
    """What the history calls a run: its style and the preset, or the strategy without one."""
    known = preset if preset in [one.name for one in PRESETS] else strategy_row(strategy).label
    return f"{style} · {known}" if style else known


def _told(updates: Iterator[Views], session: Any) -> Iterator[Views]:
    """The updates; a fault ends them with a message and keeps the runs made before."""
    try:
        yield from updates
    except Exception as error:
        yield nothing(warned(error, "Not summarised", UNEXPECTED), visit(session))


def _choice(event: gr.EventData) -> tuple[int, int | None, str | None]:
    """(step, token id, typed text) of an event; the model refuses none or both of the two."""
    token_id, text = sent(event).get("token_id"), sent(event).get("text")
    if text is not None and not isinstance(text, str):
        raise ValueError(f"the word must be text, got {text!r:.80}")
    return (
        number("step", sent(event).get("step")),
        None if token_id is None else number("token_id", token_id),
        text,
    )


def _options_of(trace: Trace) -> DecodingOptions:
    """The settings a run was made with; a scored reference was made with none."""
    if trace.options.get("strategy") == "forced":
        return DecodingOptions()
    return page_limits(DecodingOptions.from_dict(dict(trace.options)))


def _word_at(run: Run, step: int) -> str:
    """The word of the shown summary that a step wrote."""
    words = summary_words(run.trace, run.hypothesis)
    return next((word.text for word in words if step in word.tokens), "…")
