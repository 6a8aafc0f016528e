"""A moving average of a model's weights: smoother than the last ones, and what is deployed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn


class MovingAverage:
    """average = decay average + (1 - decay) weights, after every step.

    Early on the decay is (1 + step) / (10 + step), so that the first weights are soon forgotten.
    A decay of 0 keeps the weights themselves.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self._live = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self.weights = {name: p.detach().clone() for name, p in self._live.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after step number `step`."""
        decay = min(self.decay, (1 + step) / (10 + step))
        live = [parameter.detach() for parameter in self._live.values()]
        torch._foreach_lerp_(list(self.weights.values()), live, 1 - decay)

    @torch.no_grad()
    def restore(self, weights: dict[str, Tensor]) -> None:
        """Continue from saved averages."""
        for name, average in self.weights.items():
            average.copy_(weights[name])

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """The model has the averaged weights inside the `with`, its own again behind it."""
        own = {name: parameter.detach().clone() for name, parameter in self._live.items()}
        self._put(self.weights)
        try:
            yield
        finally:
            self._put(own)

    @torch.no_grad()
    def _put(self, weights: dict[str, Tensor]) -> None:
        for name, parameter in self._live.items():
            parameter.copy_(weights[name])
