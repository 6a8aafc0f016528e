"""Runs on Hugging Face's ZeroGPU, where a function under `spaces.GPU` works in a forked process.

One generator is decorated, for every model and kind of run. Where the package `spaces` is not
installed, or its decorator does nothing, as on any other machine, runs stay where they are.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr
import torch

from demo.library import Library
from demo.serving.away import Asked, portable, received, tried
from demo.serving.calls import Call, Elsewhere

PACKAGE = "spaces"
MARGIN = 5  # seconds beyond a run's own limit, to begin and to hand over


def zero_gpu(library: Library, run_seconds: int) -> Elsewhere | None:
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
        yield from tried(library, asked, call)

    decorated = decorate(duration=run_seconds + MARGIN)(run)
    if decorated is run:
        return None
    for name in library.names:
        library.get(name)

    def elsewhere(call: Call, *asked: Any) -> Iterator[Any]:
        try:
            yield from received(decorated(Asked(*asked), portable(call)), call)
        except gr.Error as error:  # of ZeroGPU itself: no quota, no GPU, out of time
            raise ValueError(error.message) from error

    return elsewhere


def _decorator() -> Callable[..., Any] | None:
    try:
        return importlib.import_module(PACKAGE).GPU
    except ImportError:
        return None
