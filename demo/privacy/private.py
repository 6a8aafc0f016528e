"""Personal data that some texts hold, and where any other text holds it, too. Sees no run.

A summary, and still more a beam that was given up, can end in the middle of a number: what a text
ends with counts as personal, too, when something known begins so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from demo.privacy.masking import Found, masked, personal
from model.text.names import PART

SHORTEST_BEGINNING = 4  # characters; fewer begin too much else
LONGEST_BEGINNING = 80
Span = tuple[int, int]


@dataclass(frozen=True)
class Private:
    """What is personal: every text of it with its kind, and all that they begin with."""

    kinds: Mapping[str, str]
    beginnings: frozenset[str]
    names: bool  # whether names are looked for, too

    def spans(self, text: str) -> list[Span]:
        """Where a text holds something personal; spans may overlap."""
        spans = [(one.start, one.end) for one in personal(text, self.names)]
        spans += [match.span() for match in PART.finditer(text) if self.kinds.get(match[0])]
        left = self.ends(text)
        return [*spans, (len(text) - left, len(text))] if left else spans

    def ends(self, text: str) -> int:
        """How many characters at the end of a text are something known, or its beginning."""
        for count in range(min(len(text), LONGEST_BEGINNING), 0, -1):
            start = len(text) - count
            if text[start:] in self.beginnings and not (start and text[start - 1].isalnum()):
                return count
        return 0

    def hide(self, text: str) -> str:
        """The text with what is personal masked; its length stays."""
        return hidden(text, self.spans(text))


def private(texts: Iterable[str], names: bool) -> Private:
    """What is personal in these texts."""
    found = [one for text in texts for one in personal(text, names)]
    kinds = {one.text: one.kind for one in found}
    beginnings = {
        text[:length]
        for text in kinds
        for length in range(SHORTEST_BEGINNING, min(len(text), LONGEST_BEGINNING) + 1)
    }
    return Private(kinds, frozenset(beginnings | kinds.keys()), names)


def hidden(text: str, spans: Iterable[Span]) -> str:
    """The text with every letter, digit and mark of these spans as a block."""
    return masked(text, (Found(start, end, "", "") for start, end in spans))
