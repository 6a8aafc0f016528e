"""Limits are settings, and every refusal names its value, its limit and its setting."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import pytest

from demo.halting import Halt
from demo.handlers import Handlers
from demo.library import Library
from demo.serving.bounded import BoundedSummarizer
from demo.serving.calls import Call, under_way
from demo.serving.limits import LimitError, Limits, variable
from demo.session import Session
from demo.settings.controls import CONTROLS
from model.options import DecodingOptions
from model.summarizer import Summarizer
from tests.demo.made import SOURCE_TEXT

LONG = DecodingOptions(num_beams=2, min_new_tokens=100, max_new_tokens=150, no_repeat_ngram_size=0)


@pytest.fixture(scope="module")
def bounded(model_folder: Path) -> Summarizer:
    return BoundedSummarizer.load(model_folder)


def test_every_limit_is_an_environment_variable() -> None:
    for place, field in enumerate(dataclasses.fields(Limits), 2):
        assert getattr(Limits.from_environment({variable(field.name): str(place)}), field.name) == (
            place
        )


@pytest.mark.parametrize("value", ["-1", "many", "1e9", "٣", "9" * 40, "0"])
def test_a_setting_that_can_not_be_is_refused_by_name(value: str) -> None:
    with pytest.raises(LimitError, match="GISTSCOPE_RUN_SECONDS must be"):
        Limits.from_environment({"GISTSCOPE_RUN_SECONDS": value})


def test_where_a_gpu_is_shared_a_run_is_short_unless_it_says_otherwise() -> None:
    assert Limits.from_environment({"SPACES_ZERO_GPU": "true"}).run_seconds == 30
    both = {"SPACES_ZERO_GPU": "true", "GISTSCOPE_RUN_SECONDS": "9"}
    assert Limits.from_environment(both).run_seconds == 9


def test_a_space_stands_behind_one_proxy_unless_it_says_otherwise() -> None:
    assert Limits.from_environment({}).trusted_proxies == 0
    assert Limits.from_environment({"SPACE_ID": "a/b"}).trusted_proxies == 1
    both = {"SPACE_ID": "a/b", "GISTSCOPE_TRUSTED_PROXIES": "2"}
    assert Limits.from_environment(both).trusted_proxies == 2


def test_a_space_makes_two_runs_at_once_unless_it_says_otherwise_or_shares_a_gpu() -> None:
    assert Limits.from_environment({}).workers == 0
    assert Limits.from_environment({"SPACE_ID": "a/b"}).workers == 2
    assert Limits.from_environment({"SPACE_ID": "a/b", "GISTSCOPE_WORKERS": "0"}).workers == 0
    assert Limits.from_environment({"SPACE_ID": "a/b", "SPACES_ZERO_GPU": "true"}).workers == 0
    with pytest.raises(LimitError, match="GISTSCOPE_WORKERS must be at most 64, got 65"):
        Limits.from_environment({"GISTSCOPE_WORKERS": "65"})


def test_a_long_text_is_refused_before_it_is_read(bounded: Summarizer) -> None:
    limits = Limits(text_characters=10)
    for run in (bounded.summarize, bounded.stream, bounded.read):
        with (
            under_way(Call(limits=limits)),
            pytest.raises(LimitError, match=r"54 characters, the limit is 10 \(GISTSCOPE_TEXT_CH"),
        ):
            run(SOURCE_TEXT)
    with under_way(Call(limits=limits)), pytest.raises(LimitError, match="the limit is 10"):
        bounded.score("short", SOURCE_TEXT)


def test_beams_times_tokens_times_source_is_limited(bounded: Summarizer) -> None:
    options = DecodingOptions(num_beams=4, max_new_tokens=10)  # over a source of 64 tokens
    with under_way(Call(limits=Limits(run_work=4 * 10 * 64))):
        assert bounded.summarize(SOURCE_TEXT, options).trace.steps
    with (
        under_way(Call(limits=Limits(run_work=4 * 10 * 64 - 1))),
        pytest.raises(LimitError, match=r"is 2,560, the limit is 2,559 \(GISTSCOPE_RUN_WORK\)"),
    ):
        bounded.stream(SOURCE_TEXT, options)


def test_a_run_whose_time_is_over_ends_with_what_it_has(bounded: Summarizer) -> None:
    call = Call(limits=Limits(run_seconds=1))
    with under_way(call):
        updates = bounded.stream(SOURCE_TEXT, LONG)
        next(updates)
        call.started -= 2  # as if the seconds had gone by
        trace = list(updates)[-1].trace
    assert trace is not None
    best = trace.hypotheses[0]
    assert (call.outcome, best.finished, call.tokens) == ("cut", False, len(best.token_ids))
    assert 1 <= len(best.token_ids) == len(trace.steps) < 100
    assert trace.token_log_probs(0).sum() == pytest.approx(best.log_prob, abs=1e-3)
    with under_way(call), pytest.raises(LimitError, match="GISTSCOPE_RUN_SECONDS"):
        bounded.stream(SOURCE_TEXT, LONG)


def test_a_long_document_whose_time_is_short_keeps_what_was_read(model_folder: Path) -> None:
    handler, call = (
        Handlers(Library([model_folder])).summarize,
        Call(limits=Limits(run_seconds=1000)),
    )
    text = "The council kept the library. " * 40
    settings = ("tiny", None, "Balanced", "beam", *(one.start for one in CONTROLS))
    with under_way(call):
        for views in handler(Session(), Halt(), text, *settings):
            if "Part 2" in english(views.summary.get("notice", "")):
                call.started -= 800  # as if the seconds had gone by
    (run,) = views.session.runs
    assert run.text == text
    assert (len(run.parts), run.left_out > 0, call.outcome) == (1, True, "done")
    said = english(views.summary["notice"])
    assert f"Only the first 1 of {1 + run.left_out} parts" in said
    assert "GISTSCOPE_RUN_SECONDS" in said


def english(notice: Any) -> str:
    """A notice with its values in place."""
    said = notice if isinstance(notice, list) else [notice]
    return " ".join(one["key"].format(**one["values"]) for one in said if isinstance(one, dict))


def test_a_run_that_is_in_time_is_the_same_as_alone(
    bounded: Summarizer, model_folder: Path
) -> None:
    with under_way(Call()):
        inside = bounded.summarize(SOURCE_TEXT, LONG)
    assert inside.text == Summarizer.load(model_folder).summarize(SOURCE_TEXT, LONG).text


def test_a_batch_can_be_cut_while_one_of_it_is_done(bounded: Summarizer) -> None:
    call = Call(limits=Limits(run_seconds=5))
    steps = iter(range(1_000))
    call.over = lambda: next(steps) > 3  # type: ignore[method-assign]
    with under_way(call):
        results = bounded.summarize_many([SOURCE_TEXT, "A kettle."], LONG)
    assert all(len(one.trace.hypotheses[0].token_ids) <= 4 for one in results)


def test_a_call_outside_of_a_server_has_the_defaults(bounded: Summarizer) -> None:
    with pytest.raises(LimitError, match="200,000"):
        bounded.summarize("x" * 200_001)


def test_the_clock_of_a_call_is_its_own() -> None:
    first = Call(limits=Limits(run_seconds=1), started=time.monotonic() - 2)
    assert (first.over(), Call(limits=Limits(run_seconds=1)).over()) == (True, False)
