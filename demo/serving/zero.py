"""Runs on Hugging Face's ZeroGPU, where a function under `spaces.GPU` works in a forked process.

All that goes in and out is copied there, what changes stays there, and an error loses its message
and is printed, with whatever text it quotes. So one generator is decorated, for every model and
kind of run: it takes and gives plain values and never raises. Where the package `spaces` is not
installed, or its decorator does nothing, as on any other machine, runs stay where they are.
"""

from __future__ import annotations

import dataclasses
import importlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
import torch

from demo.library import Library
from demo.serving.calls import Call, Elsewhere, stepped, under_way
from model.summarizer import Summarizer

LOG = logging.getLogger(__name__)
PACKAGE = "spaces"
MARGIN = 5  # seconds beyond a run's own limit, to begin and to hand over


@dataclass(frozen=True)
class Asked:
    """One method of a model's `Summarizer`, and what to give it."""

    model: str
    method: str
    values: tuple[Any, ...]
    named: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """A `ValueError` of the worker."""

    message: str


@dataclass(frozen=True)
class Failed:
    """Anything else; the worker has logged what."""


def elsewhere(library: Library, run_seconds: int) -> Elsewhere | None:
    """How a call has its runs made in a worker; None where they are made here.

    Opens every model: the worker is a copy of this process, and finds them open.
    """
    decorate = _decorator()
    if decorate is None:
        return None
    home = os.getpid()

    def run(asked: Asked, call: Call) -> Iterator[tuple[Any, bool]]:
        if os.getpid() != home:
            torch.set_num_threads(1)  # those of OpenMP do not live through a fork
        yield from _tried(library, asked, call)

    decorated = decorate(duration=run_seconds + MARGIN)(run)
    if decorated is run:
        return None
    for name in library.names:
        library.get(name)
    return lambda call, *asked: _received(decorated(Asked(*asked), _copied(call)), call)


def _decorator() -> Callable[..., Any] | None:
    try:
        return importlib.import_module(PACKAGE).GPU
    except ImportError:
        return None


def _copied(call: Call) -> Call:
    """What of a call can travel."""
    return dataclasses.replace(call, elsewhere=None, halted=[])


def _tried(library: Library, asked: Asked, call: Call) -> Iterator[tuple[Any, bool]]:
    """Each value of a run, and whether the run was told to end; a fault is a value, too."""
    try:
        with under_way(call):
            method = getattr(Summarizer, asked.method)  # the limits were looked at before
            made = method(library.get(asked.model), *asked.values, **asked.named)
        for value in stepped(call, made if isinstance(made, Iterator) else iter([made])):
            yield value, call.was_cut
    except ValueError as error:
        yield Refused(str(error)), False
    except Exception:
        LOG.exception("A run failed", extra={"call": call.id, "endpoint": call.endpoint})
        yield Failed(), False


def _received(values: Iterator[tuple[Any, bool]], call: Call) -> Iterator[Any]:
    """The values as if they had been made here, and the call told what happened to it there."""
    try:
        for value, was_cut in values:
            if isinstance(value, Refused):
                raise ValueError(value.message)
            if isinstance(value, Failed):
                raise RuntimeError("a run failed in its worker")
            if was_cut:
                call.cut()
            yield value
    except gr.Error as error:  # of ZeroGPU itself: no quota, no GPU, out of time
        raise ValueError(error.message) from error
