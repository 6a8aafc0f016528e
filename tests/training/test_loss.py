import pytest
import torch
from torch import nn

from model.distribution import OutputDistribution
from model.training.loss import Objective, coverage_loss

SOURCE = torch.tensor([[4, 5, 2], [6, 2, 0]])
TARGET = torch.tensor([[5, 2], [2, 0]])


class Fixed(nn.Module):
    """Gives one distribution, whatever it is asked."""

    def __init__(self, distribution: OutputDistribution) -> None:
        super().__init__()
        self.fixed = distribution

    def distribution(self, ids, mask, target):
        return self.fixed


@pytest.fixture
def distribution() -> OutputDistribution:
    dice = torch.Generator().manual_seed(0)
    attention = torch.rand(2, 2, 3, generator=dice).softmax(dim=-1)
    gate = torch.tensor([[0.2, 0.7], [0.5, 0.1]])
    return OutputDistribution(torch.randn(2, 2, 8, generator=dice), gate, attention, SOURCE)


def losses(distribution, smoothing=0.0, coverage=0.0):
    module = Objective(Fixed(distribution), smoothing, coverage)
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
