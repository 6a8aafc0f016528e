"""A run in words: what the strip, the panels and the plots all show of one hypothesis.

Numpy only, no gradio and no torch. Everything here is read from a `Trace`; nothing runs a model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.records.pooling import PooledAttention, Reduction, pool
from model.text.byte_level import ESCAPED_BYTE
from model.text.words import Segment
from model.trace import Trace

Unit = Literal["words", "sentences", "tokens"]
UNITS: tuple[Unit, ...] = ("words", "sentences", "tokens")
END_NAME = "end"  # how the decision to stop is called wherever it is shown
MARKS_NAME = "marks"  # the column of all special tokens
BEFORE_NAME, AFTER_NAME = "before", "after"  # the columns of what lies outside a zoomed sentence
END_TOKEN = "</s>"  # its name in every vocabulary here; it stands for no character
ESCAPED_BYTES = re.compile(rf"(?:{ESCAPED_BYTE.pattern})+")
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
class Piece:
    """One token of a summary, and the word it belongs to."""

    text: str  # for reading: without the space before it
    word: int  # place in `summary_words`
    begins: bool  # whether it is the first of its word
    special: bool = False  # the decision to end


@dataclass(frozen=True)
class AttentionView:
    """Which part of the attention is looked at."""

    unit: Unit = "words"
    layer: Reduction = "mean"  # a number from 0, "mean" or "max"; None is the mean, too
    head: Reduction = "mean"
    sentence: int | None = None  # the map zooms into this one; without effect on unit "sentences"


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


def summary_pieces(trace: Trace, hypothesis: int = 0) -> tuple[Piece, ...]:
    """The tokens of a hypothesis in order, one a step.

    A token that is in no word (white space) counts as part of the word before it.
    """
    words = summary_words(trace, hypothesis)
    word_of = {token: place for place, word in enumerate(words) for token in word.tokens}
    first = {word.tokens[0] for word in words}
    found, word = [], 0
    for step, text in enumerate(trace.target_tokens(hypothesis) if words else ()):
        word = word_of.get(step, word)
        found.append(Piece(token_text(text), word, step in first, text == END_TOKEN))
    return tuple(found)


def token_text(text: str) -> str:
    """A token for reading: on one line, without the space before it, never empty."""
    if text == END_TOKEN:
        return f"({END_NAME})"
    # Half a character has no sign of its own.
    shown = ESCAPED_BYTES.sub("\ufffd", text).replace("\n", "↵").strip()
    return shown or ("␣" if text else "…")


def token_attention(trace: Trace, hypothesis: int, view: AttentionView) -> np.ndarray:
    """Attention [T, S] under the view's layer and head; every row sums to 1.

    The largest weights of several heads sum to more than 1. They are divided by their sum, so
    that "max" shows how the strongest weights share out and all views can add rows up.
    """
    weights = trace.attention(hypothesis, view.layer, view.head)
    if "max" in (view.layer, view.head):
        weights = weights / weights.sum(axis=1, keepdims=True).clip(min=1e-9)
    return weights


def pooled_over(
    trace: Trace, hypothesis: int, view: AttentionView, parts: tuple[Segment, ...]
) -> PooledAttention:
    """Attention from every summary word (rows, those of `summary_words`) to parts of the source."""
    rows = tuple(Segment(word.text, 0, 0, word.tokens) for word in summary_words(trace, hypothesis))
    return pool(token_attention(trace, hypothesis, view), rows, parts)


def word_attention(trace: Trace, hypothesis: int, view: AttentionView) -> PooledAttention:
    """Attention from every summary word to every part of the source, however many there are.

    With unit "tokens" the source's parts are its tokens; rows are words in every unit. The
    view's `sentence` is the map's affair alone.
    """
    return pooled_over(trace, hypothesis, view, source_parts(trace, view.unit))


def source_parts(trace: Trace, unit: Unit) -> tuple[Segment, ...]:
    """Words, sentences or tokens of the source, as far as it was read."""
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


def copied_by_word(trace: Trace, hypothesis: int = 0) -> np.ndarray | None:
    """How much of every summary word the copy gate took from the source, 0 to 1; None without."""
    gate = trace.copy_gate(hypothesis) if trace.hypotheses else None
    if gate is None:
        return None
    words = summary_words(trace, hypothesis)
    return np.array([gate[list(word.tokens)].mean() for word in words], dtype=np.float32)


def opening_unit(trace: Trace) -> Unit:
    """Words, unless the source is so long that they could not be told apart."""
    return "words" if len(trace.source_words()) <= LONG_SOURCE else "sentences"


def opening_view(trace: Trace) -> AttentionView:
    """What the map shows of a new run: the mean, over words or, for long sources, sentences."""
    return AttentionView(opening_unit(trace))


def word_count(segments: tuple[Segment, ...]) -> int:
    """Words without punctuation marks."""
    return sum(_is_word(segment.text) for segment in segments)


def _is_word(text: str) -> bool:
    return any(character.isalnum() for character in text)
