"""What visitors leave behind is bounded, and no run under way loses its answer for it."""

from __future__ import annotations

from asyncio import Queue
from types import SimpleNamespace

from demo.serving.mailboxes import Mailboxes


def page_with(*busy: str) -> SimpleNamespace:
    events = {str(place): SimpleNamespace(session_hash=one) for place, one in enumerate(busy)}
    waiting = {one: {"0"} for one in "abcdef"}
    queue = SimpleNamespace(event_ids_to_events=events, pending_event_ids_session=waiting)
    return SimpleNamespace(_queue=queue)


def filled(page: SimpleNamespace, visitors: str, most: int) -> Mailboxes:
    boxes = Mailboxes(page, most)  # type: ignore[arg-type]
    for visitor in visitors:
        boxes[visitor] = Queue()
    return boxes


def test_the_oldest_goes_with_all_that_was_kept_of_it() -> None:
    page = page_with()
    assert list(filled(page, "abcd", 2)) == ["c", "d"]
    assert set(page._queue.pending_event_ids_session) == {"c", "d", "e", "f"}


def test_whoever_has_a_run_under_way_stays() -> None:
    assert list(filled(page_with("a"), "abcd", 2)) == ["a", "d"]
    assert list(filled(page_with("a", "b"), "abc", 2)) == ["a", "b", "c"]


def test_a_box_that_is_there_pushes_nobody_out() -> None:
    assert sorted(filled(page_with(), "abab", 2)) == ["a", "b"]
