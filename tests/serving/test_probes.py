"""Every probe of a stranger against a really running page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.library import Library
from demo.serving.headers import HEADERS
from demo.serving.limits import Limits
from demo.serving.metrics import Metrics
from model.summarizer import Summarizer
from tests.demo.made import SOURCE_TEXT
from tests.serving.asking import API, call, eventually, functions

QUEUE = 2


class GatedLibrary(Library):
    """A run waits at the gate; one over a text with "BREAK" in it fails in our own code."""

    def __init__(self, folders: list[Path]) -> None:
        super().__init__(folders)
        self.gate = threading.Event()
        self.gate.set()

    def get(self, name: str | None = None) -> Summarizer:
        assert self.gate.wait(60)
        if name == "break":
            raise RuntimeError("SECRET of the visitor")
        return super().get(name)


@pytest.fixture(scope="module")
def library(model_folder: Path) -> GatedLibrary:
    return GatedLibrary([model_folder])


@pytest.fixture(scope="module")
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture(scope="module")
def address(serving: Callable[..., str], library: GatedLibrary, metrics: Metrics) -> str:
    limits = Limits(queue_length=QUEUE, requests_per_minute=10_000, text_characters=5_000)
    return serving(library, limits, metrics)


@pytest.fixture(scope="module")
def visitor(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client


def test_the_queue_can_not_be_skipped_by_name_or_number(visitor: httpx.Client) -> None:
    queued = [one for one in functions(visitor) if one["queue"]]
    assert len(queued) > 5
    for one in queued:
        for path in ("run", "api"):
            answer = visitor.post(f"{API}/{path}/{one['api_name']}", json={"data": []})
            assert answer.status_code == 404
        by_number = {"data": [], "fn_index": one["id"]}
        assert visitor.post(f"{API}/run/predict", json=by_number).status_code == 404


@pytest.mark.slow
def test_what_answers_at_once_never_runs_a_model_and_never_breaks(visitor: httpx.Client) -> None:
    junk: list[Any] = [None, ["x"] * 3, [{"a": 1}] * 30, [10**30, [[]]] * 2]
    for one in functions(visitor):
        if one["queue"] or not one["backend_fn"]:
            continue
        for data in junk:
            body = {"data": data, "fn_index": one["id"]}
            answer = visitor.post(f"{API}/run/predict", json=body)
            assert answer.status_code in (200, 400, 422), (one["api_name"], data, answer.text)


def test_private_functions_wait_in_the_same_queue(
    visitor: httpx.Client, library: GatedLibrary
) -> None:
    private = [
        one
        for one in functions(visitor)
        if one["queue"] and one["api_visibility"] == "private" and one["backend_fn"]
    ]
    named = next(one for one in private if one["api_name"] == "summarize_1")
    library.gate.clear()
    try:
        answers = []
        for number in range(QUEUE + 6):
            if number % 2:
                path = f"{API}/call/v2/summarize"
                answers.append(visitor.post(path, json={"text": SOURCE_TEXT}))
            else:
                body = {
                    "data": [None, "A text.", *[None] * (len(named["inputs"]) - 2)],
                    "fn_index": named["id"],
                    "session_hash": f"s{number}",
                }
                answers.append(visitor.post(f"{API}/queue/join", json=body))
        refused = [one for one in answers if one.status_code == 503]
        assert len(refused) >= 3
        assert "2 runs wait already" in refused[0].text
        assert "GISTSCOPE_QUEUE_LENGTH" in refused[0].text
        assert refused[0].headers["retry-after"]
    finally:
        library.gate.set()
    assert eventually(lambda: call(visitor, "summarize", text=SOURCE_TEXT)[0] == "complete")


@pytest.mark.parametrize(
    "body",
    [
        {"data": [], "fn_index": 10_000, "session_hash": "a"},
        {"data": [], "fn_index": -1, "session_hash": "a"},
        {"data": [], "session_hash": "a"},
        {"data": "no list", "fn_index": 1, "session_hash": "a"},
        {"fn_index": "<b>", "session_hash": 7},
        [],
        "text",
    ],
)
def test_a_senseless_request_is_its_senders_fault(visitor: httpx.Client, body: Any) -> None:
    for path in ("queue/join", "run/predict", "call/nothing", "call/v2/nothing", "cancel"):
        answer = visitor.post(f"{API}/{path}", json=body)
        assert 400 <= answer.status_code < 500, (path, answer.text)
    assert visitor.get("/health").text == "alive"


@pytest.mark.parametrize("event", ["nothing", "%00"])
def test_waiting_for_a_run_that_does_not_exist_ends_with_an_error(
    visitor: httpx.Client, event: str
) -> None:
    answer = visitor.get(f"{API}/call/summarize/{event}")
    assert "event: error" in answer.text


def test_a_long_text_is_refused_by_rest_whatever_the_box_allows(visitor: httpx.Client) -> None:
    event, said = call(visitor, "summarize", text="x" * 5_001)
    assert event == "error"
    assert "5,001 characters, the limit is 5,000 (GISTSCOPE_TEXT_CHARACTERS)" in str(said)


def test_a_failure_tells_nothing_and_harms_nobody(
    visitor: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    event, said = call(visitor, "summarize", text="my diary", model="break")
    assert event == "error"
    assert "failed on the server" in str(said)
    assert "SECRET" not in str(said)
    assert call(visitor, "summarize", text=SOURCE_TEXT)[0] == "complete"
    written = "".join(capfd.readouterr())
    assert "SECRET" not in written.replace("RuntimeError: SECRET", "")  # pytest's own log capture
    assert "my diary" not in written


def test_gradio_does_not_print_what_a_stranger_sent(
    visitor: httpx.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    body = {"data": ["my diary"] * 3, "fn_index": 0, "session_hash": "printed"}
    visitor.post(f"{API}/queue/join", json=body)
    visitor.post(f"{API}/run/predict", json=body)
    light = next(one for one in functions(visitor) if not one["queue"] and one["inputs"])
    visitor.post(f"{API}/run/predict", json={**body, "fn_index": light["id"]})
    assert call(visitor, "summarize", text=SOURCE_TEXT)[0] == "complete"  # the queue is through
    assert "my diary" not in "".join(capfd.readouterr())


def test_every_answer_carries_the_headers(visitor: httpx.Client) -> None:
    for path in ("/", "/config", "/gradio_api/nothing", "/health", "/assets/nothing"):
        answer = visitor.get(path)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS, path
    embedded = "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
    assert embedded in HEADERS["content-security-policy"]


def test_health_and_readiness_answer_without_a_login(visitor: httpx.Client) -> None:
    assert visitor.get("/health").status_code == 200
    assert visitor.get("/ready").text == "ready"


def test_the_privacy_page_is_there(visitor: httpx.Client) -> None:
    answer = visitor.get("/privacy")
    assert answer.status_code == 200
    assert "What happens to your text" in answer.text


def test_figures_count_calls_and_refusals_and_no_text(
    visitor: httpx.Client, metrics: Metrics
) -> None:
    from prometheus_client import generate_latest

    assert call(visitor, "summarize", text=SOURCE_TEXT)[0] == "complete"
    visitor.get("/monitoring")
    shown = generate_latest(metrics.registry).decode()
    assert 'gistscope_calls_total{endpoint="summarize",outcome="done"}' in shown
    assert 'gistscope_refused_total{reason="address"}' in shown
    assert 'gistscope_calls_running{endpoint="summarize"} 0.0' in shown
    written = metrics.registry.get_sample_value("gistscope_tokens_total", {"endpoint": "summarize"})
    assert written is not None
    assert written > 0
    assert "council" not in shown
