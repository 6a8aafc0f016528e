"""Tokens grouped into words and sentences.

Works on a text and its tokens' character spans; knows no tokenizer and no model. A token is never
split: where one covers two words, the two become one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

Span = tuple[int, int]

APOSTROPHES_AND_HYPHENS = "'\u2019-\u2010\u2011"
# Scripts without spaces between words: every character is a word, unless a token holds several.
SINGLE_CHARACTER_WORDS = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # regional indicators
SENTENCE_END = re.compile(
    "[.!?\u2026\u061f\u0964]+[\"'\u2019\u201d\u00bb)\\]]*(?=\\s)|[\u3002\uff01\uff1f]+|\n+"
)
# A full stop behind these, or behind an initial, ends no sentence.
ABBREVIATION = re.compile(
    r"(?<!\w)(?:[A-Z]|Mrs?|Ms|Dr|Prof|St|Gen|Sen|Rep|Gov|Lt|Col|Capt|Jr|Sr|Fig|No|pp|vs|cf|al|etc"
    r"|e\.g|i\.e)$"
)
FIRST_CHARACTER = re.compile(r"\s*(\S)")


@dataclass(frozen=True)
class Segment:
    """A word or a sentence: its characters, and the tokens that stand for them."""

    text: str
    start: int
    end: int
    tokens: tuple[int, ...]  # places in the token sequence, never empty


def words(text: str, spans: Sequence[Span]) -> tuple[Segment, ...]:
    """The words of `text` that have tokens; punctuation marks are words of their own."""
    read = text[: _end(spans)]
    breaks = [place for place in range(1, len(read)) if _is_word_break(read, place)]
    return _segments(read, spans, breaks)


def sentences(text: str, spans: Sequence[Span]) -> tuple[Segment, ...]:
    """The sentences of `text` that have tokens; a line break ends one, too."""
    read = text[: _end(spans)]
    return _segments(read, spans, sentence_ends(read))


def sentence_ends(text: str) -> list[int]:
    """Places in `text` where a sentence ends, in order; white space behind it comes after."""
    return [match.end() for match in SENTENCE_END.finditer(text) if _ends_sentence(text, match)]


def _end(spans: Sequence[Span]) -> int:
    return max((end for _, end in spans), default=0)


def _segments(text: str, spans: Sequence[Span], breaks: Iterable[int]) -> tuple[Segment, ...]:
    """Cut `text` at `breaks` and hand out the tokens; segments without tokens are dropped."""
    inside_token = {place for start, end in spans for place in range(start + 1, end)}
    starts = [0, *(place for place in breaks if place not in inside_token)]
    segment_of = np.zeros(len(text) + 1, dtype=np.int64)
    segment_of[starts[1:]] = 1
    segment_of = segment_of.cumsum()
    tokens: dict[int, list[int]] = {}
    for place, (start, end) in enumerate(spans):
        if text[start:end].strip():
            tokens.setdefault(int(segment_of[start]), []).append(place)
    found = []
    for number, places in sorted(tokens.items()):
        first = starts[number]
        piece = text[first : starts[number + 1] if number + 1 < len(starts) else len(text)]
        first += len(piece) - len(piece.lstrip())
        piece = piece.strip()
        found.append(Segment(piece, first, first + len(piece), tuple(places)))
    return tuple(found)


def _is_word_break(text: str, place: int) -> bool:
    """Whether a word ends before `text[place]`."""
    before, after = text[place - 1], text[place]
    if before.isspace() or after.isspace():
        return before.isspace() != after.isspace()
    if before == "\u200d" or unicodedata.category(after) in ("Mn", "Mc", "Me", "Cf", "Sk"):
        return False  # joined emoji, combining marks, skin tones
    if unicodedata.category(before) == "Cf":  # a soft hyphen or a direction mark separates nothing
        before = _visible_before(text, place)
        if not before.strip():
            return False
    if SINGLE_CHARACTER_WORDS.match(before) or SINGLE_CHARACTER_WORDS.match(after):
        return True
    if after in FLAG_LETTERS and before in FLAG_LETTERS:
        near = text[max(0, place - 64) : place]
        return (len(near) - len(near.rstrip(FLAG_LETTERS))) % 2 == 0  # two make a flag
    if _is_letter(before) and _is_letter(after):
        return False
    joiner = place if _is_letter(before) else place - 1
    return not _joins(text, joiner)


def _visible_before(text: str, place: int) -> str:
    """The last character near before `place` that is no format character; "" without one."""
    near = reversed(text[max(0, place - 8) : place])
    return next((character for character in near if unicodedata.category(character) != "Cf"), "")


def _joins(text: str, place: int) -> bool:
    """Whether `text[place]` stands inside a word (council's, half-open) or a number (3.5)."""
    if not 0 < place < len(text) - 1:
        return False
    before, after = text[place - 1], text[place + 1]
    if text[place] in APOSTROPHES_AND_HYPHENS:
        return _is_letter(before) and _is_letter(after)
    return text[place] in ".," and before.isdecimal() and after.isdecimal()


def _is_letter(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    if match.group()[0] != ".":
        return True
    following = FIRST_CHARACTER.match(text, match.end())
    abbreviated = ABBREVIATION.search(text[max(0, match.start() - 12) : match.start()])
    return not (following and following[1].islower()) and not abbreviated
