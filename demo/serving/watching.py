"""Every function of a page run as a `Call`: timed, counted, logged, and never failing aloud."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from demo.serving.calls import Call, Elsewhere, stepped, under_way
from demo.serving.exchange import exchange
from demo.serving.limits import Limits
from demo.serving.metrics import Metrics

LOG = logging.getLogger(__name__)
FAILED = "This failed on the server; its log says what happened."


@dataclass(frozen=True)
class Watch:
    """What all calls of one server share."""

    limits: Limits
    metrics: Metrics
    halted: list[bool] = field(default_factory=list)  # not empty once the server stops
    elsewhere: Elsewhere | None = None  # where runs are made; None is here

    def over(self, page: gr.Blocks) -> None:
        """Watch every function of the page from now on."""
        for function in page.fns.values():
            if function.fn is not None:
                name = function.api_name if function.api_visibility == "public" else function.name
                function.fn = self.watched(function.fn, str(name))

    def watched(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """The same function, watched; signature and kind (generator or not) stay."""
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generates(*values: Any, **named: Any) -> Iterator[Any]:
                call = self._call(name)
                with self._told(call):
                    yield from stepped(call, function(*values, **named))

            return generates

        @functools.wraps(function)
        def runs(*values: Any, **named: Any) -> Any:
            call = self._call(name)
            with self._told(call), under_way(call):
                return function(*values, **named)

        return runs

    def _call(self, name: str) -> Call:
        return Call(name, self.limits, self.halted, self.elsewhere)

    @contextmanager
    def _told(self, call: Call) -> Iterator[None]:
        """How the call ended, to the log and the figures; a surprise becomes a fixed message."""
        self.metrics.began(call)
        try:
            yield
        except gr.Error as error:
            call.failed(error.__cause__ or error, "refused")
            raise
        except GeneratorExit:
            call.outcome = "cancelled"
            raise
        except Exception as error:
            call.failed(error, "failed")
            exchange().failed = True
            LOG.exception("A call failed", extra={"call": call.id, "endpoint": call.endpoint})
            # Gradio would print the error, which may quote a visitor's text.
            raise gr.Error(FAILED, print_exception=False) from error
        finally:
            self.metrics.ended(call)
            LOG.info(
                "call",
                extra={
                    "call": call.id,
                    "endpoint": call.endpoint,
                    "outcome": call.outcome,
                    "seconds": round(call.seconds, 3),
                    "tokens": call.tokens,
                }
                | ({"kind": call.kind} if call.kind else {}),
            )
