"""The learning rate as a function of step and budget alone, so that a run resumes exactly."""

from __future__ import annotations

import math

from model.training.settings import TrainingSettings


def learning_rate(settings: TrainingSettings, step: int, spent: float) -> float:
    """The rate of step `step` (from 1) when the share `spent` in [0, 1] of the budget is gone.

    Linear warm-up, then as `schedule` says: "inverse_sqrt" is lr sqrt(warmup / step) (Vaswani et
    al. 2017); "linear" and "cosine" fall to lr final_ratio at the budget's end.
    """
    highest, warmup = settings.learning_rate, settings.warmup_steps
    if step < warmup:
        return highest * step / warmup
    if settings.schedule == "inverse_sqrt":
        return highest * math.sqrt(max(1, warmup) / max(1, step))
    if settings.schedule == "linear":
        fall = 1 - spent
    elif settings.schedule == "cosine":
        fall = 0.5 * (1 + math.cos(math.pi * spent))
    else:
        return highest
    return highest * (settings.final_ratio + (1 - settings.final_ratio) * fall)


def budget_spent(settings: TrainingSettings, step: int, minutes: float) -> float:
    """The share of the budget that is gone: of steps or of minutes, whichever is nearer its end."""
    shares = [0.0]
    if settings.max_steps:
        shares.append(step / settings.max_steps)
    if settings.max_minutes:
        shares.append(minutes / settings.max_minutes)
    return min(1.0, max(shares))
