"""What can be said of a summary without a reference. Pure functions of text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from model.training.sentences import split_sentences

WORD = re.compile(r"\w+(?:['’-]\w+)*")
PART = re.compile(r"[^\W_]+")  # no hyphen, no apostrophe: "Kepler's" is Kepler and s
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")

SMALL_IN_TITLES = re.compile(
    "a|about|across|after|against|among|an|and|as|at|before|behind|between|beyond|but|by|during|"
    "for|from|in|into|is|it|its|nor|of|off|on|onto|or|out|over|per|s|so|than|that|the|through|to|"
    "toward|towards|under|until|up|upon|using|via|when|where|with|within|without|yet"
)


def sentences_of(text: str) -> list[str]:
    """Sentences in order; a line's end is the end of one too, as in lists and dialogues."""
    return [sentence for line in text.splitlines() for sentence in split_sentences(line)]


def words_of(text: str) -> list[str]:
    """The words of `text` without case and punctuation."""
    return WORD.findall(text.casefold())


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


def unsupported_names(summary: str, source: str) -> list[str]:
    """Capitalised words that the source does not contain in any case, with or without a plural s.

    A capital tells nothing where all words have one: the first word of a sentence or after a
    colon, and every word of a title in title case, count only with a second capital inside, as
    an invented acronym has it. A text all in capitals has no names.
    """
    known = {word.casefold() for word in PART.findall(source)}
    if summary.isupper():
        return []
    in_title_case = _in_title_case(summary)
    names = []
    for sentence in sentences_of(summary.replace(": ", ":\n")):
        for place, word in enumerate(PART.findall(sentence)):
            needed = 2 if place == 0 or in_title_case else 1
            is_name = word[0].isupper() and sum(map(str.isupper, word)) >= needed
            if is_name and not known & _number_forms(word.casefold()):
                names.append(word)
    return names


def unsupported_numbers(summary: str, source: str) -> list[str]:
    """Numbers in digits that the source does not contain; 1,000 and 1000 are the same."""
    known = {number.replace(",", "") for number in NUMBER.findall(source)}
    return [n for n in NUMBER.findall(summary) if n.replace(",", "") not in known]


def ngrams(words: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """All runs of `size` words, in order."""
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]


def _in_title_case(text: str) -> bool:
    """Whether nearly all words behind the first have a capital, but those that titles write small.

    Nearly: a title may hold "mRNA". A sentence full of names still has its verb.
    """
    words = [word for word in PART.findall(text)[1:] if word[0].isalpha()]
    large = [word for word in words if not SMALL_IN_TITLES.fullmatch(word)]
    return 5 * sum(word[0].isupper() for word in large) >= 4 * len(large)


def _number_forms(word: str) -> set[str]:
    """The word, and its plural or singular as English writes most of them."""
    return {word, word + "s", word.removesuffix("s")}
