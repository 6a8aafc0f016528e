"""Whether a summary's words stand in its source, and whether it repeats itself or guesses.

Compares texts; it knows no meaning. "unsupported" is a name or a number that the source does not
contain: a reason to look, not a proof of error. It would rather miss one than raise false alarms:
- where all words have capitals, a capital tells nothing: the first word of a sentence, after a
  colon or an opening quote, and every word of a headline in title case count as names only with
  a second capital inside (GraphNet, NASA, mRNA), or when they are names elsewhere in the summary;
- a text all in capitals has no names, nor has a single letter (I, the initials of U.S.);
- Austria supports Austrian and a plural its singular, United Nations supports UN, and the English
  words one to twelve their digits.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from model.text.words import SINGLE_CHARACTER_WORDS, sentence_ends
from model.trace import Trace

Support = Literal["copied", "reworded", "unsupported", "mark"]

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
NUMBER_WORDS = (
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
)

SMALLEST_REPEAT = 3  # words; shorter phrases come twice in good texts, too
# Mean log-probability per token: the model gave its own tokens less than e^-1.2 = 0.3.
LOW_CONFIDENCE = -1.2


def support(trace: Trace, hypothesis: int = 0) -> tuple[Support, ...]:
    """Where every word of `trace.words(hypothesis)` comes from, as far as words can tell.

    Only the part of the source that was read counts. Case, and straight or curly apostrophes,
    make no difference.
    """
    words = trace.words(hypothesis)
    source = _Source(trace.source.text[: trace.source.cut_at])
    summary = trace.hypotheses[hypothesis].text
    unknown = {start for start, _ in _unsupported(summary, source)}
    return tuple(
        _support_of(word.text, source, any(p in unknown for p in range(word.start, word.end)))
        for word in words
    )


def unsupported_names(summary: str, source: str) -> list[str]:
    """Names that the source does not contain in any case; the module's docstring has the rules."""
    known = _Source(source)
    return [name for _, name in _names(summary) if not known.has_name(name)]


def unsupported_numbers(summary: str, source: str) -> list[str]:
    """Numbers in digits that the source does not contain; 1,000 and 1000 are the same."""
    known = _Source(source)
    return [number for _, number in _numbers(summary) if not known.has_number(number)]


def repeats(trace: Trace, hypothesis: int = 0) -> tuple[tuple[int, int], ...]:
    """Runs of words that stood in the summary before: places [start, end) in `trace.words`.

    Three words at least, without case; punctuation between them counts for nothing.
    """
    folded = [(n, _fold(w.text)) for n, w in enumerate(trace.words(hypothesis)) if _says(w.text)]
    seen: set[tuple[str, ...]] = set()
    runs: list[tuple[int, int]] = []
    for start in range(len(folded) - SMALLEST_REPEAT + 1):
        window = folded[start : start + SMALLEST_REPEAT]
        phrase = tuple(text for _, text in window)
        if phrase not in seen:
            seen.add(phrase)
            continue
        first, end = window[0][0], window[-1][0] + 1
        if runs and first <= runs[-1][1]:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((first, end))
    return tuple(runs)


def mean_log_prob(trace: Trace, hypothesis: int = 0) -> float:
    """The model's own log-probability of a token, on average; after the rules without steps."""
    chosen = trace.hypotheses[hypothesis]
    if not chosen.token_ids:
        return 0.0
    if not trace.steps:
        return chosen.log_prob / len(chosen.token_ids)
    return float(trace.token_log_probs(hypothesis).astype(float).mean())


def is_uncertain(trace: Trace, hypothesis: int = 0) -> bool:
    """Whether the model found its own summary improbable: below `LOW_CONFIDENCE` per token."""
    mean = mean_log_prob(trace, hypothesis)
    return mean < LOW_CONFIDENCE or math.isnan(mean)


