"""Stop: heard between two steps, by the runs that are under way and by no other."""

from __future__ import annotations

from collections.abc import Iterator

from demo.halting import Halt, press, until_halted
from demo.library import Library
from model.options import DecodingOptions
from model.summarizer import StreamUpdate
from tests.demo.made import SOURCE_TEXT


def steps(made: list[int], texts: list[str]) -> Iterator[StreamUpdate]:
    """An update for every text; `made` counts them."""
    for place, text in enumerate(texts):
        made.append(place)
        yield StreamUpdate(text)


def test_a_run_ends_at_the_step_during_which_stop_was_pressed() -> None:
    halt, made = Halt(), []
    updates = until_halted(steps(made, [*"abcdef"]), halt)
    assert [next(updates).text for _ in range(3)] == ["a", "b", "c"]
    press(halt)
    assert list(updates) == []
    assert len(made) == 4  # the one that could no longer be held back


def test_an_earlier_stop_ends_no_later_run() -> None:
    halt = Halt()
    press(halt)
    assert len(list(until_halted(steps([], [*"abc"]), halt))) == 3


def test_only_what_is_new_is_handed_on() -> None:
    updates = until_halted(steps([], ["a", "a", "b", "b", "b", "c"]), Halt())
    assert [update.text for update in updates] == ["a", "b", "c"]


def test_a_model_hands_over_after_every_step(library: Library) -> None:
    options = DecodingOptions(num_beams=2, min_new_tokens=9, max_new_tokens=12)
    *updates, last = library.get("tiny").stream(SOURCE_TEXT, options, "headline")
    assert last.trace is not None
    assert len(updates) == len(last.trace.steps)
