"""The operations of a decoding step, recorded once and replayed without Python. Never in training.

For a few rows Python takes as long to ask for a step's operations as the processor to do them.
TorchScript's tracer writes down which operations a function of tensors asks for, and runs them
itself from then on: the same ones, so the same to the last bit. Recording takes as long as some
hundred steps save, so that it waits for as many.
"""

from __future__ import annotations

import threading
import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from model.weights.prepacked import layout

Tensors = Sequence[Any]  # and None where there is none
Function = Callable[..., Tensors]
Performer = Callable[[nn.Module, Hashable, Function, Tensors], Tensors]

ENOUGH = 64  # calls until recording pays


def perform(model: nn.Module, kind: Hashable, function: Function, inputs: Tensors) -> Tensors:
    """What `function`, which calls parts of `model`, gives for `inputs`, as Python asks for it."""
    return function(*inputs)


class Replay:
    """Performs what is recorded of one model's decoding step."""

    def __init__(self, enough: int = ENOUGH) -> None:
        self._enough = enough
        self._calls: Counter[Hashable] = Counter()
        self._recordings: dict[Hashable, _Recording] = {}
        self._recording = threading.Lock()

    def __call__(
        self, model: nn.Module, kind: Hashable, function: Function, inputs: Tensors
    ) -> Tensors:
        """The same, where all that it depends on besides values and sizes of inputs is in `kind`.

        The first input has as many rows as the step. Python performs it where gradients are asked
        for, and where the rows are so many that it makes no difference.
        """
        read = layout(len(inputs[0]))
        if read == "many" or torch.is_grad_enabled():
            return function(*inputs)
        key = (kind, read, *(value is None for value in inputs))
        recording = self._recordings.get(key)
        if recording is None:
            self._calls[key] += 1
            if self._calls[key] <= self._enough:
                return function(*inputs)
            with self._recording:
                recording = self._recordings.get(key) or _Recording(model, function, inputs)
                self._recordings[key] = recording
        return recording(inputs)


class _Recording:
    """One function, for inputs of which the same are None."""

    def __init__(self, model: nn.Module, function: Function, inputs: Tensors) -> None:
        # The tracer looks at every part that it is given, and no step asks the encoder.
        parts = nn.ModuleList(part for name, part in model.named_children() if name != "encoder")
        # On copies, since what it writes must be written once, and outside of inference mode,
        # whose tensors can't be kept. Called once before, so that all weights are laid out.
        with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer will go one day; this release is pinned
            copies = [None if value is None else value.clone() for value in inputs]
            self._is_given = [value is not None for value in function(*copies)]
            asked = _Asked(parts, function, [value is not None for value in inputs])
            self._replay = torch.jit.trace(asked, _present(copies), check_trace=False)
        del asked.parts, asked._function  # the tracer leaves cycles that would keep the model

    def __call__(self, inputs: Tensors) -> Tensors:
        return _spread(self._replay(*_present(inputs)), self._is_given)


class _Asked(nn.Module):
    """A function of tensors, none of them None, with the parts whose weights it reads."""

    def __init__(self, parts: nn.Module, function: Function, is_given: Sequence[bool]) -> None:
        super().__init__()
        self.parts = parts
        self._function, self._is_given = function, is_given

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        return _present(self._function(*_spread(values, self._is_given)))


def _present(values: Tensors) -> tuple[Tensor, ...]:
    return tuple(value for value in values if value is not None)


def _spread(values: Sequence[Tensor], is_given: Sequence[bool]) -> Tensors:
    rest = iter(values)
    return [next(rest) if given else None for given in is_given]
