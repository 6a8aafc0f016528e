"""How a fault reaches the visitor: as a message, never as a page that hangs or a stack of calls."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import gradio as gr

from demo.serving.calls import Outcome, current

LOG = logging.getLogger(__name__)
Given = ParamSpec("Given")
Shown = TypeVar("Shown")


def said(title: str) -> Callable[[Callable[Given, Shown]], Callable[Given, Shown]]:
    """Wraps a handler: a `ValueError` becomes a message with this title, and nothing changes.

    An error, not a warning: Gradio shows no warnings of events that pass by the queue.
    """

    def wrap(handler: Callable[Given, Shown]) -> Callable[Given, Shown]:
        @functools.wraps(handler)
        def guarded(*values: Given.args, **named: Given.kwargs) -> Shown:
            try:
                return handler(*values, **named)
            except ValueError as error:
                raise gr.Error(str(error), title=title, print_exception=False) from error

        return guarded

    return wrap


def warned(error: Exception, title: str, otherwise: str) -> str:
    """Warn of a fault and return the sentence to show in the result's place.

    A `ValueError` speaks for itself; of anything else the visitor is told no more than `otherwise`.
    """
    sentence = str(error)
    noted(error, "refused" if isinstance(error, ValueError) else "failed")
    if not isinstance(error, ValueError):
        # What went wrong is for the log; it could hold paths or other people's text.
        LOG.error("A handler failed", exc_info=error)
        sentence = otherwise
    gr.Warning(sentence, title=title)
    return sentence


def noted(error: Exception, outcome: Outcome = "refused") -> None:
    """Let the log say that the call under way was not carried out, though its function returns."""
    if call := current():
        call.failed(error, outcome)
