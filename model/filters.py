"""What a filter of the next token's log-probabilities is, and how a chain of them is applied.

A filter takes log-probabilities [B, V] and the rows they belong to, and returns new ones; where it
changes nothing it returns the very tensor it was given, so that the record can skip it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

FORBIDDEN = float("-inf")


@dataclass(frozen=True)
class Rows:
    """What the rows of a batch have written so far, and which source each belongs to."""

    prefixes: Sequence[tuple[int, ...]]  # generated tokens, without the decoder's start token
    sources: Sequence[int]
    log_totals: Tensor | None = None  # [B], logits minus log-probabilities; None without logits


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
