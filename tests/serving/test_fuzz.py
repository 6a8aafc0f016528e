"""Anything at all sent to the page: an answer or a refusal, never a surprise.

`GISTSCOPE_FUZZ_CASES=2000 python -m pytest tests/serving/test_fuzz*.py` tries longer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio_client import Client
from hypothesis import given
from hypothesis import strategies as st

from demo.endpoints import compare_endpoint, score_endpoint, summarize_endpoint
from demo.library import Library
from demo.serving.calls import Call, under_way
from demo.serving.limits import Limits
from demo.serving.metrics import Metrics
from model.options import DecodingOptions
from tests.demo.made import SOURCE_TEXT
from tests.serving.asking import API, call, eventually, functions
from tests.serving.mutating import EDITS, ENOUGH, harmless, mutated

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


class Page:
    """A served page, and what went wrong on it so far."""

    def __init__(self, address: str, metrics: Metrics) -> None:
        self.address, self.metrics = address, metrics
        self.visitor = httpx.Client(base_url=address, timeout=60)
        self.functions = [one for one in functions(self.visitor) if one["backend_fn"]]

    def failures(self) -> list[str]:
        """Functions of ours that broke."""
        return [
            sample.labels["endpoint"]
            for family in self.metrics.registry.collect()
            for sample in family.samples
            if sample.name == "gistscope_calls_total" and sample.labels["outcome"] == "failed"
        ]


@pytest.fixture(scope="module")
def served(serving: Callable[..., str], library: Library) -> Page:
    metrics = Metrics()
    limits = Limits(requests_per_minute=10**6, queue_length=1000, run_seconds=5)
    return Page(serving(library, limits, metrics), metrics)


def is_sound(served: Page, answer: httpx.Response) -> bool:
    """Whether it is no surprise; a queue that is full is none."""
    queue_full = answer.status_code == 503 and "GISTSCOPE_QUEUE_LENGTH" in answer.text
    return (answer.status_code < 500 or queue_full) and not served.failures()


@pytest.mark.slow
@ENOUGH
@given(
    body=ANYTHING, path=st.sampled_from(["queue/join", "run/predict", "call/v2/score", "cancel"])
)
def test_no_body_breaks_the_server(served: Page, body: Any, path: str) -> None:
    try:
        answer = served.visitor.post(f"{API}/{path}", json=body)
    except (ValueError, UnicodeEncodeError):  # no JSON can say it
        return
    assert is_sound(served, answer), answer.text


@pytest.mark.slow
@ENOUGH
@given(
    place=st.integers(0, 1000),
    value=st.lists(ANYTHING, min_size=40, max_size=40) | ANYTHING,
    event=ANYTHING,
)
def test_no_value_breaks_any_function_of_the_page(
    served: Page, place: int, value: Any, event: Any
) -> None:
    chosen = served.functions[place % len(served.functions)]
    data = value[: len(chosen["inputs"])] if isinstance(value, list) else value
    body = {"data": data, "fn_index": chosen["id"], "session_hash": "fuzz", "event_data": event}
    path = "queue/join" if chosen["queue"] else "run/predict"
    try:
        answer = served.visitor.post(f"{API}/{path}", json=body)
    except (ValueError, UnicodeEncodeError):
        return
    assert is_sound(served, answer), (chosen["api_name"], served.failures(), answer.text)


REQUEST = json.dumps({"data": [SOURCE_TEXT, "", ""], "fn_index": 0, "session_hash": "x"}).encode()
FORM = (
    b"--x\r\ncontent-disposition: form-data; name=files; filename=a.pdf\r\n\r\n%PDF-\r\n--x--\r\n"
)


@pytest.mark.slow
@ENOUGH
@given(edits=EDITS, form=st.booleans(), path=st.binary(max_size=12))
def test_no_bytes_break_the_server(served: Page, edits: Any, form: bool, path: bytes) -> None:
    kind = "multipart/form-data; boundary=x" if form else "application/json"
    content = mutated(FORM if form else REQUEST, edits)
    target = f"{API}/{'upload' if form else 'queue/join'}"
    with harmless(seconds=30):
        answer = served.visitor.post(target, content=content, headers={"content-type": kind})
        assert is_sound(served, answer), answer.text
        quoted = "".join(f"%{byte:02x}" for byte in path)
        for prefix in ("/", f"{API}/", f"{API}/file=", f"{API}/call/v2/"):
            assert is_sound(served, served.visitor.get(prefix + quoted))


@pytest.mark.slow
@ENOUGH
@given(
    name=st.sampled_from(["/summarize", "/score", "/compare"]),
    values=st.lists(TEXTS, min_size=1, max_size=5),
)
def test_no_call_by_a_client_program_breaks_the_server(
    served: Page, client: Client, name: str, values: list[Any]
) -> None:
    try:
        client.predict(*values, api_name=name)
    except Exception as error:  # whatever the client makes of a refusal
        assert "failed on the server" not in str(error)  # noqa: PT017
    assert not served.failures()


@pytest.fixture(scope="module")
def client(served: Page) -> Client:
    return Client(served.address, verbose=False)


@pytest.mark.slow
def test_after_all_that_the_page_still_answers(served: Page) -> None:
    def answers() -> bool:
        return (
            call(served.visitor, "summarize", text=SOURCE_TEXT, max_new_tokens=4)[0] == "complete"
        )

    assert eventually(answers, 60)
    assert not served.failures()
