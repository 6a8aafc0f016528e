from dataclasses import replace

import pytest
import torch
from torch import nn

from model.layers.distribution import OutputDistribution
from model.training.loss import (
    Objective,
    coverage_loss,
    distillation_loss,
    guidance_loss,
    hint_loss,
)
from model.training.settings import TrainingSettings

SOURCE = torch.tensor([[4, 5, 2], [6, 2, 0]])
TARGET = torch.tensor([[5, 2], [2, 0]])


class Fixed(nn.Module):
    """Gives one distribution, whatever it is asked."""

    def __init__(self, distribution: OutputDistribution) -> None:
        super().__init__()
        self.fixed = distribution

    def distribution(self, ids, mask, target):
        return self.forced(self.encode(ids, mask), target)

    def encode(self, ids, mask):
        return None

    def forced(self, memory, target):
        return self.fixed


@pytest.fixture
def distribution() -> OutputDistribution:
    dice = torch.Generator().manual_seed(0)
    attention = torch.rand(2, 2, 3, generator=dice).softmax(dim=-1)
    gate = torch.tensor([[0.2, 0.7], [0.5, 0.1]])
    return OutputDistribution(torch.randn(2, 2, 8, generator=dice), gate, attention, SOURCE)


def losses(distribution, smoothing=0.0, coverage=0.0, teacher=None, **changes):
    settings = TrainingSettings(
        max_steps=1, label_smoothing=smoothing, coverage_weight=coverage, **changes
    )
    module = Objective(Fixed(distribution), settings, teacher)
    return module(SOURCE, SOURCE != 0, TARGET, TARGET != 0)


def test_likelihood_is_summed_over_real_target_tokens(distribution):
    log_probs = distribution.log_probs()
    expected = -(log_probs[0, 0, 5] + log_probs[0, 1, 2] + log_probs[1, 0, 2])
    found = losses(distribution)
    torch.testing.assert_close(found.objective, expected)
    torch.testing.assert_close(found.negative_log_likelihood, expected)


def test_smoothing_mixes_in_the_uniform_cross_entropy(distribution):
    uniform = distribution.logits.log_softmax(dim=-1).mean(dim=-1)
    expected = 0.9 * losses(distribution).objective - 0.1 * uniform[TARGET != 0].sum()
    found = losses(distribution, smoothing=0.1)
    torch.testing.assert_close(found.objective, expected)
    torch.testing.assert_close(
        found.negative_log_likelihood, losses(distribution).negative_log_likelihood
    )


def test_coverage_counts_attention_spent_twice():
    attention = torch.tensor([[[0.5, 0.5, 0.0], [0.2, 0.0, 0.8], [0.9, 0.0, 0.1]]])
    expected = [0.0, 0.2, 0.7 + 0.1]
    torch.testing.assert_close(coverage_loss(attention), torch.tensor([expected]))


def test_coverage_is_weighted_and_ignores_padding(distribution):
    repeated = torch.minimum(distribution.attention[0, 0], distribution.attention[0, 1]).sum()
    plain = losses(distribution).objective
    torch.testing.assert_close(losses(distribution, coverage=2.0).objective, plain + 2 * repeated)


def test_a_teacher_shares_the_objective_with_the_reference(distribution):
    dice = torch.Generator().manual_seed(1)
    attention = torch.rand(2, 2, 3, generator=dice).softmax(dim=-1)
    logits = torch.randn(2, 2, 8, generator=dice)
    teacher = Fixed(OutputDistribution(logits, torch.full((2, 2), 0.4), attention, SOURCE))
    taught, real = teacher.fixed, TARGET != 0
    distilled = -(taught.log_probs().exp() * distribution.log_probs()).sum(-1)[real].sum()
    guided = -(attention * distribution.attention.log()).sum(-1)[real].sum()
    plain = losses(distribution)
    found = losses(distribution, teacher=teacher, teacher_weight=0.3, guidance_weight=2.0)
    expected = 0.7 * plain.objective + 0.3 * distilled + 2.0 * guided
    torch.testing.assert_close(found.objective, expected)
    torch.testing.assert_close(found.negative_log_likelihood, plain.negative_log_likelihood)


def test_the_teacher_itself_is_the_best_student(distribution):
    dice = torch.Generator().manual_seed(2)
    other = OutputDistribution(torch.randn(2, 2, 8, generator=dice))
    own = distillation_loss(distribution, distribution)
    assert (own <= distillation_loss(other, distribution)).all()
    assert (
        guidance_loss(distribution.attention, distribution.attention)
        <= guidance_loss(distribution.attention.flip(-1), distribution.attention)
    ).all()


def test_hints_are_met_by_whatever_holds_the_teachers_states_linearly():
    dice = torch.Generator().manual_seed(3)
    states = torch.randn(400, 6, generator=dice)
    turned = states @ torch.randn(6, 9, generator=dice) + 5.0
    assert float(hint_loss(states, turned)) < 1e-4
    assert float(hint_loss(states[:, :3], turned)) > 0.1
    unrelated = torch.randn(400, 6, generator=dice)
    assert 0.9 < float(hint_loss(unrelated, turned)) <= 1.0


def test_hints_are_measured_in_full_precision():
    states = torch.randn(400, 6, generator=torch.Generator().manual_seed(4))
    turned = states @ torch.randn(6, 9) + 5.0
    expected = hint_loss(states, turned)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(hint_loss(states, turned), expected)


def test_hints_pull_states_towards_the_teachers(distribution):
    student = torch.randn(2, 3, 4, requires_grad=True)
    teacher = replace(distribution, memory=torch.randn(2, 3, 5))
    found = losses(replace(distribution, memory=student), teacher=Fixed(teacher), hint_weight=1.0)
    (gradient,) = torch.autograd.grad(found.objective, student)
    assert gradient[SOURCE != 0].abs().sum() > 0
    assert gradient[SOURCE == 0].abs().sum() == 0
