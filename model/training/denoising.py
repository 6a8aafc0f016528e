"""Sources with spans taken out, and those spans as targets: learning from text without a summary.

The span corruption of Raffel et al. 2020 (T5), with one mark for every gap, since their order says
which is which, and gaps from a few words to a sentence, as in UL2 (Tay et al. 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.tokenizer import Tokenizer

HIDDEN_SHARE = 0.2  # of a source's tokens
MEAN_LENGTHS = (3, 8, 32)  # of the spans that a source is cut to; one is drawn per source
NO_TEXT = r"\xff"  # a byte that UTF-8 never has, so that its token stands in no text


@dataclass(frozen=True)
class Ragged:
    """Rows of different lengths; what stands in `ids` behind a row's length means nothing."""

    ids: np.ndarray  # int64 [B, N]
    lengths: np.ndarray  # int64 [B]


def gap_id(tokenizer: Tokenizer) -> int:
    """The token that marks a gap. Raises ValueError for a tokenizer without single bytes."""
    for id in range(tokenizer.vocabulary_size):
        if tokenizer.token_text(id) == NO_TEXT:
            return id
    raise ValueError("denoising needs a byte-level tokenizer: a gap is marked by a byte of no text")


def with_gaps(text: Ragged, gap: int, dice: np.random.Generator) -> tuple[Ragged, Ragged]:
    """The rows with a `gap` token for every span that is hidden, and gaps and spans in turn."""
    rows, width = text.ids.shape
    real = np.arange(width) < text.lengths[:, None]
    cuts = dice.random((rows, width)) < 1 / dice.choice(MEAN_LENGTHS, (rows, 1))
    cuts[:, :1] = True
    spans = cuts.cumsum(axis=1) - 1
    drawn = dice.random((rows, width)) < HIDDEN_SHARE  # per span
    hidden = np.take_along_axis(drawn, spans, axis=1) & real
    starts = hidden & cuts
    seen = _compact(np.where(starts, gap, text.ids), (real & ~hidden) | starts)
    # Two places for a token, the first of them for the mark before it.
    marked = np.stack([np.full_like(text.ids, gap), text.ids], axis=2).reshape(rows, 2 * width)
    said = _compact(marked, np.stack([starts, hidden], axis=2).reshape(rows, 2 * width))
    return seen, said


def _compact(ids: np.ndarray, kept: np.ndarray) -> Ragged:
    """What is kept of every row, moved to its front."""
    lengths = kept.sum(axis=1)
    row, column = np.nonzero(kept)
    front = np.zeros((len(ids), int(lengths.max(initial=0))), dtype=ids.dtype)
    front[row, kept.cumsum(axis=1)[row, column] - 1] = ids[row, column]
    return Ragged(front, lengths)
