"""Runs under `spaces.GPU`: the same as here, though they are made in a forked process."""

from __future__ import annotations

import logging
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from demo.library import Library
from demo.serving.calls import Call, under_way
from demo.serving.limits import Limits
from demo.serving.zero import zero_gpu
from model.options import DecodingOptions
from model.summarizer import Summarizer
from tests.demo.made import SOURCE_TEXT

OPTIONS = DecodingOptions(num_beams=2, max_new_tokens=12)
NAME = "tiny"


class Zero:
    """Stands for the package: every call in a forked process, and all of it pickled."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.durations: list[int] = []

    def GPU(self, *, duration: int) -> Callable[..., Any]:
        self.durations.append(duration)
        context = multiprocessing.get_context("fork")

        def decorate(task: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
            def work(asked: Any, answers: Any) -> None:
                for value in task(*asked.recv()):
                    answers.send([value])
                answers.send([])

            def run(*values: Any) -> Iterator[Any]:
                if self.refuses:
                    raise gr.Error(self.refuses)
                (asked, asks), (got, answers) = context.Pipe(False), context.Pipe(False)
                process = context.Process(target=work, args=(asked, answers), daemon=True)
                process.start()
                try:
                    asks.send(values)
                    while got.poll(30) and (answer := got.recv()):
                        yield answer[0]
                finally:
                    process.kill()
                    process.join()

            return run

        return decorate


@pytest.fixture
def library(model_folder: Path) -> Library:
    return Library([model_folder])


@pytest.fixture
def call(library: Library, monkeypatch: pytest.MonkeyPatch) -> Call:
    """One whose runs are made elsewhere."""
    zero = Zero()
    monkeypatch.setitem(sys.modules, "spaces", zero)
    away = zero_gpu(library, run_seconds=7)
    assert library.is_open  # before any worker is forked
    assert zero.durations == [12]
    return Call(elsewhere=away)


def same(first: Any, second: Any) -> bool:
    return all(
        getattr(first, name) == getattr(second, name)
        for name in ("hypotheses", "source", "options")
    )


def test_every_kind_of_run_is_the_same_as_here(library: Library, call: Call) -> None:
    alone = library.get()
    ours = alone.summarize(SOURCE_TEXT, OPTIONS)
    scored = alone.score(SOURCE_TEXT, "The library.")
    text = list(alone.continue_from(ours.trace, 0, 1, text=" park"))[-1].text
    with under_way(call):
        updates = list(alone.stream(SOURCE_TEXT, OPTIONS))
        assert updates[-1].trace is not None
        assert same(updates[-1].trace, ours.trace)
        assert same(alone.summarize(SOURCE_TEXT, OPTIONS).trace, ours.trace)
        assert same(alone.score(SOURCE_TEXT, "The library."), scored)
        assert list(alone.continue_from(ours.trace, 0, 1, text=" park"))[-1].text == text
    assert call.tokens > 3 * len(ours.trace.hypotheses[0].token_ids)
    assert call.outcome == "done"


def test_a_refusal_keeps_its_message(library: Library, call: Call) -> None:
    with under_way(call), pytest.raises(ValueError, match="the reference has"):
        library.get().score(SOURCE_TEXT, "word " * 500)
    with under_way(call), pytest.raises(ValueError, match="max_new_tokens must be at most"):
        library.get().stream(SOURCE_TEXT, DecodingOptions(max_new_tokens=900))


def test_a_failure_in_the_worker_tells_no_text(
    library: Library, call: Call, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("my diary")

    monkeypatch.setattr(Summarizer, "summarize_many", broken)
    # As in a served process, where the log's form leaves texts out.
    monkeypatch.setattr(logging.getLogger("demo"), "propagate", False)
    with under_way(call), pytest.raises(RuntimeError, match="failed in its worker"):
        library.get().summarize(SOURCE_TEXT, OPTIONS)
    assert "my diary" not in capfd.readouterr().out


def test_a_run_whose_time_is_over_is_cut_there(library: Library, call: Call) -> None:
    call.limits, call.started = Limits(run_seconds=1), time.monotonic() - 0.9
    long = DecodingOptions(num_beams=2, min_new_tokens=150, max_new_tokens=150)
    with under_way(call):
        updates = []
        for update in library.get().stream(SOURCE_TEXT, long):
            updates.append(update)
            time.sleep(0.01)
    assert updates[-1].trace is not None
    assert not updates[-1].trace.hypotheses[0].finished
    assert (call.outcome, call.was_cut) == ("cut", True)


def test_leaving_early_ends_the_worker(library: Library, call: Call) -> None:
    with under_way(call):
        updates = library.get().stream(SOURCE_TEXT, OPTIONS)
        next(updates)
        updates.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()


def test_what_the_host_refuses_is_said(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spaces", Zero(refuses="no GPU is left today"))
    call = Call(elsewhere=zero_gpu(library, 7))
    with under_way(call), pytest.raises(ValueError, match="no GPU is left today"):
        library.get().summarize(SOURCE_TEXT, OPTIONS)


@pytest.mark.parametrize(
    "package", [None, SimpleNamespace(GPU=lambda duration: lambda task: task)], ids=["none", "idle"]
)
def test_without_the_package_or_its_gpu_nothing_changes(
    library: Library, monkeypatch: pytest.MonkeyPatch, package: Any
) -> None:
    monkeypatch.setitem(sys.modules, "spaces", package)
    assert zero_gpu(library, 7) is None
    assert not library.is_open
