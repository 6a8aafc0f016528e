"""The tab that scores a visitor's own summary against the one the model wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo import components
from demo.asked import shown, visit
from demo.drawing import Views, everything
from demo.events import MODEL
from demo.library import Library
from demo.session import FORCED, Run
from demo.telling import said, warned
from demo.values.referencing import empty_reference, scored_reference
from model.summarizer import Summarizer
from model.trace import Trace

FAILED = "The scoring failed. Your text is still there; the server's log says what happened."


@dataclass(frozen=True)
class ReferenceCard:
    """The visitor's own summary, and what the model thinks of it."""

    text: gr.Textbox
    score: gr.Button
    look: gr.Button
    result: gr.HTML


@dataclass(frozen=True)
class ReferenceHandlers:
    """The tab's answers to its events, over one library. Holds nothing of any user."""

    library: Library

    def score_reference(self, session: Any, reference: Any) -> Any:
        """The given summary in the eyes of the model that wrote the shown run."""
        try:
            run = shown(session)
            scored = self._scored(run, reference)
            return scored_reference(run.trace, run.hypothesis, scored, len(run.parts))
        except Exception as error:
            return empty_reference(warned(error, "Not scored", FAILED))

    def look(self, session: Any, reference: Any) -> Views:
        """The given summary as a run of its own, in all views."""

        @said("Not shown")
        def drawn() -> Views:
            scored = self._scored(shown(session), reference)
            return everything(visit(session).adding(Run(scored, "your own summary")))

        return drawn()

    def _scored(self, run: Run, reference: Any) -> Trace:
        source = run.trace.source
        if run.trace.options.get("strategy") == FORCED:
            raise ValueError(
                "The shown text was given, not written by the model; choose one that it wrote."
            )
        model = writer_of(run.trace, self.library)
        return model.score(source.text, reference, style=source.style)


def writer_of(trace: Trace, library: Library) -> Summarizer:
    """The model that wrote a run; scores of any other could not be compared with the run's."""
    name = str(trace.model.get("name", ""))
    model = library.get(name or None)
    if model.fingerprint != trace.model.get("fingerprint"):
        raise ValueError(f"The shown run was written by another model than {model.name} is here.")
    return model


def build_reference() -> ReferenceCard:
    """The tab's components, in the Blocks under construction."""
    text = gr.Textbox(
        label="Your own summary",
        placeholder="Write or paste a summary of the same text …",
        lines=2,
        max_lines=6,
        elem_id="reference-text",
    )
    with gr.Row(elem_classes="gs-actions"):
        score = gr.Button("Score it", variant="primary", elem_id="reference-score")
        look = gr.Button("Look at it in all views", elem_id="reference-look")
    result = components.drawn_by_script("reference", empty_reference())
    return ReferenceCard(text, score, look, result)


def wire_reference(
    card: ReferenceCard, session: gr.State, outputs: Sequence[Any], library: Library
) -> Any:
    """Connect the tab's events; `outputs` are the components of `Views`. Returns the scoring."""
    handlers = ReferenceHandlers(library)
    given = [session, card.text]
    card.look.click(handlers.look, given, list(outputs), **MODEL)
    return card.score.click(handlers.score_reference, given, card.result, **MODEL)
