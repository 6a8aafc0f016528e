"""A price on stopping in the middle of what is copied: "to keep the Harbour Street", library open.

Beams like short texts, and a model that copies can stop anywhere. Where the source goes on with a
word that belongs to those just written, the end costs; before a mark, or a word that begins another
phrase or clause, it doesn't, nor where the wording is not the source's. A few words may be a topic,
as the heading of a chapter is: they end where they like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from model.filters import Rows
from model.strategies.naming import token_texts
from model.strategies.wording import Wording
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


@dataclass(frozen=True)
class CutPenalty:
    """Log-prob - `penalty` for an end inside a phrase of the source."""

    penalty: float
    tokenizer: Tokenizer
    sources: tuple[Wording, ...]
    name: ClassVar[str] = "cut_penalty"

    @classmethod
    def of(
        cls, penalty: float, tokenizer: Tokenizer, sources: Sequence[Sequence[int]]
    ) -> CutPenalty:
        """The rule for sources of these tokens."""
        return cls(penalty, tokenizer, tuple(Wording.of(source, tokenizer) for source in sources))

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        cut = [
            row
            for row, (prefix, source) in enumerate(zip(rows.prefixes, rows.sources, strict=True))
            if len(prefix) > TOPIC and self._is_cut(prefix, self.sources[source])
        ]
        if not cut:
            return log_probs
        result = log_probs.clone()
        result[cut, self.tokenizer.eos_id] -= self.penalty
        return result

    def _is_cut(self, prefix: tuple[int, ...], source: Wording) -> bool:
        texts = token_texts(self.tokenizer)
        if texts[prefix[-1]].strip().lower() in UNFINISHED:
            return True
        following = [texts[token] for token in source.after(prefix)]
        return bool(following) and not any(_begins(text) for text in following)


def _begins(text: str) -> bool:
    """Whether a token of the source is a mark or begins a phrase of its own."""
    word = text.strip().lower()
    return not word[:1].isalnum() or (text[:1].isspace() and word in BEGINNINGS)
