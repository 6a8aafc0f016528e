"""Anything at all sent to the named endpoints: an answer or a refusal, never a surprise."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.endpoints import compare_endpoint, score_endpoint, summarize_endpoint
from demo.library import Library
from demo.serving.calls import Call, under_way
from demo.serving.limits import Limits
from model.options import DecodingOptions
from tests.demo.made import SOURCE_TEXT
from tests.serving.asking import API

PATHS = ("queue/join", "run/predict", "call/v2/score", "cancel")
CASES = int(os.environ.get("GISTSCOPE_FUZZ_CASES", "40"))  # of each test here
ENOUGH = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
DEFAULTS = DecodingOptions(max_new_tokens=4, num_beams=2, record_top_k=2).to_dict()
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
TEXTS = st.just(SOURCE_TEXT) | st.text(max_size=80) | ANYTHING
SMALL = {"max_new_tokens": st.integers(-1, 6), "num_beams": st.integers(-1, 4)}
CHANGES = st.fixed_dictionaries({}, optional=dict.fromkeys(DEFAULTS, ANYTHING) | SMALL)


@pytest.fixture(scope="module")
def library(model_folder: Path) -> Library:
    return Library([model_folder])


def answered(function: Callable[..., Any], *values: Any) -> bool:
    """Whether it answered; a refusal has to be one that says something."""
    with under_way(Call(limits=Limits(text_characters=500, run_seconds=5))):
        try:
            function(*values)
        except gr.Error as error:
            if not error.message:
                raise AssertionError("a refusal without a word") from error
            return False
    return True


@ENOUGH
@given(text=TEXTS, changes=CHANGES)
def test_summarize_answers_or_refuses(library: Library, text: Any, changes: Any) -> None:
    answered(summarize_endpoint(library), text, "", "", *(DEFAULTS | changes).values())


@ENOUGH
@given(st.tuples(TEXTS, TEXTS, ANYTHING, ANYTHING))
def test_score_answers_or_refuses(library: Library, values: tuple[Any, ...]) -> None:
    answered(score_endpoint(library), *values)


@ENOUGH
@given(text=TEXTS, options=ANYTHING | CHANGES, other=ANYTHING | CHANGES)
def test_compare_answers_or_refuses(library: Library, text: Any, options: Any, other: Any) -> None:
    small = DEFAULTS | options if isinstance(options, dict) else options
    answered(compare_endpoint(library), text, "", "", small, "", other)


def test_the_fuzz_reaches_the_model(library: Library) -> None:
    assert answered(summarize_endpoint(library), SOURCE_TEXT, "", "", *DEFAULTS.values())


@pytest.fixture(scope="module")
def visitor(serving: Callable[..., str], library: Library) -> httpx.Client:
    address = serving(library, Limits(requests_per_minute=10**6, queue_length=1000))
    return httpx.Client(base_url=address, timeout=60)


@pytest.mark.slow
@ENOUGH
@given(
    body=ANYTHING, path=st.sampled_from(["queue/join", "run/predict", "call/v2/score", "cancel"])
)
def test_no_body_breaks_the_server(visitor: httpx.Client, body: Any, path: str) -> None:
    try:
        answer = visitor.post(f"{API}/{path}", json=body)
    except (ValueError, UnicodeEncodeError):  # no JSON can say it
        return
    assert answer.status_code < 500, answer.text
