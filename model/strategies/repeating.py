"""No two words twice in one sentence: "a new route and a new route" says no more than "red red".

What a copying model has just looked at draws it back. Blocked n-grams of tokens (Paulus et al.
2018) are too coarse for that: a word has one to six tokens, and in any longer faithful text some
three or four come again, in another sentence. Of references few repeat a pair within a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from torch import Tensor

from model.filters import Rows, forbid
from model.strategies.ending import BEGINNINGS, UNFINISHED
from model.strategies.wording import Tokens, ends, words_of
from model.tokenizer import Tokenizer

# The second of a pair that may come again: "in the", "that he", "it will".
FREE_WORDS = """
i you he she it we they him them me us would will can could should may must do does did not one two
"""
FREE = BEGINNINGS | UNFINISHED | frozenset(FREE_WORDS.split())
JOINING = frozenset({"and", "or", "but"})


@dataclass(frozen=True)
class WordPairsOnce:
    """No word begun that the sentence has had after the last word, and none twice in a row.

    Nor on both sides of "and", as in "slow and slow". Where the source has a word twice in a row,
    as in a name, or joined so, "again and again", it may stand so.
    """

    tokenizer: Tokenizer
    sources: tuple[frozenset[Tokens], ...]  # pairs of tokens that stand side by side
    name: ClassVar[str] = "word_pairs_once"

    @classmethod
    def of(cls, tokenizer: Tokenizer, sources: Sequence[Sequence[int]]) -> WordPairsOnce:
        """The rule for sources of these tokens."""
        return cls(tokenizer, tuple(frozenset(pairwise(source)) for source in sources))

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        pairs = [
            (row, token)
            for row, (prefix, source) in enumerate(zip(rows.prefixes, rows.sources, strict=True))
            for token in self._repeating(prefix, self.sources[source])
        ]
        return forbid(log_probs, pairs)

    def _repeating(self, prefix: Tokens, source: frozenset[Tokens]) -> set[int]:
        words = self._sentence(prefix)
        if not words or not words[-1][0]:
            return set()
        last, tokens = words[-1]
        found = {
            following[0]
            for (word, _), (after, following) in pairwise(words)
            if word == last and after and after not in FREE
        }
        if (tokens[-1], tokens[0]) not in source:
            found.add(tokens[0])
        return found | self._joined(words, source) | self._joined([*words, ("", ())], source)

    def _joined(self, words: Sequence[tuple[str, Tokens]], source: frozenset[Tokens]) -> set[int]:
        """What would make the last of `words`, begun or not, the one before "and" again."""
        if len(words) < 3 or not words[-3][0] or words[-2][0] not in JOINING:
            return set()
        (_, word), (_, joint), (_, begun) = words[-3:]
        stands = {(word[-1], joint[0]), (joint[-1], word[0])} <= source
        return {word[-1]} if word[:-1] == begun and not stands else set()

    def _sentence(self, prefix: Tokens) -> list[tuple[str, Tokens]]:
        """The words since the last sentence ended."""
        start = next(
            (n for n in range(len(prefix), 0, -1) if ends(self.tokenizer, prefix[n - 1])), 0
        )
        return words_of(prefix[start:], self.tokenizer)
