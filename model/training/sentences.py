"""Cutting English text into sentences and passages; knows neither styles nor models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# A stop, perhaps closed by quotes, before white space and something a sentence begins with.
SENTENCE_END = re.compile(r"[.!?]+[\"”’')\]]*\s+(?=[A-Z0-9\"“‘(\[])")
ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|al|vs|cf|Fig|Figs|Eq|Sec|No|Dr|Mr|Mrs|Ms|Prof|St|Jr|U\.S|U\.K|approx)"
    r"|\b[A-Z])\.\s+$"
)

# Openings that are not understood without the sentence before.
ANAPHORA = re.compile(
    r"^(?:this|that|these|those|it|its|he|she|his|her|they|their|them|such|however|but|and|or|"
    r"so|also|thus|therefore|then|for example|for instance|in addition|moreover|furthermore|"
    r"another|other|both|here|there|finally|instead|similarly|likewise|as a result|because|"
    r"figure|table|note that|see|click|in contrast|on the other)\b",
    re.IGNORECASE,
)


def split_sentences(text: str) -> list[str]:
    """Sentences in order, without the white space around them."""
    sentences, start = [], 0
    for match in SENTENCE_END.finditer(text):
        if ABBREVIATION.search(text, max(start, match.end() - 12), match.end()):
            continue
        sentences.append(text[start : match.end()].strip())
        start = match.end()
    sentences.append(text[start:].strip())
    return [sentence for sentence in sentences if sentence]


def documents(lines: Iterable[str]) -> Iterator[list[str]]:
    """Blocks between blank lines, each a list of its lines without edges."""
    block: list[str] = []
    for line in lines:
        if line.strip():
            block.append(line.strip())
        elif block:
            yield block
            block = []
    if block:
        yield block


def passages(block: list[str], low: int, high: int) -> Iterator[str]:
    """Consecutive lines of a block, joined to passages of `low` to `high` words."""
    taken: list[str] = []
    words = 0
    for line in block:
        size = len(line.split())
        if words + size > high:
            taken, words = [], 0
        if size > high:
            continue
        taken.append(line)
        words += size
        if words >= low:
            yield "\n".join(taken)
            taken, words = [], 0
