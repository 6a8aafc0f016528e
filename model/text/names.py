"""Names and numbers of a summary, and whether a source has them. Compares texts; knows no meaning.

It would rather miss one than raise false alarms:
- where all words have capitals, a capital tells nothing: the first word of a sentence, after a
  colon or an opening quote, and every word of a headline in title case count as names only with
  a second capital inside (GraphNet, NASA, mRNA), or when they are names elsewhere in the summary;
- a text all in capitals has no names, nor has a single letter (I, the initials of U.S.);
- Austria supports Austrian and a plural its singular, United Nations supports UN, and the English
  words one to twelve their digits.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from model.text.words import SINGLE_CHARACTER_WORDS, sentence_ends

PART = re.compile(r"[^\W_]+")  # no hyphen, no apostrophe: "Kepler's" is Kepler and s
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
POSSESSIVE = re.compile("(?<=.)(?:'s|(?<=s)')$")
EDGES = re.compile(r"^[\W_]+|[\W_]+$")
OPENING = "\"'“‘„«([{"

SMALL_IN_TITLES = re.compile(
    "a|about|across|after|against|among|an|and|as|at|before|behind|between|beyond|but|by|during|"
    "for|from|in|into|is|it|its|nor|of|off|on|onto|or|out|over|per|s|so|than|that|the|through|to|"
    "toward|towards|under|until|up|upon|using|via|when|where|with|within|without|yet"
)
IN_ACRONYMS_SKIPPED = ("of", "the", "and", "for")
DERIVED = ("s", "n", "an", "ian", "ese", "i", "ns", "ans", "ians", "is")  # plurals, inhabitants
NUMBER_WORDS = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]


def unsupported_names(summary: str, source: str) -> list[str]:
    """Names that the source does not contain in any case; the module's docstring has the rules."""
    known = SourceNames(source)
    return [name for _, name in names_of(summary) if not known.has_name(name)]


def unsupported_numbers(summary: str, source: str) -> list[str]:
    """Numbers in digits that the source does not contain; 1,000 and 1000 are the same."""
    known = SourceNames(source)
    return [number for _, number in numbers_of(summary) if not known.has_number(number)]


class SourceNames:
    """What a source contains; built once, asked for every word."""

    def __init__(self, text: str) -> None:
        self.text = fold(text)
        parts = PART.findall(text)
        self.parts = set(PART.findall(self.text))
        self._in_order = sorted(self.parts)
        self.words = {bare(word) for word in self.text.split()}
        self.written_numbers = set(NUMBER.findall(text))
        self.numbers = {fold(number) for number in self.written_numbers}
        named = {word for word in NUMBER_WORDS if word in self.parts}
        self.numbers |= {str(n) for n, word in enumerate(NUMBER_WORDS, 1) if word in named}
        kept = [part for part in parts if part not in IN_ACRONYMS_SKIPPED]
        self.initials = "".join(part[0] if part[0].isupper() else " " for part in kept)

    def has_word(self, word: str) -> bool:
        """Whether the word stands here: alone, or as a part of a hyphenated or possessive one."""
        folded = bare(fold(word))
        forms = {folded, POSSESSIVE.sub("", folded)}
        if forms & self.words or forms & self.parts:
            return True
        # Without spaces between words, a token may hold more or fewer of them than the source's.
        return bool(SINGLE_CHARACTER_WORDS.search(folded)) and folded in self.text

    def has_name(self, name: str) -> bool:
        """Whether the name stands here, or one that it derives from or abbreviates."""
        folded = fold(name)
        if folded in self.parts or any(folded + ending in self.parts for ending in DERIVED):
            return True
        stems = (folded.removesuffix(ending) for ending in DERIVED if folded.endswith(ending))
        if any(len(stem) > 1 and stem in self.parts for stem in stems):
            return True
        return name.isupper() and name in self.initials

    def may_have_name(self, beginning: str) -> bool:
        """Whether a name that begins so may stand here, or is one already."""
        folded = fold(beginning)
        place = bisect_left(self._in_order, folded)
        return (
            any(part.startswith(folded) for part in self._in_order[place : place + 1])
            or (beginning.isupper() and beginning in self.initials)
            or self.has_name(beginning)
        )

    def goes_beyond_ascii(self, beginning: str) -> bool:
        """Whether a word that begins so stands here, and a character of several bytes follows."""
        # Typographic apostrophes and hyphens are folded into plain ones.
        following = rf"(?<!\w){re.escape(fold(beginning))}(?:[^\x00-\x7f]|['-])"
        return re.search(following, self.text) is not None

    def may_have_number(self, beginning: str) -> bool:
        """Whether a number that begins so stands here; it may end with a comma or full stop."""
        if any(number.startswith(beginning) for number in self.written_numbers):
            return True
        digits = beginning.rstrip(".,")
        if digits != beginning:  # the mark ends the number, then
            return self.has_number(digits)
        return any(number.startswith(fold(digits)) for number in self.numbers)

    def has_number(self, number: str) -> bool:
        """Whether the number stands here in digits, or in a word up to twelve."""
        return fold(number) in self.numbers


