"""One call of one function of the page: how long it may take, what it wrote, how it ended.

The call that is under way in a thread is found by `current`, so that a model can ask for its limits
without any function in between knowing of them.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

from demo.serving.limits import Limits
from model.options import DecodingOptions

Outcome = Literal["done", "refused", "cut", "cancelled", "failed"]
# (call, model's name, method, values, named values) → what the method gives, one or many.
Elsewhere = Callable[..., Iterator[Any]]

CUT = "The summary was cut after {seconds} seconds, the limit of one run (GISTSCOPE_RUN_SECONDS)."
READING = 0.7  # of a run's time, for the parts of a long document; the rest is for merging them
STOPPED = "The summary was cut: the server is being restarted."


@dataclass(eq=False)
class Call:
    """Changes while it runs: the only record here that does. One per call, never shared."""

    endpoint: str = ""
    limits: Limits = field(default_factory=Limits)
    halted: Sized = ()  # not empty once the server stops
    elsewhere: Elsewhere | None = None  # makes the runs in another process; None is here
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    started: float = field(default_factory=time.monotonic)
    outcome: Outcome = "done"
    tokens: int = 0  # that the model wrote
    was_cut: bool = False  # a run was told to end
    kind: str = ""  # of the error that it ended with; never what that says

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.started

    def over(self) -> bool:
        """Whether a run has to end here. Asked once a step; remembers that it said so."""
        if self.halted or self.seconds > self.limits.run_seconds:
            self.cut()
        return self.was_cut

    def cut(self) -> None:
        """A run of it was told to end."""
        self.was_cut = True
        self.outcome = "cut"

    def failed(self, error: BaseException, outcome: Outcome) -> None:
        """It was not carried out; what was cut before stays cut."""
        self.kind = type(error).__name__
        if self.outcome == "done":
            self.outcome = outcome

    def why_cut(self) -> str:
        """A sentence for people."""
        return STOPPED if self.halted else CUT.format(seconds=self.limits.run_seconds)


_CURRENT: ContextVar[Call | None] = ContextVar("call", default=None)


def current() -> Call | None:
    """The call under way here; None outside of a served page."""
    return _CURRENT.get()


def limits_now() -> Limits:
    """The limits of the call under way here; the defaults outside of a served page."""
    call = current()
    return call.limits if call else Limits()


def reading_over() -> bool:
    """Whether the parts of a long document that were read so far have to do."""
    call = current()
    return call is not None and call.seconds > READING * call.limits.run_seconds


@contextmanager
def under_way(call: Call) -> Iterator[None]:
    """Make `call` the current one. Never around a `yield` of a generator: it would leak."""
    token = _CURRENT.set(call)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def stepped(call: Call, values: Iterator[Any]) -> Iterator[Any]:
    """The values, with the call under way while each is made and not in between."""
    try:
        while True:
            with under_way(call):
                try:
                    value = next(values)
                except StopIteration:
                    return
            yield value
    finally:
        close = getattr(values, "close", None)
        if close is not None:
            close()


def rows_of(options: DecodingOptions) -> int:
    """Rows of the decoder that a search keeps busy."""
    return options.top_k if options.penalty_alpha is not None else options.num_beams
