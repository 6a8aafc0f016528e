"""A run that is made in another process of ours: what goes there, what comes back.

All of it is copied on the way, and an error that travels loses its message or is printed, with
whatever text it quotes. So a worker takes and gives plain values and never raises.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from demo.library import Library
from demo.serving.calls import Call, stepped, under_way
from model.summarizer import Summarizer

LOG = logging.getLogger(__name__)


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


def portable(call: Call) -> Call:
    """What of a call can travel."""
    return dataclasses.replace(call, elsewhere=None, halted=())


def tried(library: Library, asked: Asked, call: Call) -> Iterator[tuple[Any, bool]]:
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


def received(values: Iterator[tuple[Any, bool]], call: Call) -> Iterator[Any]:
    """The values as if they had been made here, and the call told what happened to it there."""
    for value, was_cut in values:
        if isinstance(value, Refused):
            raise ValueError(value.message)
        if isinstance(value, Failed):
            raise RuntimeError("a run failed in its worker")
        if was_cut:
            call.cut()
        yield value