def unsupported(summary: str, source: SourceNames) -> Iterator[tuple[int, str]]:
    """Names and numbers that the source lacks, with their places in the summary."""
    yield from ((place, name) for place, name in names_of(summary) if not source.has_name(name))
    yield from ((place, n) for place, n in numbers_of(summary) if not source.has_number(n))


def numbers_of(text: str) -> Iterator[tuple[int, str]]:
    """Numbers in digits, and their places."""
    return ((match.start(), match.group()) for match in NUMBER.finditer(text))


@dataclass(frozen=True)
class Word:
    """A part of a summary's word, and whether its first letter says anything."""

    text: str
    place: int
    opens: bool  # at the start of a sentence, behind a colon or an opening quote


def names_of(summary: str) -> list[tuple[int, str]]:
    """The names of a summary and their places; the module's docstring says what is one."""
    words = list(parts_of(summary))
    if summary.isupper():
        return []
    title = _in_title_case([word.text for word in words])
    certain = {word.text for word in words if is_name(word.text, word.opens or title)}
    return [(word.place, word.text) for word in words if word.text in certain]


def is_name(word: str, capital_expected: bool) -> bool:
    """Whether the word is a name by its capitals; the first may be there for another reason."""
    if len(word) < 2:
        return False
    return any(c.isupper() for c in word[1:]) or (word[0].isupper() and not capital_expected)


def parts_of(text: str) -> Iterator[Word]:
    """The parts of a text's words, in order."""
    starts = iter([0, *sentence_ends(text), len(text) + 1])
    next_start, end = next(starts), 0
    for match in PART.finditer(text):
        between = text[end : match.start()]
        opens = match.start() >= next_start or ": " in between or between[-1:] in tuple(OPENING)
        while next_start <= match.start():
            next_start = next(starts)
        # An apostrophe inside a word is no opening quote.
        inside = len(between) == 1 and end > 0 and between in "'’-"
        yield Word(match.group(), match.start(), opens and not inside)
        end = match.end()


def _in_title_case(words: list[str]) -> bool:
    """Whether nearly all words behind the first have a capital, but those that titles write small.

    Nearly: a title may hold "mRNA". A sentence full of names still has its verb.
    """
    letters = [word for word in words[1:] if word[0].isalpha()]
    large = [word for word in letters if not SMALL_IN_TITLES.fullmatch(word)]
    return 5 * sum(word[0].isupper() for word in large) >= 4 * len(large)


def says(word: str) -> bool:
    """Whether there is a letter or a digit in it, so that it's more than a mark."""
    return any(unicodedata.category(character)[0] in "LN" for character in word)


def bare(word: str) -> str:
    """The word without the marks around it."""
    return EDGES.sub("", word)


def fold(text: str) -> str:
    """One spelling for comparing: no case, straight apostrophes, no commas in thousands."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = plain.replace("\u2019", "'").replace("\u2010", "-")
    return THOUSANDS.sub("", plain)
