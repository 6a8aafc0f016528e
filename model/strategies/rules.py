"""The rules that hold for every strategy. Each names itself; none sees a model or text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from model.config import SpecialTokens
from model.filters import FORBIDDEN, Filter, Rows, forbid
from model.options import DecodingOptions
from model.strategies.manners import OWN, Manners


@dataclass(frozen=True)
class RepetitionPenalty:
    """Log-probabilities of tokens already written times `penalty` (Keskar et al. 2019).

    Logits can be positive: those are divided by it.
    """

    penalty: float
    before: tuple[int, ...] = ()  # written before every summary
    on_logits: bool = False  # where the rows have any
    name: ClassVar[str] = "repetition_penalty"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        pairs = [
            (row, token)
            for row, prefix in enumerate(rows.prefixes)
            for token in {*self.before, *prefix}
        ]
        if not pairs:
            return log_probs
        row, token = torch.tensor(pairs, device=log_probs.device).unbind(1)
        totals = rows.log_totals if self.on_logits else None
        shift = log_probs.new_zeros(len(row)) if totals is None else totals[row]
        values = log_probs[row, token] + shift
        values = torch.where(values < 0, values * self.penalty, values / self.penalty)
        result = log_probs.clone()
        result[row, token] = values - shift
        return result


@dataclass(frozen=True)
class NoRepeatNgram:
    """No n-gram of `size` tokens twice in one summary (Paulus et al. 2018).

    Where `line_breaks` are given, which `transformers` doesn't know, an n-gram that holds one of
    these tokens, or begins a line, may come again: lines begin with the names of speakers.
    """

    size: int
    before: tuple[int, ...] = ()  # written before every summary
    line_breaks: frozenset[int] = frozenset()
    name: ClassVar[str] = "no_repeat_ngram_size"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        written = [(*self.before, *prefix) for prefix in rows.prefixes]
        pairs = [
            (row, token)
            for row, tokens in enumerate(written)
            if not self.line_breaks.intersection(tokens[-self.size :])
            for token in followers(tokens, last_tokens(tokens, self.size - 1)) - self.line_breaks
        ]
        return forbid(log_probs, pairs)


@dataclass(frozen=True)
class EncoderNoRepeatNgram:
    """No n-gram of `size` tokens of the source."""

    size: int
    sources: tuple[tuple[int, ...], ...]
    before: tuple[int, ...] = ()  # written before every summary
    name: ClassVar[str] = "encoder_no_repeat_ngram_size"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        written = [(*self.before, *prefix) for prefix in rows.prefixes]
        pairs = [
            (row, token)
            for row, (tokens, source) in enumerate(zip(written, rows.sources, strict=True))
            for token in followers(self.sources[source], last_tokens(tokens, self.size - 1))
        ]
        return forbid(log_probs, pairs)


@dataclass(frozen=True)
class BadWords:
    """Token sequences that are never completed."""

    words: tuple[tuple[int, ...], ...]
    name: ClassVar[str] = "bad_words"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        pairs = [
            (row, word[-1])
            for row, prefix in enumerate(rows.prefixes)
            for word in self.words
            if last_tokens(prefix, len(word) - 1) == word[:-1]
        ]
        return forbid(log_probs, pairs)


@dataclass(frozen=True)
class MinNewTokens:
    """No end token before `count` tokens are written."""

    count: int
    eos_id: int
    name: ClassVar[str] = "min_new_tokens"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        short = [row for row, prefix in enumerate(rows.prefixes) if len(prefix) < self.count]
        return forbid(log_probs, [(row, self.eos_id) for row in short])


@dataclass(frozen=True)
class ForcedPrefix:
    """The summary begins with these tokens. Forced tokens cost nothing: their log-prob is 0."""

    token_ids: tuple[int, ...]
    name: ClassVar[str] = "forced_prefix"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        forced = [
            (row, self.token_ids[len(prefix)])
            for row, prefix in enumerate(rows.prefixes)
            if len(prefix) < len(self.token_ids)
        ]
        if not forced:
            return log_probs
        result = log_probs.clone()
        places = torch.tensor(forced, device=log_probs.device)
        result[places[:, 0]] = FORBIDDEN
        result[places[:, 0], places[:, 1]] = 0.0
        return result


@dataclass(frozen=True)
class ForcedEnd:
    """The last token that the length allows is the end token, at no cost."""

    count: int  # max_new_tokens
    eos_id: int
    name: ClassVar[str] = "max_new_tokens"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        last = [row for row, prefix in enumerate(rows.prefixes) if len(prefix) == self.count - 1]
        if not last:
            return log_probs
        result = log_probs.clone()
        result[last] = FORBIDDEN
        result[last, self.eos_id] = 0.0
        return result


def rules(
    options: DecodingOptions,
    special: SpecialTokens,
    sources: Sequence[Sequence[int]],
    bad_words_ids: Sequence[Sequence[int]] = (),
    forced_prefix_ids: Sequence[int] = (),
    manners: Manners = OWN,
    text_rules: Sequence[Filter] = (),
    line_breaks: frozenset[int] = frozenset(),
) -> tuple[Filter, ...]:
    """The rules that the options and the model's manners ask for, in the order of their use.

    `text_rules` are those that need to know what tokens say; `line_breaks` are tokens across which
    n-grams may come again.
    """
    chosen: list[Filter] = []
    eos_id = special.eos_id
    before = (special.decoder_start_id,) if manners.counts_special else ()
    if options.repetition_penalty != 1.0:
        on_logits = manners.penalises_logits and options.num_beams == 1
        chosen.append(RepetitionPenalty(options.repetition_penalty, before, on_logits))
    if options.no_repeat_ngram_size > 0:
        chosen.append(NoRepeatNgram(options.no_repeat_ngram_size, before, line_breaks))
    if options.encoder_no_repeat_ngram_size > 0:
        left_out = () if manners.counts_special else (eos_id,)
        texts = tuple(tuple(t for t in source if t not in left_out) for source in sources)
        chosen.append(EncoderNoRepeatNgram(options.encoder_no_repeat_ngram_size, texts, before))
    words = tuple(tuple(word) for word in (*manners.banned_ids, *bad_words_ids) if len(word) > 0)
    if words:
        chosen.append(BadWords(words))
    chosen += text_rules
    if options.min_new_tokens > 0:
        chosen.append(MinNewTokens(options.min_new_tokens, eos_id))
    if forced := tuple(forced_prefix_ids) or manners.first_ids:
        chosen.append(ForcedPrefix(forced))  # late: it overrules the others
    if manners.ends_at_limit:
        chosen.append(ForcedEnd(options.max_new_tokens, eos_id))
    return tuple(chosen)


def last_tokens(prefix: Sequence[int], count: int) -> tuple[int, ...] | None:
    """The last `count` tokens, or None where fewer are written."""
    return None if len(prefix) < count else tuple(prefix[len(prefix) - count :])


def followers(tokens: tuple[int, ...], ngram: tuple[int, ...] | None) -> set[int]:
    """The tokens that follow `ngram` somewhere in `tokens`; all of them for the empty one."""
    if ngram is None:
        return set()
    if not ngram:
        return set(tokens)
    size, last = len(ngram), ngram[-1]
    # Comparing one token first keeps this linear in practice; it runs for every row and step.
    ends = [place for place, token in enumerate(tokens[:-1]) if token == last]
    return {tokens[i + 1] for i in ends if i + 1 >= size and tokens[i + 1 - size : i + 1] == ngram}
