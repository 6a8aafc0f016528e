"""Answers that nobody fetched: few are kept, so that visitors who leave don't fill the memory.

Gradio keeps the messages of the last 2,000 visitors, a megabyte or more each where a record is
in them, and drops the oldest visitor's first, even while that one's run is under way.
"""

from __future__ import annotations

from asyncio import Queue
from typing import Any

import gradio as gr
from gradio.utils import LRUCache


class Mailboxes(LRUCache[str, "Queue[Any]"]):
    """One box a visitor, at most `most` besides those whose runs wait or are under way."""

    def __init__(self, page: gr.Blocks, most: int) -> None:
        super().__init__(most)
        self._page = page

    def __setitem__(self, visitor: str, box: Queue[Any]) -> None:
        if visitor not in self and len(self) >= self.max_size:
            events = self._page._queue.event_ids_to_events.values()
            busy = {event.session_hash for event in list(events)}
            oldest = next((one for one in self if one not in busy), None)
            if oldest is not None:
                del self[oldest]
                self._page._queue.pending_event_ids_session.pop(oldest, None)
            else:  # all are busy: their number is the queue's, which has a limit of its own
                self.max_size += 1
        super().__setitem__(visitor, box)


def keep_few(page: gr.Blocks, most: int) -> None:
    """Give the page's queue such boxes. Call it after `page.queue`."""
    page._queue.pending_messages_per_session = Mailboxes(page, most)
