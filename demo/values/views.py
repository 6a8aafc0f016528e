"""A run as the plain values that the page's components draw. Numpy only, no gradio.

Text is handed on as it is; the components write it with `textContent` and never as markup.
Sentences are messages, which the browser says in the reader's language.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from demo.messages import Message, message
from demo.serving.limits import variable
from demo.session import Run, Session
from demo.values.alternatives import alternatives
from demo.values.facts import alarm, extent, facts, notice, support_counts
from demo.values.packed import deflated
from demo.values.read_strip import read_strip
from demo.values.reading import AttentionView, Word, summary_words, word_attention
from model.explain.faithfulness import support
from model.trace import Trace

__all__ = [
    "alternatives",
    "empty_summary",
    "finished_summary",
    "history",
    "hypotheses",
    "notice",
    "packed_attention",
    "running_summary",
    "source_panel",
    "summary_of",
]

MOST_UNREAD = 2_000  # characters of the unread rest that are shown


def empty_summary() -> dict[str, Any]:
    """The summary card before the first run."""
    return {"state": "empty"}


def running_summary(text: str) -> dict[str, Any]:
    """The summary card while words arrive."""
    return {"state": "streaming", "text": text}


def finished_summary(trace: Trace, hypothesis: int = 0, stored: bool = False) -> dict[str, Any]:
    """Words with their probabilities and support, the line of figures, and what went wrong.

    `stored` says that the run was made earlier and shipped with the page.
    """
    words = summary_words(trace, hypothesis)
    supports = support(trace, hypothesis) if trace.hypotheses else ()
    counts = support_counts(supports)
    marks = [*supports, *["mark"] * (len(words) - len(supports))]  # the end is no word
    return {
        "state": "done",
        "text": trace.hypotheses[hypothesis].text if trace.hypotheses else "",
        "words": [_word(word, mark) for word, mark in zip(words, marks, strict=True)],
        "support": counts,
        "facts": facts(trace, hypothesis, words, counts),
        "notice": notice(trace, words),
        "alarm": alarm(trace, hypothesis),
        "stored": stored,
    }


def summary_of(run: Run, hypothesis: int | None = None) -> dict[str, Any]:
    """The summary card of a run, and how a long document was read."""
    place = run.hypothesis if hypothesis is None else hypothesis
    value = finished_summary(run.trace, place, stored=run.stored)
    if run.parts:
        key = (
            "The text is longer than the model reads: these are the summaries of its {parts} "
            "parts, one after another. Probabilities and attention show how the model reads them "
            "as a summary of themselves; choose a part to see how it was written."
            if run.joined
            else "The text is longer than the model reads: it was summarised in {parts} parts, "
            "and their summaries were merged."
        )
        read = [message(key, parts=len(run.parts))] if len(run.parts) > 1 else []
        value["notice"] = [*_left_out(run), *read, *value["notice"]]
    return value


def _left_out(run: Run) -> list[Message]:
    """What there was no time to read; empty where nothing was left out."""
    if not run.left_out:
        return []
    key = (
        "Only the first {read} of {parts} parts of the text were summarised: the time of one run "
        "was over ({setting})."
    )
    parts = len(run.parts) + run.left_out
    setting = variable("run_seconds")
    return [message(key, read=len(run.parts), parts=parts, setting=setting)]


def source_panel(
    trace: Trace, hypothesis: int = 0, view: AttentionView | None = None
) -> dict[str, Any]:
    """The source word by word, and how much attention every summary word spent on it."""
    text = trace.source.text
    words: list[dict[str, Any]] = []
    place = 0
    for segment in trace.source_words():
        words.append({"gap": text[place : segment.start], "text": segment.text})
        place = segment.end
    unread = text[trace.source.cut_at :] if trace.source.cut_tokens else ""
    words.append({"gap": "\n" if words else "", "text": "start and end marks", "special": True})
    return {
        "words": words,
        "unread": unread[:MOST_UNREAD],
        "unread_more": max(0, len(unread) - MOST_UNREAD),
        "extent": extent(trace),
        "strip": read_strip(trace, hypothesis),
        "attention": packed_attention(trace, hypothesis, view or AttentionView()),
    }


def packed_attention(trace: Trace, hypothesis: int, view: AttentionView) -> dict[str, Any] | None:
    """Attention of summary words over source words and the marks, one byte a cell, deflated (zlib).

    Inflated, cell (r, c) is `bytes[r * columns + c] / 255 * peaks[r]`.
    """
    if trace.attention_shape is None or not trace.hypotheses:
        return None
    view = AttentionView("words", view.layer, view.head)  # the panel shows words in every view
    pooled = word_attention(trace, hypothesis, view)
    weights = np.concatenate([pooled.weights, pooled.outside[:, None]], axis=1).clip(min=0)
    peaks = weights.max(axis=1, initial=1e-9)
    cells = np.rint(255 * weights / peaks[:, None]).astype(np.uint8)
    return {
        "columns": weights.shape[1],
        "peaks": [round(float(peak), 6) for peak in peaks],
        "data": deflated(cells.tobytes()),
    }


def history(session: Session) -> dict[str, Any]:
    """The runs made so far, oldest first, each with what it wrote."""
    return {
        "runs": [
            {
                "label": run.label,
                "text": run.trace.hypotheses[run.hypothesis].text if run.trace.hypotheses else "",
                "current": place == session.current,
            }
            for place, run in enumerate(session.runs)
        ]
    }


def hypotheses(trace: Trace, shown: int = 0) -> dict[str, Any]:
    """All that the search ended with, best first, and which of them the page shows."""
    return {
        "hypotheses": [
            {
                "text": one.text,
                "score": round(one.score, 4),
                "log_prob": round(one.log_prob, 4),
                "tokens": len(one.token_ids),
                "finished": one.finished,
            }
            for one in trace.hypotheses
        ],
        "shown": shown,
    }


def _word(word: Word, mark: str) -> dict[str, Any]:
    return {
        "text": word.text,
        "gap": word.gap,
        "probability": round(word.probability, 4),
        "special": word.special,
        "support": mark,
    }
