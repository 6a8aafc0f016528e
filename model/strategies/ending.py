"""A price on stopping or beginning in the middle of what is copied: "to keep the Harbour Street".

Beams like short texts, and a model that copies can stop anywhere. Where the source goes on with a
word that belongs to those just written, the end costs; before a mark, or a word that begins another
phrase or clause, it doesn't, nor where the wording is not the source's. A few words may be a topic,
as the heading of a chapter is: they end where they like.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import torch
from torch import Tensor

from model.filters import Rows
from model.strategies.naming import token_texts
from model.strategies.wording import Tokens, Wording, words_of
from model.tokenizer import Tokenizer

TOPIC = 8  # tokens that may be one
# What a phrase or clause may begin with; "of" and "to" seldom begin one of their own.
BEGINNING_WORDS = """
and or but so yet nor for with without in on at from by over under during into onto through between
among against about near until till while after before because since when where which who whose
that as if although though unless despite per via according including
"""
BEGINNINGS = frozenset(BEGINNING_WORDS.split())
UNFINISHED_WORDS = """
the a an of to in on at for with from by and or but as is are was were be been has have had its
their his her our my your this these those that which who not no than into over
"""
UNFINISHED = frozenset(UNFINISHED_WORDS.split())


# What stands behind one of these belongs to a phrase that began before it.
GOVERNING_WORDS = """
of in on at for with from by to near into onto through between among against about over under during
until till after before since as per via than and or
"""
GOVERNING = frozenset(GOVERNING_WORDS.split())


@dataclass(frozen=True)
class CutPenalty:
    """Log-prob - `penalty` for an end inside a phrase of the source, and for a beginning there.

    A text begins inside a phrase with a small letter, and with a word that the source has behind
    a preposition alone: "Vell will stop" of "the ferry to Vell will stop".
    """

    penalty: float
    tokenizer: Tokenizer
    sources: tuple[Wording, ...]
    inside: tuple[Mapping[Tokens, frozenset[int]], ...]  # what would begin so, by prefix
    name: ClassVar[str] = "cut_penalty"

    @classmethod
    def of(
        cls, penalty: float, tokenizer: Tokenizer, sources: Sequence[Sequence[int]]
    ) -> CutPenalty:
        """The rule for sources of these tokens."""
        wordings = tuple(Wording.of(source, tokenizer) for source in sources)
        return cls(penalty, tokenizer, wordings, tuple(_inside(s, tokenizer) for s in sources))

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        pairs = [
            (row, token)
            for row, (prefix, source) in enumerate(zip(rows.prefixes, rows.sources, strict=True))
            for token in self._costly(prefix, source)
        ]
        if not pairs:
            return log_probs
        row, token = torch.tensor(pairs, device=log_probs.device).unbind(1)
        result = log_probs.clone()
        result[row, token] -= self.penalty
        return result

    def _costly(self, prefix: Tokens, source: int) -> Sequence[int] | frozenset[int]:
        if len(prefix) <= TOPIC:
            return self.inside[source].get(prefix, ())
        return [self.tokenizer.eos_id] if self._is_cut(prefix, self.sources[source]) else ()

    def _is_cut(self, prefix: Tokens, source: Wording) -> bool:
        texts = token_texts(self.tokenizer)
        if texts[prefix[-1]].strip().lower() in UNFINISHED:
            return True
        following = [texts[token] for token in source.after(prefix)]
        return bool(following) and not any(_begins(text) for text in following)


def _inside(source: Sequence[int], tokenizer: Tokenizer) -> Mapping[Tokens, frozenset[int]]:
    """By what is written of a text's first word, the tokens that make it one from inside."""
    words = words_of(source, tokenizer)
    governed = [False, *(before in GOVERNING for before, _ in words[:-1])]
    free = {word for (word, _), is_governed in zip(words, governed, strict=True) if not is_governed}
    may_open: dict[Tokens, bool] = defaultdict(bool)
    for word, tokens in words:
        for size in range(1, len(tokens) + 1):
            may_open[tokens[:size]] |= not word or word in free  # a mark opens what it likes
    found: dict[Tokens, frozenset[int]] = {(): _no_openings(tokenizer)}
    for tokens, opens in may_open.items():
        if not opens and may_open.get(tokens[:-1], True):
            found[tokens[:-1]] = found.get(tokens[:-1], frozenset()) | {tokens[-1]}
    return found


@lru_cache(maxsize=4)
def _no_openings(tokenizer: Tokenizer) -> frozenset[int]:
    """Tokens that begin with a small letter, or are white space alone."""
    bare = [text.strip() for text in token_texts(tokenizer)]
    return frozenset(
        id
        for id, text in enumerate(bare)
        if text[:1].islower() or not (text or tokenizer.is_special(id))
    )


def _begins(text: str) -> bool:
    """Whether a token of the source is a mark or begins a phrase of its own."""
    word = text.strip().lower()
    return not word[:1].isalnum() or (text[:1].isspace() and word in BEGINNINGS)
