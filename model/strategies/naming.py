"""Names and numbers only as the source has them: decoding kept to what can be looked up.

As in constrained summarization (Mao et al. 2020), but for what must not be written instead of what
must: a token that would begin, continue or end a name or number that the source lacks is not
chosen. What is a name says `model.text.names`; a text that stands already isn't judged again. A
word that opens a sentence and begins like one of the source's is no other, either: in small letters
the source has it as other tokens, and a small model that spells it may lose its way ("Clefather").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import torch
from torch import Tensor

from model.filters import FORBIDDEN, Rows
from model.options import DecodingOptions
from model.text.names import SourceNames
from model.text.unfinished import Unfinished
from model.tokenizer import Tokenizer

LEAST = 32  # candidates a row; sampling without a limit of its own draws from `MOST`
MOST = 1_024
LOOK_BACK = 24  # tokens written that a word is judged by
DEEPER = (256, 1_000_000)  # candidates where all others are forbidden, as in a rare name's middle


@dataclass(frozen=True)
class NamesFromSource:
    """Leaves every row the `depth` most probable tokens, without those that name something new.

    Where that leaves none, all others are looked at. Where these don't help either, the row is
    given up, or left alone if its source has no other.
    """

    tokenizer: Tokenizer
    sources: tuple[SourceNames, ...]
    depth: int
    known: dict[tuple[object, ...], bool] = field(default_factory=dict)  # what was judged before
    name: ClassVar[str] = "names_from_source"

    @classmethod
    def of(
        cls, options: DecodingOptions, tokenizer: Tokenizer, sources: Sequence[str]
    ) -> NamesFromSource:
        """The rule for these sources; `depth` is all that the options choose from or record."""
        chosen_from = {"sample": options.top_k or MOST, "contrastive": options.top_k}
        depth = max(
            LEAST,
            2 * options.num_beams,
            options.record_top_k,
            min(chosen_from.get(options.strategy, 0), MOST),
        )
        return cls(tokenizer, tuple(SourceNames(text) for text in sources), depth)

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        """Log-probabilities [B, V] with all but the candidates forbidden."""
        result = torch.full_like(log_probs, FORBIDDEN)
        written = list(zip(rows.prefixes, rows.sources, strict=True))
        stuck = list(range(len(written)))
        for depth in (self.depth, *DEEPER):
            best = log_probs[stuck].topk(min(depth, log_probs.shape[-1]), dim=-1)
            values = best.values.clone()
            for place, tokens in enumerate(best.indices.tolist()):
                values[place, self._lacking(*written[stuck[place]], tokens)] = FORBIDDEN
            result[stuck] = result[stuck].scatter(-1, best.indices, values)
            left = values.isfinite().any(dim=-1).tolist()
            stuck = [row for row, has_some in zip(stuck, left, strict=True) if not has_some]
            if not stuck:
                break
        going = {source for row, (_, source) in enumerate(written) if row not in stuck}
        for row in stuck:  # as where another rule forbids the rest of a name: other rows go on
            if rows.sources[row] not in going:
                result[row] = log_probs[row]
        return result

    def _lacking(self, prefix: Sequence[int], number: int, tokens: Sequence[int]) -> list[int]:
        """Places among `tokens` of those that name what source `number` lacks."""
        source, pieces = self.sources[number], _pieces(self.tokenizer)
        written = Unfinished.of(self.tokenizer.decode(prefix[-LOOK_BACK:]))
        if written.lacks(source, ""):
            return []  # somebody put it there
        word = written.text[written.word :]
        small = word.islower() or not word  # small letters may follow, and anything end it
        found = []
        for place, token in enumerate(tokens):
            text, is_small = pieces[token]
            ends = token == self.tokenizer.eos_id
            if self.tokenizer.is_special(token) and not ends:
                found.append(place)  # writes nothing, and would leave a name as open as it was
                continue
            if small and is_small:
                continue
            key = (number, word, written.opens, written.next_opens, token)
            if key not in self.known:
                self.known[key] = written.lacks(source, text, ends)
            if self.known[key]:
                found.append(place)
        return found


@lru_cache(maxsize=4)
def _pieces(tokenizer: Tokenizer) -> tuple[tuple[str, bool], ...]:
    """What every token writes inside a text, and whether it has no capital and no digit."""
    texts = token_texts(tokenizer)
    return tuple((text, not any(c.isupper() or c.isdigit() for c in text)) for text in texts)


@lru_cache(maxsize=4)
def token_texts(tokenizer: Tokenizer) -> tuple[str, ...]:
    """What every token writes inside a text."""
    return tuple(tokenizer.decode([id], inside=True) for id in range(tokenizer.vocabulary_size))
