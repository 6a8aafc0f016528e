"""The training objective: cross-entropy with label smoothing, and the coverage loss."""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from model.seq2seq import Seq2Seq


class Losses(NamedTuple):
    """Sums over the real target tokens of a batch."""

    objective: Tensor  # what is minimised
    negative_log_likelihood: (
        Tensor  # -sum log P(y_t | y_<t, x), detached; exp of its mean is perplexity
    )


class Objective(nn.Module):
    """The model with its loss as one module, so that data-parallel wrapping sees one forward."""

    def __init__(self, model: nn.Module, label_smoothing: float, coverage_weight: float) -> None:
        super().__init__()
        self.model = model
        self.label_smoothing = label_smoothing
        self.coverage_weight = coverage_weight

    def forward(self, source: Tensor, mask: Tensor, target: Tensor, target_mask: Tensor) -> Losses:
        """Losses of sources [B, S] and targets [B, T]; the masks are True on real tokens."""
        distribution = cast(Seq2Seq, self.model).distribution(source, mask, target)
        likelihood = -_sum_where(distribution.target_log_probs(target), target_mask)
        objective = likelihood
        if self.label_smoothing:
            smooth = -_sum_where(distribution.uniform_log_probs(), target_mask)
            objective = (1 - self.label_smoothing) * likelihood + self.label_smoothing * smooth
        if self.coverage_weight and distribution.attention is not None:
            repeated = coverage_loss(distribution.attention)
            objective = objective + self.coverage_weight * _sum_where(repeated, target_mask)
        return Losses(objective, likelihood.detach())


def coverage_loss(attention: Tensor) -> Tensor:
    """sum_s min(a_t, sum_{t' < t} a_t'), [B, T] from attention [B, T, S] (See et al. 2017)."""
    spent = attention.cumsum(dim=1) - attention
    return torch.minimum(attention, spent).sum(dim=-1)


def _sum_where(values: Tensor, mask: Tensor) -> Tensor:
    return torch.where(mask, values, values.new_zeros(())).sum()
