"""Runs in workers: real processes, the same summaries as here, and nobody harmed by one's end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from demo.library import Library
from demo.serving.calls import Call, under_way
from demo.serving.limits import Limits
from demo.serving.workers import Workers
from model.options import DecodingOptions
from tests.demo.made import SOURCE_TEXT

pytestmark = pytest.mark.slow  # a process opens its libraries for seconds

OPTIONS = DecodingOptions(num_beams=2, max_new_tokens=12)
LONG = DecodingOptions(num_beams=2, min_new_tokens=150, max_new_tokens=150)


@pytest.fixture(scope="module")
def library(model_folder: Path) -> Library:
    return Library([model_folder])


@pytest.fixture(scope="module")
def workers(library: Library) -> Iterator[Workers]:
    made = Workers(library.places, 1)
    yield made
    made.close()


def run(library: Library, call: Call, options: DecodingOptions = OPTIONS) -> list[Any]:
    with under_way(call):
        return list(library.get().stream(SOURCE_TEXT, options))


def test_every_kind_of_run_is_the_same_as_here(library: Library, workers: Workers) -> None:
    alone, call = library.get(), Call(elsewhere=workers)
    ours = alone.summarize(SOURCE_TEXT, OPTIONS)
    scored = alone.score(SOURCE_TEXT, "The library.")
    text = list(alone.continue_from(ours.trace, 0, 1, text=" park"))[-1].text
    assert run(library, call)[-1].trace.hypotheses == ours.trace.hypotheses
    with under_way(call):
        assert alone.summarize(SOURCE_TEXT, OPTIONS).trace.hypotheses == ours.trace.hypotheses
        assert alone.score(SOURCE_TEXT, "The library.").hypotheses == scored.hypotheses
        assert list(alone.continue_from(ours.trace, 0, 1, text=" park"))[-1].text == text
        with pytest.raises(ValueError, match="the reference has"):
            alone.score(SOURCE_TEXT, "word " * 500)


def test_a_refusal_leaves_nothing_to_the_next_run(library: Library, workers: Workers) -> None:
    expected = library.get().summarize(SOURCE_TEXT, OPTIONS).text
    for _ in range(2):
        with under_way(Call(elsewhere=workers)):
            with pytest.raises(ValueError, match="the reference has") as refused:
                library.get().score(SOURCE_TEXT, "word " * 500)
            assert library.get().summarize(SOURCE_TEXT, OPTIONS).text == expected
        assert refused.value  # kept until here, and with it all that was under way


def test_leaving_early_and_a_halt_end_a_run_and_free_its_worker(
    library: Library, workers: Workers
) -> None:
    with under_way(Call(elsewhere=workers)):
        updates = library.get().stream(SOURCE_TEXT, LONG)
        next(updates)
        updates.close()  # type: ignore[attr-defined]
    halted: list[bool] = []
    call = Call(elsewhere=workers, halted=halted)
    with under_way(call):
        updates = library.get().stream(SOURCE_TEXT, LONG)
        next(updates)
        halted.append(True)
        trace = list(updates)[-1].trace
    assert trace is not None
    assert not trace.hypotheses[0].finished
    assert call.outcome == "cut"
    assert len(run(library, Call(elsewhere=workers))) > 1  # what was said to those is forgotten


def test_a_run_whose_time_is_over_is_cut_there(library: Library, workers: Workers) -> None:
    call = Call(elsewhere=workers, limits=Limits(run_seconds=1), started=time.monotonic() - 0.99)
    assert not run(library, call, LONG)[-1].trace.hypotheses[0].finished
    assert (call.outcome, call.was_cut) == ("cut", True)


def test_a_killed_worker_fails_its_own_run_and_is_replaced(
    library: Library, workers: Workers
) -> None:
    with under_way(Call(elsewhere=workers)):
        updates = library.get().stream(SOURCE_TEXT, LONG)
        next(updates)
        (process,) = workers.processes
        process.kill()
        with pytest.raises(RuntimeError, match="failed in its worker"):
            list(updates)
    assert len(run(library, Call(elsewhere=workers))) > 1
    (replaced,) = workers.processes
    assert replaced.pid != process.pid


def test_more_callers_than_workers_wait_their_turn(library: Library, workers: Workers) -> None:
    expected = library.get().summarize(SOURCE_TEXT, OPTIONS).text
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: run(library, Call(elsewhere=workers)), range(8)))
    assert {updates[-1].text for updates in runs} == {expected}
