"""A visitor's runs as a value."""

from __future__ import annotations

import pytest

from demo.session import MOST_RUNS, Run, Session
from model.trace import Trace


def test_the_newest_run_is_shown_and_an_older_one_can_be(trace: Trace) -> None:
    session = Session().adding(Run(trace, "one")).adding(Run(trace, "two"))
    assert session.run is not None
    assert session.run.label == "two"
    assert session.showing(0).run.label == "one"  # type: ignore[union-attr]
    assert session.run.label == "two"  # a session is a value


def test_the_oldest_runs_are_forgotten(trace: Trace) -> None:
    session = Session()
    for number in range(MOST_RUNS + 3):
        session = session.adding(Run(trace, str(number)))
    assert [run.label for run in session.runs] == [str(n) for n in range(3, MOST_RUNS + 3)]


@pytest.mark.parametrize(("place", "hypothesis"), [(-1, None), (1, None), (0, 1), (0, -1)])
def test_what_does_not_exist_is_not_shown(trace: Trace, place: int, hypothesis: int | None) -> None:
    with pytest.raises(ValueError, match="must be between"):
        Session().adding(Run(trace, "one")).showing(place, hypothesis)