class _Source:
    """What a source contains; built once, asked for every word."""

    def __init__(self, text: str) -> None:
        self.text = _fold(text)
        parts = PART.findall(text)
        self.parts = set(PART.findall(self.text))
        self.words = {_bare(word) for word in self.text.split()}
        self.numbers = {_fold(number) for number in NUMBER.findall(text)}
        named = {word for word in NUMBER_WORDS if word in self.parts}
        self.numbers |= {str(n) for n, word in enumerate(NUMBER_WORDS, 1) if word in named}
        kept = [part for part in parts if part not in IN_ACRONYMS_SKIPPED]
        self.initials = "".join(part[0] if part[0].isupper() else " " for part in kept)

    def has_word(self, word: str) -> bool:
        """Whether the word stands here: alone, or as a part of a hyphenated or possessive one."""
        folded = _bare(_fold(word))
        forms = {folded, POSSESSIVE.sub("", folded)}
        if forms & self.words or forms & self.parts:
            return True
        # Without spaces between words, a token may hold more or fewer of them than the source's.
        return bool(SINGLE_CHARACTER_WORDS.search(folded)) and folded in self.text

    def has_name(self, name: str) -> bool:
        """Whether the name stands here, or one that it derives from or abbreviates."""
        folded = _fold(name)
        if folded in self.parts or any(folded + ending in self.parts for ending in DERIVED):
            return True
        stems = (folded.removesuffix(ending) for ending in DERIVED if folded.endswith(ending))
        if any(len(stem) > 1 and stem in self.parts for stem in stems):
            return True
        return name.isupper() and name in self.initials

    def has_number(self, number: str) -> bool:
        """Whether the number stands here in digits, or in a word up to twelve."""
        return _fold(number) in self.numbers


def _support_of(word: str, source: _Source, unsupported: bool) -> Support:
    if not _says(word):
        return "mark"
    if source.has_word(word):
        return "copied"
    return "unsupported" if unsupported else "reworded"


def _unsupported(summary: str, source: _Source) -> Iterator[tuple[int, str]]:
    """Names and numbers that the source lacks, with their places in the summary."""
    yield from ((place, name) for place, name in _names(summary) if not source.has_name(name))
    yield from ((place, n) for place, n in _numbers(summary) if not source.has_number(n))


def _numbers(text: str) -> Iterator[tuple[int, str]]:
    return ((match.start(), match.group()) for match in NUMBER.finditer(text))


@dataclass(frozen=True)
class _Word:
    """A part of a summary's word, and whether its first letter says anything."""

    text: str
    place: int
    opens: bool  # at the start of a sentence, behind a colon or an opening quote


def _names(summary: str) -> list[tuple[int, str]]:
    """The names of a summary and their places; the module's docstring says what is one."""
    words = list(_parts(summary))
    if summary.isupper():
        return []
    title = _in_title_case([word.text for word in words])
    certain = {
        word.text
        for word in words
        if len(word.text) > 1
        and (
            any(letter.isupper() for letter in word.text[1:])
            or (word.text[0].isupper() and not word.opens and not title)
        )
    }
    return [(word.place, word.text) for word in words if word.text in certain]


def _parts(text: str) -> Iterator[_Word]:
    starts = iter([0, *sentence_ends(text), len(text) + 1])
    next_start, end = next(starts), 0
    for match in PART.finditer(text):
        between = text[end : match.start()]
        opens = match.start() >= next_start or ": " in between or between[-1:] in tuple(OPENING)
        while next_start <= match.start():
            next_start = next(starts)
        # An apostrophe inside a word is no opening quote.
        inside = len(between) == 1 and end > 0 and between in "'’-"
        yield _Word(match.group(), match.start(), opens and not inside)
        end = match.end()


def _in_title_case(words: list[str]) -> bool:
    """Whether nearly all words behind the first have a capital, but those that titles write small.

    Nearly: a title may hold "mRNA". A sentence full of names still has its verb.
    """
    letters = [word for word in words[1:] if word[0].isalpha()]
    large = [word for word in letters if not SMALL_IN_TITLES.fullmatch(word)]
    return 5 * sum(word[0].isupper() for word in large) >= 4 * len(large)


def _says(word: str) -> bool:
    """Whether there is a letter or a digit in it, so that it's more than a mark."""
    return any(unicodedata.category(character)[0] in "LN" for character in word)


def _bare(word: str) -> str:
    """The word without the marks around it."""
    return EDGES.sub("", word)


def _fold(text: str) -> str:
    """One spelling for comparing: no case, straight apostrophes, no commas in thousands."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = plain.replace("\u2019", "'").replace("\u2010", "-")
    return THOUSANDS.sub("", plain)
