"""The training objective: cross-entropy with label smoothing, coverage, a teacher, rewards."""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from model.config import SpecialTokens
from model.layers.distribution import SMALLEST, OutputDistribution
from model.seq2seq import Seq2Seq
from model.training.rewards import Reward, reward_loss
from model.training.settings import TrainingSettings
from model.training.teacher import Teacher

TAUGHT_WORDS = 16  # per place
RIDGE = 1e-3  # of the student's mean variance


class Losses(NamedTuple):
    """Sums over the real target tokens of a batch."""

    objective: Tensor  # what is minimised
    negative_log_likelihood: (
        Tensor  # -sum log P(y_t | y_<t, x), detached; exp of its mean is perplexity
    )


class Objective(nn.Module):
    """The model with its loss as one module, so that data-parallel wrapping sees one forward."""

    def __init__(
        self,
        model: nn.Module,
        settings: TrainingSettings,
        teacher: Teacher | None = None,
        reward: Reward | None = None,
    ) -> None:
        super().__init__()
        self.model, self.settings, self.teacher, self.reward = model, settings, teacher, reward

    def forward(
        self,
        source: Tensor,
        mask: Tensor,
        target: Tensor,
        target_mask: Tensor,
    ) -> Losses:
        """Losses of sources [B, S] and targets [B, T]; the masks are True on real tokens.

        Teacher and rewards add to the objective of training alone.
        """
        model = cast(Seq2Seq, self.model)
        memory = model.encode(source, mask)
        distribution = model.forced(memory, target)
        settings = self.settings
        likelihood = -_sum_where(distribution.target_log_probs(target), target_mask)
        objective = likelihood
        if settings.label_smoothing:
            smooth = -_sum_where(distribution.uniform_log_probs(), target_mask)
            share = settings.label_smoothing
            objective = (1 - share) * likelihood + share * smooth
        if self.teacher is not None and self.model.training:
            taught = self.teacher.distribution(source, mask, target)
            share = settings.teacher_weight
            learnt = self._learnt(distribution, taught, mask, target_mask)
            objective = (1 - share) * objective + learnt
        if settings.coverage_weight and distribution.attention is not None:
            repeated = coverage_loss(distribution.attention)
            objective = objective + settings.coverage_weight * _sum_where(repeated, target_mask)
        if self.reward is not None and self.model.training:
            special = cast(SpecialTokens, self.model.config)
            gained = reward_loss(model, memory, target, target_mask, special, self.reward)
            objective = objective + settings.reward_weight * gained
        return Losses(objective, likelihood.detach())

    def _learnt(
        self,
        student: OutputDistribution,
        teacher: OutputDistribution,
        mask: Tensor,
        target_mask: Tensor,
    ) -> Tensor:
        """What the teacher adds to the objective: its words, where it looks, how it reads."""
        settings = self.settings
        words = _sum_where(distillation_loss(student, teacher), target_mask)
        learnt = settings.teacher_weight * words
        if student.attention is not None and teacher.attention is not None:
            looks = _sum_where(guidance_loss(student.attention, teacher.attention), target_mask)
            learnt = learnt + settings.guidance_weight * looks
        if settings.hint_weight and student.memory is not None and teacher.memory is not None:
            reads = hint_loss(student.memory[mask], teacher.memory[mask])
            learnt = learnt + settings.hint_weight * target_mask.sum() * reads
        return learnt


def distillation_loss(student: OutputDistribution, teacher: OutputDistribution) -> Tensor:
    """Cross-entropy [B, T] of the student under the teacher's likeliest words (Kim & Rush 2016).

    Their probabilities are scaled to sum to 1: a few words hold nearly all of it, and the whole
    vocabulary would double the cost of a step. A teacher's table may end in rows without a token.
    """
    shared = teacher.log_probs()[..., : student.logits.shape[-1]]
    log_probs, ids = shared.topk(min(TAUGHT_WORDS, shared.shape[-1]))
    return -(log_probs.softmax(dim=-1) * student.log_probs_of(ids)).sum(dim=-1)


def guidance_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Cross-entropy [B, T] of attention [B, T, S] under the teacher's: look where it looks."""
    return -(teacher.float() * student.float().clamp_min(SMALLEST).log()).sum(dim=-1)


def coverage_loss(attention: Tensor) -> Tensor:
    """sum_s min(a_t, sum_{t' < t} a_t'), [B, T] from attention [B, T, S] (See et al. 2017)."""
    spent = attention.cumsum(dim=1) - attention
    return torch.minimum(attention, spent).sum(dim=-1)


def hint_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """How much of the teacher's states [N, Q] no linear map of the student's [N, D] explains.

    A share of their variance, 0 to about 1. The hints of Romero et al. 2015, where the map is
    learnt; here it is the best one for the batch, by ridge regression, so nothing is stored.
    """
    # Half precision leaves too little of the products, and a GPU doesn't solve in it at all.
    with torch.autocast(student.device.type, enabled=False):
        own, wanted = (states.float() - states.float().mean(dim=0) for states in (student, teacher))
        with torch.no_grad():
            gram = own.T @ own
            gram.diagonal().add_(RIDGE * gram.diagonal().mean())
            best = torch.linalg.solve(gram, own.T @ wanted)
        return (wanted - own @ best).square().sum() / wanted.square().sum()


def _sum_where(values: Tensor, mask: Tensor) -> Tensor:
    return torch.where(mask, values, values.new_zeros(())).sum()
