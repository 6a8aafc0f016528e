import math

import pytest

from model.training.schedule import budget_spent, learning_rate
from model.training.settings import TrainingSettings


def settings(**changes) -> TrainingSettings:
    values = {"max_steps": 100, "learning_rate": 2.0, "warmup_steps": 10, "final_ratio": 0.1}
    return TrainingSettings(**values | changes)


@pytest.mark.parametrize("schedule", ["inverse_sqrt", "linear", "cosine", "constant"])
def test_warm_up_rises_evenly_to_the_highest_rate(schedule):
    chosen = settings(schedule=schedule)
    rates = [learning_rate(chosen, step, 0.0) for step in range(1, 11)]
    assert rates == pytest.approx([0.2 * step for step in range(1, 11)])


def test_inverse_sqrt_halves_when_steps_quadruple():
    chosen = settings(schedule="inverse_sqrt")
    assert learning_rate(chosen, 40, 0.4) == pytest.approx(1.0)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_decay_ends_at_the_final_ratio(schedule):
    chosen = settings(schedule=schedule)
    assert learning_rate(chosen, 100, 1.0) == pytest.approx(0.2)
    assert learning_rate(chosen, 55, 0.5) == pytest.approx(2.0 * 0.55)


def test_no_warm_up_starts_at_the_highest_rate():
    assert learning_rate(settings(warmup_steps=0, schedule="constant"), 1, 0.0) == 2.0


def test_budget_is_the_nearer_of_steps_and_minutes():
    chosen = settings(max_minutes=10)
    assert budget_spent(chosen, 20, 5) == 0.5
    assert budget_spent(chosen, 80, 5) == 0.8
    assert budget_spent(chosen, 300, 5) == 1.0
    assert math.isclose(budget_spent(settings(max_steps=0, patience=1), 20, 5), 0.0)
