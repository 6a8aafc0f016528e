"""Rules on the next token's log-probabilities. Each names itself; none sees a model or text.

A rule takes log-probabilities [B, V] and the rows they belong to, and returns new ones; where it
changes nothing it returns the very tensor it was given, so that the record can skip it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from model.options import DecodingOptions

FORBIDDEN = float("-inf")


@dataclass(frozen=True)
class Rows:
    """What the rows of a batch have written so far, and which source each belongs to."""

    prefixes: Sequence[tuple[int, ...]]  # generated tokens, without the decoder's start token
    sources: Sequence[int]


class Filter(Protocol):
    """A rule, named as in the options and in the record."""

    @property
    def name(self) -> str: ...

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        """Log-probabilities [B, V] after the rule."""
        ...


def forbid(log_probs: Tensor, pairs: Sequence[tuple[int, int]]) -> Tensor:
    """Log-probabilities [B, V] with the given (row, token) pairs made impossible."""
    if not pairs:
        return log_probs
    masked = log_probs.clone()
    places = torch.tensor(pairs, device=log_probs.device)
    masked[places[:, 0], places[:, 1]] = FORBIDDEN
    return masked


def renormalise(log_probs: Tensor) -> Tensor:
    """Log-probabilities [B, V] whose rows sum to 1; rows without any allowed token stay so."""
    total = log_probs.logsumexp(dim=-1, keepdim=True)
    return log_probs - total.where(total.isfinite(), torch.zeros_like(total))


@dataclass(frozen=True)
class RepetitionPenalty:
    """Log-probabilities of tokens already written times `penalty` (Keskar et al. 2019).

    Log-probabilities are never positive, so the formula has one case where logits have two.
    """

    penalty: float
    name: ClassVar[str] = "repetition_penalty"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        pairs = [(row, t) for row, prefix in enumerate(rows.prefixes) for t in set(prefix)]
        if not pairs:
            return log_probs
        places = torch.tensor(pairs, device=log_probs.device)
        result = log_probs.clone()
        result[places[:, 0], places[:, 1]] *= self.penalty
        return result


@dataclass(frozen=True)
class NoRepeatNgram:
    """No n-gram of `size` tokens twice in one summary (Paulus et al. 2018)."""

    size: int
    name: ClassVar[str] = "no_repeat_ngram_size"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        pairs = [
            (row, token)
            for row, prefix in enumerate(rows.prefixes)
            for token in followers(prefix, last_tokens(prefix, self.size - 1))
        ]
        return forbid(log_probs, pairs)


@dataclass(frozen=True)
class EncoderNoRepeatNgram:
    """No n-gram of `size` tokens of the source. Sources come without their end token."""

    size: int
    sources: tuple[tuple[int, ...], ...]
    name: ClassVar[str] = "encoder_no_repeat_ngram_size"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        pairs = [
            (row, token)
            for row, prefix in enumerate(rows.prefixes)
            for token in followers(
                self.sources[rows.sources[row]], last_tokens(prefix, self.size - 1)
            )
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
    eos_id: int,
    sources: Sequence[Sequence[int]],
    bad_words_ids: Sequence[Sequence[int]] = (),
    forced_prefix_ids: Sequence[int] = (),
    ends_at_limit: bool = False,
) -> tuple[Filter, ...]:
    """The rules that hold for every strategy, in the order in which they are applied."""
    chosen: list[Filter] = []
    if options.repetition_penalty != 1.0:
        chosen.append(RepetitionPenalty(options.repetition_penalty))
    if options.no_repeat_ngram_size > 0:
        chosen.append(NoRepeatNgram(options.no_repeat_ngram_size))
    if options.encoder_no_repeat_ngram_size > 0:
        texts = tuple(tuple(t for t in source if t != eos_id) for source in sources)
        chosen.append(EncoderNoRepeatNgram(options.encoder_no_repeat_ngram_size, texts))
    words = tuple(tuple(word) for word in bad_words_ids if len(word) > 0)
    if words:
        chosen.append(BadWords(words))
    if options.min_new_tokens > 0:
        chosen.append(MinNewTokens(options.min_new_tokens, eos_id))
    if forced_prefix_ids:
        chosen.append(ForcedPrefix(tuple(forced_prefix_ids)))  # late: it overrules the others
    if ends_at_limit:
        chosen.append(ForcedEnd(options.max_new_tokens, eos_id))
    return tuple(chosen)


@dataclass(frozen=True)
class Filtered:
    """Log-probabilities [B, V] on their way through the filters."""

    stages: tuple[Tensor, ...]  # the model's own, then behind each filter that changed something
    names: tuple[str, ...]  # the filter between stage i and stage i + 1
    log_probs: Tensor  # what is chosen from: the last stage, normalised for sampling


def apply_filters(
    filters: Sequence[Filter], log_probs: Tensor, rows: Rows, *, normalise: bool = False
) -> Filtered:
    """Apply filters in order to log-probabilities [B, V] and keep what each made of them."""
    stages, names = [log_probs], []
    for rule in filters:
        changed = rule(stages[-1], rows)
        if changed is not stages[-1]:
            stages.append(changed)
            names.append(rule.name)
    final = renormalise(stages[-1]) if normalise else stages[-1]
    return Filtered(tuple(stages), tuple(names), final)


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
