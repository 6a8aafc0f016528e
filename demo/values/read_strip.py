"""What became of every part of the source: read, read without attention, or cut off.

Numpy only, no gradio and no torch; the page draws it as one thin bar across the text's length.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, Literal

import numpy as np

from demo.messages import Message, message
from demo.values.reading import AttentionView, word_attention
from model.trace import Trace

Kind = Literal["read", "unseen", "cut"]

# A word whose attention over the whole summary stays below 1 % of what one summary word has to
# give counts as never attended.
UNSEEN_BELOW = 0.01


def read_strip(trace: Trace, hypothesis: int = 0) -> dict[str, Any]:
    """`segments`: (kind, characters) from the text's start to its end, and a label per kind."""
    segments = [
        (kind, sum(width for _, width in group))
        for kind, group in groupby(_parts(trace, hypothesis), key=lambda part: part[0])
    ]
    total = max(1, len(trace.source.text))
    share = {
        kind: sum(width for one, width in segments if one == kind) / total
        for kind in ("read", "unseen", "cut")
    }
    return {
        "segments": [list(segment) for segment in segments],
        "labels": [
            {"kind": kind, "label": label} for kind, label in _labels(share, _known(trace)).items()
        ],
    }


def _parts(trace: Trace, hypothesis: int) -> list[tuple[Kind, int]]:
    """Every word with the white space behind it, then what was cut off."""
    words, text = trace.source_words(), trace.source.text
    end = trace.source.cut_at if trace.source.cut_tokens else len(text)
    starts = [0, *(word.start for word in words[1:]), end] if words else [0, end]
    unseen = _unseen(trace, hypothesis) if _known(trace) else [False] * len(words)
    parts: list[tuple[Kind, int]] = [
        ("unseen" if missed else "read", after - before)
        for missed, before, after in zip(unseen, starts, starts[1:], strict=False)
    ]
    if end < len(text):
        parts.append(("cut", len(text) - end))
    return parts


def _known(trace: Trace) -> bool:
    return trace.attention_shape is not None and bool(trace.hypotheses)


def _unseen(trace: Trace, hypothesis: int) -> list[bool]:
    weights = word_attention(trace, hypothesis, AttentionView()).weights  # [T, S]
    missed: np.ndarray = weights.sum(axis=0) < UNSEEN_BELOW
    return missed.tolist()


def _labels(share: dict[str, float], known: bool) -> dict[str, Message]:
    labels = {"read": message("read {share}", share=percent(share["read"] + share["unseen"]))}
    if known:
        labels["unseen"] = message("{share} never got attention", share=percent(share["unseen"]))
    labels["cut"] = (
        message("{share} cut off", share=percent(share["cut"]))
        if share["cut"]
        else message("nothing cut off")
    )
    return labels


def percent(share: float) -> str:
    """A share for reading; neither 0 nor 100 unless it is nothing or everything."""
    if 0 < share < 0.005:
        return "<1 %"
    return ">99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"
