"""Texts written in capitals, and how a model that learnt from ordinary writing reads them.

It knows words as they are mostly written: in capitals it sees single letters. So such a text is
read in lower case. Every character stays one character: places in one are places in the other.
"""

from __future__ import annotations

import re

SHARE = 0.7  # of the letters, from which on a text counts as written in capitals
FEWEST = 40  # letters; a shorter text may be a title or an abbreviation
# The first letter of the text, of a line, and behind the end of a sentence.
FIRST = re.compile(r"(?:^|[.!?][\"'”’)]*\s+)[\"'“‘(]*(\w)", re.MULTILINE)


def is_in_capitals(text: str) -> bool:
    """Whether most letters are capitals; of a script without them, none are."""
    capitals = sum(map(str.isupper, text))
    letters = capitals + sum(map(str.islower, text))
    return letters >= FEWEST and capitals >= SHARE * letters


def calmed(text: str) -> str:
    """A text in capitals in lower case, sentences beginning as they do; any other as it is."""
    if not is_in_capitals(text):
        return text
    lower = "".join(_same_length(letter, letter.lower()) for letter in text)
    first = {match.start(1) for match in FIRST.finditer(text)}
    return "".join(text[i] if i in first else letter for i, letter in enumerate(lower))


def _same_length(letter: str, lower: str) -> str:
    return lower if len(lower) == 1 else letter
