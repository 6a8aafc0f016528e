"""A run in words: what the strip, the panels and the plots all show of one hypothesis.

Numpy only, no gradio and no torch. Everything here is read from a `Trace`; nothing runs a model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.trace import Trace
from model.words import PooledAttention, Segment, pool

Unit = Literal["words", "sentences", "tokens"]
UNITS: tuple[Unit, ...] = ("words", "sentences", "tokens")
END_NAME = "end"  # how the decision to stop is called wherever it is shown
MARKS_NAME = "marks"  # the column of all special tokens
LONG_SOURCE = 160  # words; a longer source opens at sentence level


@dataclass(frozen=True)
class Word:
    """One word of a summary, or the decision to end it."""

    text: str
    gap: str  # what stands between the word before and this one
    probability: float  # the model's own, of all its tokens after one another
    tokens: tuple[int, ...]  # places in the hypothesis, never empty
    special: bool = False


@dataclass(frozen=True)
class AttentionView:
    """Which part of the attention is looked at; None is the mean over layers or heads."""

    unit: Unit = "words"
    layer: int | None = None
    head: int | None = None


def summary_words(trace: Trace, hypothesis: int = 0) -> tuple[Word, ...]:
    """The words of a hypothesis in order; a finished one closes with its end mark."""
    if not trace.hypotheses:
        return ()
    chosen = trace.hypotheses[hypothesis]
    probabilities = np.exp(trace.word_log_probs(hypothesis).astype(float))
    found, place = [], 0
    for segment, probability in zip(trace.words(hypothesis), probabilities, strict=True):
        gap = chosen.text[place : segment.start]
        found.append(Word(segment.text, gap, float(probability), segment.tokens))
        place = segment.end
    if chosen.finished and chosen.token_ids:
        last = len(chosen.token_ids) - 1
        probability = float(np.exp(float(trace.token_log_probs(hypothesis)[last])))
        found.append(Word(END_NAME, " ", probability, (last,), special=True))
    return tuple(found)


def word_attention(trace: Trace, hypothesis: int, view: AttentionView) -> PooledAttention:
    """Attention from every summary word (rows, those of `summary_words`) to source parts.

    With unit "tokens" the source's parts are its tokens; rows are words in every unit.
    """
    weights = trace.attention(hypothesis, view.layer, view.head)  # [T, S]
    rows = tuple(Segment(word.text, 0, 0, word.tokens) for word in summary_words(trace, hypothesis))
    return pool(weights, rows, _source_parts(trace, view.unit))


def opening_unit(trace: Trace) -> Unit:
    """Words, unless the source is so long that they could not be told apart."""
    return "words" if len(trace.source_words()) <= LONG_SOURCE else "sentences"


def copied_share(trace: Trace, hypothesis: int = 0) -> float:
    """Share of the summary's words that stand in the part of the source that was read."""
    inside = {word.text.casefold() for word in trace.source_words()}
    spoken = [word.text.casefold() for word in trace.words(hypothesis) if _is_word(word.text)]
    return sum(word in inside for word in spoken) / len(spoken) if spoken else 0.0


def word_count(segments: tuple[Segment, ...]) -> int:
    """Words without punctuation marks."""
    return sum(_is_word(segment.text) for segment in segments)


def _source_parts(trace: Trace, unit: Unit) -> tuple[Segment, ...]:
    if unit == "words":
        return trace.source_words()
    if unit == "sentences":
        return trace.source_sentences()
    if unit == "tokens":
        return tuple(
            Segment(token.text, token.start, token.end, (place,))
            for place, token in enumerate(trace.source.tokens)
            if token.end > token.start
        )
    raise ValueError(f"unit must be one of {', '.join(UNITS)}, got {unit!r:.80}")


def _is_word(text: str) -> bool:
    return any(character.isalnum() for character in text)
