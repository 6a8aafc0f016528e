"""One optimizer step over the batches of all workers. Knows losses and gradients, no runs."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import torch
from torch import nn

from model.config import SpecialTokens
from model.tokenizer import Tokenizer
from model.training.data import Batch, Limits, collate
from model.training.denoising import gap_id
from model.training.loss import Losses, Objective
from model.training.packing import PackedSplit
from model.training.rewards import Reward
from model.training.settings import TrainingSettings
from model.training.teacher import Teacher
from model.training.workers import Workers

MAX_SKIPPED = 50  # steps in a row whose gradient is not finite


@dataclass
class Tally:
    """Sums since the last log line."""

    losses: list[Losses] = field(default_factory=list)
    target_tokens: int = 0
    read_tokens: int = 0  # of source and target, without padding
    since: float = field(default_factory=time.monotonic)

    def add(self, losses: Losses, target_tokens: int, read_tokens: int) -> None:
        """Count one batch in; losses stay on their device, so that nothing waits for them."""
        self.losses.append(Losses(*(part.detach() for part in losses)))
        self.target_tokens += target_tokens
        self.read_tokens += read_tokens

    def sums(self) -> list[float]:
        """Objective, negative log-likelihood, target tokens, read tokens."""
        objective = sum(float(losses.objective) for losses in self.losses)
        likelihood = sum(float(losses.negative_log_likelihood) for losses in self.losses)
        return [objective, likelihood, float(self.target_tokens), float(self.read_tokens)]

    def seconds(self) -> float:
        """Since the sums began."""
        return max(1e-9, time.monotonic() - self.since)


class Stepper:
    """Takes steps on one split; keeps the wrapped module and the optimizer between them."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        settings: TrainingSettings,
        workers: Workers,
        tokenizer: Tokenizer,
    ) -> None:
        self.model, self.optimizer = model, optimizer
        self.settings, self.workers = settings, workers
        teacher = Teacher.load(settings, tokenizer, workers.device) if settings.teacher else None
        reward = Reward(tokenizer) if settings.reward_weight else None
        # Validation calls the bare objective: its workers don't all have equally many batches.
        self.objective = Objective(model, settings, teacher, reward)
        self._shared = workers.wrap(self.objective)
        self._limits = Limits.of(settings)
        self._is_bf16 = workers.takes_bf16(settings.precision)
        self._gap_id = gap_id(tokenizer) if settings.denoising else 0
        self._skipped = 0

    def step(
        self, batches: list[np.ndarray], split: PackedSplit, number: int, rate: float
    ) -> tuple[float, Tally]:
        """Step `number` (from 0) at the learning rate `rate`; returns gradient norm and sums.

        Every target token of the step weighs the same, in whichever batch it stands.
        """
        self._shared.train()
        tally = Tally()
        mine = [
            self._collated(split, rows, self._dice(number, place))
            for place, rows in enumerate(batches[self.workers.rank :: self.workers.count])
        ]
        counts = torch.tensor([int(batch.target_mask.sum()) for batch in mine])
        tokens = float(self.workers.sum(counts.sum().double().to(self.workers.device)))
        for place, (batch, count) in enumerate(zip(mine, counts.tolist(), strict=True)):
            torch.manual_seed(self._key(number, place))
            with self.workers.hold_back(self._shared, place < len(mine) - 1):
                losses = self._losses(batch, self._shared)
                # The workers' gradients are averaged, so the sum is multiplied by their number.
                (losses.objective * (self.workers.count / tokens)).backward()
            tally.add(losses, count, count + int(batch.mask.sum()))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        return self._apply(), tally

    def losses(self, split: PackedSplit, rows: np.ndarray) -> Losses:
        """Losses of the rows as they are, for validation."""
        return self._losses(self._collated(split, rows), self.objective)

    def _losses(self, batch: Batch, module: nn.Module) -> Losses:
        device = self.workers.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self._is_bf16):
            return cast(Losses, module(*batch.to(device)))

    def _collated(
        self, split: PackedSplit, rows: np.ndarray, dice: np.random.Generator | None = None
    ) -> Batch:
        """A batch; the `dice` say whether it has gaps, and where."""
        gaps = None
        if dice is not None and dice.random() < self.settings.denoising:
            gaps = (self._gap_id, dice)
        special = cast(SpecialTokens, self.model.config)
        return collate(split, rows, self._limits, special, gaps)

    def _apply(self) -> float:
        """Move the weights unless the gradient is not finite; returns its norm before clipping."""
        limit = self.settings.clip_norm or math.inf
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), limit))
        if math.isfinite(norm):
            self._skipped = 0
            self.optimizer.step()
        else:
            self._skipped += 1
            if self._skipped > MAX_SKIPPED:
                raise ValueError(f"the gradient was not finite {self._skipped} steps in a row")
        self.optimizer.zero_grad(set_to_none=True)
        return norm

    def _key(self, number: int, place: int) -> int:
        """Dropout and gaps depend on seed, step, worker and batch alone: nothing to save."""
        key = (self.settings.seed, number, self.workers.rank, place)
        return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> 1)

    def _dice(self, number: int, place: int) -> np.random.Generator:
        return np.random.default_rng(self._key(number, place))
