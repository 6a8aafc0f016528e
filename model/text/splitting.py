"""A long text in parts that a model can read whole: cut between sentences, of similar size.

Knows how many tokens a text has (a function) and how many fit (a number); no model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from model.text.words import sentence_ends

Count = Callable[[Sequence[str]], list[int]]

LINE_BONUS = 0.25  # a part may differ so much from the even size to end where a line ends
SPILL = 4.0  # worse than any difference in size: what is left would need one part more


@dataclass(frozen=True)
class Parts:
    """A text cut up; nothing but white space is left out."""

    texts: tuple[str, ...]
    cut_sentences: int  # sentences longer than a part, cut between words (or in one, at worst)


@dataclass(frozen=True)
class _Unit:
    """What is never cut: a sentence with the white space around it, or a piece of a long one."""

    text: str
    tokens: int
    ends_line: bool


def split_text(text: str, room: int, count: Count) -> Parts:
    """Cut `text` into parts of at most `room` tokens, hardly more than needed and evenly filled.

    Sentences stay whole unless one alone is longer than `room`; lines and paragraphs where it
    costs little.
    """
    if room < 1:
        raise ValueError(f"room must be at least 1 token, got {room}")
    units, cut = _units(text, room, count)
    texts = []
    left = sum(unit.tokens for unit in units)
    start = 0
    while start < len(units):
        end = _end_of_part(units, start, left, room)
        texts.append("".join(unit.text for unit in units[start:end]).strip())
        left -= sum(unit.tokens for unit in units[start:end])
        start = end
    return Parts(tuple(part for part in texts if part), cut)


def _end_of_part(units: Sequence[_Unit], start: int, left: int, room: int) -> int:
    """Where the part that begins at unit `start` ends; `left` tokens are left from there on."""
    parts = math.ceil(left / room)
    even = left / parts
    best, lowest = start + 1, math.inf
    size = 0
    for place in range(start, len(units)):
        size += units[place].tokens
        if size > room and place > start:
            break
        rest = left - size
        cost = abs(size - even) / even
        cost += 0.0 if units[place].ends_line or not rest else LINE_BONUS
        cost += SPILL if rest > (parts - 1) * room else 0.0
        if cost <= lowest:
            best, lowest = place + 1, cost
    return best


def _units(text: str, room: int, count: Count) -> tuple[list[_Unit], int]:
    """The sentences of a text, and how many of them were too long to stay whole."""
    sentences: list[str] = []
    for start, end in pairwise([0, *sentence_ends(text), len(text)]):
        if text[start:end].strip():
            sentences.append(text[start:end])
        elif sentences:
            sentences[-1] += text[start:end]  # a line's end behind a full stop
    units: list[_Unit] = []
    cut = 0
    for sentence, size in zip(sentences, count(sentences) if sentences else [], strict=True):
        ends_line = "\n" in sentence[len(sentence.rstrip()) :]
        if size <= room:
            units.append(_Unit(sentence, size, ends_line))
            continue
        cut += 1
        units += [_Unit(piece, n, False) for piece, n in _pieces(sentence, size, room, count)]
    return units, cut


def _pieces(text: str, size: int, room: int, count: Count) -> list[tuple[str, int]]:
    """Cut one sentence of `size` tokens near its middle until every piece fits."""
    if size <= room or len(text) < 2:
        return [(text, size)]
    middle = len(text) // 2
    behind = text.find(" ", middle)
    before = text.rfind(" ", 0, middle)
    spaces = [place for place in (behind, before) if 0 < place < len(text) - 1]
    # Without any space, as in a long address, the middle of the word has to do.
    place = min(spaces, key=lambda space: abs(space - middle)) if spaces else middle
    halves = [text[:place], text[place:]]
    sizes = count(halves)
    return [
        piece
        for half, tokens in zip(halves, sizes, strict=True)
        for piece in _pieces(half, tokens, room, count)
    ]
