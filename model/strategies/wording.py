"""A price on leaving the source's wording: what splices two sentences in the middle costs more.

N-grams that the source lacks are the usual measure of how much is reworded (See et al. 2017); to
ask for fewer of them is to control how much is copied (Song et al. 2020). A model that copies most
of what it writes and jumps within a sentence seldom lands where the grammar goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor

from model.filters import Rows
from model.strategies.dialogue import Dialogue, unfinished
from model.strategies.naming import token_texts
from model.tokenizer import Tokenizer

CONTEXT = 2  # tokens before, by which the source's wording is known
ENDS = (".", "!", "?")  # a sentence may begin after these
CLOSING = "\"”’')] "
INSIDE = ("'", "’", "-")  # marks that words go on behind

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Wording:
    """Which tokens a source has after which."""

    following: Mapping[Tokens, Collection[int]]  # after up to `CONTEXT` others
    beginnings: Collection[int]  # where a sentence or line begins

    @classmethod
    def of(cls, source: Sequence[int], tokenizer: Tokenizer) -> Wording:
        """That of a source of these tokens."""
        following = defaultdict[Tokens, set[int]](set)
        for size in range(1, CONTEXT + 1):
            for place in range(size, len(source)):
                following[tuple(source[place - size : place])].add(source[place])
        beginnings = {after for token, after in pairwise(source) if ends(tokenizer, token)}
        return cls(dict(following), beginnings | set(source[:1]))

    def after(self, prefix: Tokens) -> Collection[int]:
        """What follows the longest end of `prefix` that stands in the source."""
        for size in range(CONTEXT, 0, -1):
            if prefix[-size:] in self.following:
                return self.following[prefix[-size:]]
        return ()


@dataclass(frozen=True)
class NovelNgramPenalty:
    """Log-prob - `penalty` for a token that the source doesn't have after the last ones.

    Where a sentence or line has ended, those that begin one are free; a summary's own first token
    and its end are free always. So is a sentence that reports what a speaker of the source said:
    it must be reworded, and `SpeakerWords` keeps it to what that one said.
    """

    penalty: float
    tokenizer: Tokenizer
    sources: tuple[Wording, ...]
    dialogues: tuple[Dialogue, ...] = ()  # of the same sources; none where nothing is reported
    name: ClassVar[str] = "novel_ngram_penalty"

    @classmethod
    def of(
        cls,
        penalty: float,
        tokenizer: Tokenizer,
        sources: Sequence[Sequence[int]],
        dialogues: Sequence[Dialogue] = (),
    ) -> NovelNgramPenalty:
        """The rule for sources of these tokens, which are these dialogues."""
        wordings = tuple(Wording.of(source, tokenizer) for source in sources)
        return cls(penalty, tokenizer, wordings, tuple(dialogues))

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        pairs = [
            (row, token)
            for row, (prefix, source) in enumerate(zip(rows.prefixes, rows.sources, strict=True))
            if prefix and not self._reports(prefix, source)
            for token in {self.tokenizer.eos_id, *self._free(prefix, self.sources[source])}
        ]
        if not pairs:
            return log_probs
        row, token = torch.tensor(pairs, device=log_probs.device).unbind(1)
        result = log_probs.clone()
        result[row.unique()] -= self.penalty
        result[row, token] = log_probs[row, token]
        return result

    def _reports(self, prefix: Tokens, source: int) -> bool:
        """Whether the sentence that `prefix` has come to reports what a speaker said."""
        dialogue = self.dialogues[source] if self.dialogues else None
        if dialogue is None or not dialogue.speakers:
            return False
        return dialogue.reports(unfinished(self.tokenizer, prefix).removeprefix("the "))

    def _free(self, prefix: Tokens, source: Wording) -> Collection[int]:
        return source.beginnings if ends(self.tokenizer, prefix[-1]) else source.after(prefix)


@lru_cache(maxsize=1 << 16)
def ends(tokenizer: Tokenizer, token: int) -> bool:
    """Whether a sentence or line may begin after this token."""
    text = tokenizer.decode([token], inside=True)
    return "\n" in text or text.rstrip(CLOSING).endswith(ENDS) or tokenizer.is_special(token)


def words_of(tokens: Sequence[int], tokenizer: Tokenizer) -> list[tuple[str, Tokens]]:
    """Words in small letters, each with its tokens; a mark is a word without text."""
    texts = token_texts(tokenizer)
    words: list[tuple[str, Tokens]] = []
    goes_on = False
    for token in tokens:
        bare = texts[token].strip().lower()
        is_part = bare[:1].isalnum() or bare.startswith(INSIDE)
        if goes_on and is_part and not texts[token][:1].isspace():
            word, before = words.pop()
            words.append((word + bare, (*before, token)))
            continue
        goes_on = bare[:1].isalnum()
        if bare:
            words.append((bare if goes_on else "", (token,)))
    return words
