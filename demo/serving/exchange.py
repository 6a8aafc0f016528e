"""What the inside of the server knows of one HTTP exchange that its edge has to know, too."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(eq=False)
class Exchange:
    """One request and its answer; changes while it is handled."""

    failed: bool = False  # a function of ours broke: not the visitor's fault


_CURRENT: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


def begin() -> Exchange:
    """A new exchange, current in this task and in the threads it starts."""
    exchange = Exchange()
    _CURRENT.set(exchange)
    return exchange


def exchange() -> Exchange:
    """The current one; a queued call runs outside of any and gets one that nobody reads."""
    return _CURRENT.get() or Exchange()
