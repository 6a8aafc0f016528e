"""Words in the right mouth: a sentence that begins with a speaker keeps to what that one said.

To report a dialogue is to say who said what, and taking it for somebody else's words is a frequent
error of summaries of chats (Tang et al. 2022, CONFIT). Where the source has lines like "Mia: …" and
a sentence begins with Mia, no word begins that only others used; words that nobody used, small
words, names of speakers and those of a question that Mia affirms may. Unless a colon makes it a
quotation, it has no "I" and no question mark either, behind the name a verb is of the third person,
and words of several tokens are those of the source. What a sentence begins with, mostly a name, is
a word of the source, and behind "Mia and" comes another speaker. Nor does one begin with what only
greets or ends a letter, as a name: what it says is not said of whoever signed it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from torch import Tensor

from model.filters import Rows, forbid
from model.strategies.dialogue import QUOTED, WORD, Dialogue, unfinished
from model.strategies.naming import token_texts
from model.tokenizer import Tokenizer

LAST_WORD = re.compile(r"(?<!\w)\w*$")
PIECE = re.compile(r"\w| \w$")  # goes on with a word, or is a single letter
LOOKED_AT = 32  # tokens; a search takes none behind these
FIRST_WORD = re.compile(r"(?:the )?\w*")  # or none yet
# What no report has, but a quotation may: "I", and a question mark.
UNREPORTED = re.compile(r".*\?.*| (?:i|am|my|me|mine|myself)|['’](?:m|ve|ll|d)")
# Nor may these follow a name, "Mia have", or "they": the frequent ones of another person will do.
AFTER_NAME_WORDS = """
have are were do don need want think know love like hope wish see believe feel mean guess
understand live get go come make take give say tell ask keep leave buy call try use wait remember
forget prefer hate
"""
AFTER_NAME = re.compile(rf"{UNREPORTED.pattern}| (?:{'|'.join(AFTER_NAME_WORDS.split())})")
AFTER_THEY = re.compile(rf"{UNREPORTED.pattern}| (?:is|was|has|does|isn|wasn|hasn|doesn)")


@dataclass(frozen=True)
class SpeakerWords:
    """Forbids a reported speaker the words of others."""

    tokenizer: Tokenizer
    sources: tuple[Dialogue, ...]
    name: ClassVar[str] = "speaker_words"

    @classmethod
    def of(cls, tokenizer: Tokenizer, dialogues: Sequence[Dialogue]) -> SpeakerWords | None:
        """The rule for these sources; None where none of them is a dialogue or a letter."""
        return cls(tokenizer, tuple(dialogues)) if any(each.words for each in dialogues) else None

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        """Log-probabilities [B, V] without the words that only others used."""
        pairs = []
        for row, (prefix, source) in enumerate(zip(rows.prefixes, rows.sources, strict=True)):
            dialogue = self.sources[source]
            if dialogue.words:
                written = unfinished(self.tokenizer, prefix)
                sentence = written.removeprefix("the ")
                if FIRST_WORD.fullmatch(written) or dialogue.joins(sentence):
                    new = self._new(dialogue, written, log_probs[row])
                    pairs += [(row, token) for token in new]
                foreign = dialogue.foreign(sentence)
                if foreign is not None:
                    own = self._unreported(sentence, dialogue)
                    pairs += [(row, token) for token in foreign.union(own)]
                if dialogue.reports(sentence):
                    broken = self._broken(dialogue, written, prefix[-1], log_probs[row])
                    pairs += [(row, token) for token in broken]
        return forbid(log_probs, pairs)

    def _unreported(self, sentence: str, dialogue: Dialogue) -> Collection[int]:
        """Tokens that can't go on a report, such as "I"; none for a quotation."""
        if QUOTED.search(sentence):
            return ()
        words = AFTER_THEY if sentence.endswith(" they") else UNREPORTED
        return _matching(self.tokenizer, AFTER_NAME if sentence in dialogue.speakers else words)

    def _new(self, dialogue: Dialogue, written: str, log_probs: Tensor) -> list[int]:
        """Tokens that make the sentence begin with a word that the source lacks, or join a speaker
        with what is none, of those that can be chosen; none where there would be no other."""
        texts = token_texts(self.tokenizer)
        left = log_probs.isfinite().nonzero().flatten().tolist()
        found = [
            token
            for token in left
            if dialogue.lacks((written + texts[token].lower()).lstrip().removeprefix("the "))
        ]
        return found if len(found) < len(left) else []

    def _broken(self, dialogue: Dialogue, written: str, last: int, log_probs: Tensor) -> list[int]:
        """Of the likeliest tokens those that make a word of pieces which the source lacks; none
        where there would be no other."""
        texts = token_texts(self.tokenizer)
        (word,) = LAST_WORD.findall(f" {written}")
        is_whole = not PIECE.match(texts[last]) or word in dialogue.words
        likeliest = log_probs.topk(min(LOOKED_AT, len(log_probs))).indices.tolist()
        found = []
        for token in likeliest:
            text = texts[token].lower()
            more = WORD.match(text)
            begun = word + more[0] if more else text.strip() if PIECE.match(text) else ""
            if (more is None and not is_whole) or (begun and begun not in dialogue.openings):
                found.append(token)
        return found if len(found) < len(likeliest) else []


@lru_cache(maxsize=8)
def _matching(tokenizer: Tokenizer, pattern: re.Pattern[str]) -> frozenset[int]:
    """Tokens that are what a pattern says, in small letters."""
    return frozenset(
        id for id, text in enumerate(token_texts(tokenizer)) if pattern.fullmatch(text.lower())
    )
