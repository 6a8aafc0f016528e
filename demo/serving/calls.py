"""One call of one function of the page: how long it may take, what it wrote, how it ended.

The call that is under way in a thread is found by `current`, so that a model can ask for its limits
without any function in between knowing of them.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

from demo.serving.limits import Limits
from model.options import DecodingOptions

Outcome = Literal["done", "refused", "cut", "cancelled", "failed"]

CUT = "The summary was cut after {seconds} seconds, the limit of one run (GISTSCOPE_RUN_SECONDS)."
STOPPED = "The summary was cut: the server is being restarted."


@dataclass(eq=False)
class Call:
    """Changes while it runs: the only record here that does. One per call, never shared."""

    endpoint: str = ""
    limits: Limits = field(default_factory=Limits)
    halted: list[bool] = field(default_factory=list)  # not empty once the server stops
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    started: float = field(default_factory=time.monotonic)
    outcome: Outcome = "done"
    tokens: int = 0  # that the model wrote
    was_cut: bool = False  # a run was told to end

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.started

    def over(self) -> bool:
        """Whether a run has to end here. Asked once a step; remembers that it said so."""
        if self.halted or self.seconds > self.limits.run_seconds:
            self.was_cut = True
            self.outcome = "cut"
        return self.was_cut

    def why_cut(self) -> str:
        """A sentence for people."""
        return STOPPED if self.halted else CUT.format(seconds=self.limits.run_seconds)


_CURRENT: ContextVar[Call | None] = ContextVar("call", default=None)


def current() -> Call | None:
    """The call under way here; None outside of a served page."""
    return _CURRENT.get()


@contextmanager
def under_way(call: Call) -> Iterator[None]:
    """Make `call` the current one. Never around a `yield` of a generator: it would leak."""
    token = _CURRENT.set(call)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def rows_of(options: DecodingOptions) -> int:
    """Rows of the decoder that a search keeps busy."""
    return options.top_k if options.penalty_alpha is not None else options.num_beams
