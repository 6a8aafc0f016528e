"""Stop, as a run hears of it: between two of its steps, without waiting for the page.

Gradio can end a run only when it hands something to the page, which happens 25 times a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from model.long_documents import DocumentUpdate
from model.summarizer import StreamUpdate

Update = TypeVar("Update", DocumentUpdate, StreamUpdate)


class Halt:
    """How often one visitor pressed Stop. All else of a visitor is a value; this has to change."""

    def __init__(self) -> None:
        self.presses = 0

    def press(self) -> None:
        """Ends the runs that are under way, and none that begins later."""
        self.presses += 1


def press(halt: Halt) -> None:
    """The Stop button's answer."""
    halt.press()


def until_halted(updates: Iterator[Update], halt: Halt) -> Iterator[Update]:
    """The updates that show something new; they end at the step during which Stop was pressed."""
    before, newest = halt.presses, None
    for update in updates:
        if halt.presses != before:
            return
        if update != newest:
            newest = update
            yield update
