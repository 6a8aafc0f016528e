"""What can be said of a summary without a reference. Pure functions of text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from model.text.names import PART, unsupported_names, unsupported_numbers
from model.training.sentences import split_sentences

__all__ = [
    "PART",
    "length",
    "ngrams",
    "novelty",
    "repetition",
    "sentences_of",
    "unsupported_names",
    "unsupported_numbers",
    "words_of",
]

WORD = re.compile(r"\w+(?:['-]\w+)*")


def sentences_of(text: str) -> list[str]:
    """Sentences in order; a line's end is the end of one too, as in lists and dialogues."""
    return [sentence for line in text.splitlines() for sentence in split_sentences(line)]


def words_of(text: str) -> list[str]:
    """The words of `text` without case and punctuation; either apostrophe is the same."""
    return WORD.findall(text.casefold().replace("’", "'"))


def length(summary: str) -> int:
    """Words, as separated by spaces."""
    return len(summary.split())


def repetition(summary: str) -> float:
    """Share of the trigrams that stood in the summary before; 0 under three words."""
    trigrams = ngrams(words_of(summary), 3)
    return 1 - len(set(trigrams)) / len(trigrams) if trigrams else 0.0


def novelty(summary: str, source: str, size: int) -> float:
    """Share of the summary's n-grams of `size` words that the source does not contain."""
    found = ngrams(words_of(summary), size)
    known = set(ngrams(words_of(source), size))
    return sum(ngram not in known for ngram in found) / len(found) if found else 0.0


def ngrams(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """All runs of `size` words, in order."""
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]
