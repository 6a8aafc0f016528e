"""A text that is being written: whether what comes next names what the source lacks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from model.text.names import NUMBER, PART, SourceNames, is_name, parts_of

HALF = "\ufffd"  # the first bytes of a character
LAST = re.compile(r"(?:\d[\d.,]*|[^\W_]+)$")  # a word or number that may go on


@dataclass(frozen=True)
class Unfinished:
    """The end of a text that is being written. Of a title in the making nothing is known yet."""

    text: str
    word: int  # place where the last word or number begins; the length where none is open
    opens: bool  # whether the last word opens a sentence, as for `Word`
    next_opens: bool  # whether a word that follows would

    @classmethod
    def of(cls, text: str) -> Unfinished:
        """Look at `text` once, for all that may continue it."""
        *before, following = parts_of(f"{text} X")
        found = LAST.search(text)
        place = found.start() if found else len(text)
        return cls(text, place, bool(before) and before[-1].opens, following.opens)

    def lacks(self, source: SourceNames, piece: str, ends: bool = False) -> bool:
        """Whether `piece`, written next, names what the source lacks, whatever comes after it.

        `ends` says that nothing does. What the text has finished already isn't judged again.
        """
        tail = self.text[self.word :] + piece
        if piece.startswith(HALF) and self.text[self.word :]:
            return not source.goes_beyond_ascii(self.text[self.word :])
        for match in NUMBER.finditer(tail):
            rest = tail[match.end() :]
            if ends or rest not in ("", ".", ","):
                has_it = source.has_number(match.group())
            else:
                has_it = source.may_have_number(match.group() + rest)
            if not has_it:
                return True
        for match in PART.finditer(tail):
            is_open = not ends and match.end() == len(tail)
            is_last = match.start() == 0 and self.word < len(self.text)
            has_name = source.may_have_name if is_open else source.has_name
            opens = self.opens if is_last else self.next_opens
            judged = is_name(match.group(), opens) or (is_last and self._leaves(source, match))
            if judged and not has_name(match.group()):
                return True
        return False

    def _leaves(self, source: SourceNames, word: re.Match[str]) -> bool:
        """Whether `word` continues one that opens a sentence and may become one of the source's.

        A small model that begins "Cl" of "clear" may end it as another word, and none it can spell.
        """
        begun = self.text[self.word :]
        return self.opens and word.end() > len(begun) and source.may_have_name(begun)
