"""The served page, asked by programs: named endpoints, limits, and doors that stay shut."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import httpx
import pytest
from gradio_client import Client

from demo.library import Library
from demo.page import build
from demo.server import launch
from demo.serving.limits import Limits
from model.trace import Trace
from tests.demo.made import SOURCE_TEXT

MOST = Limits().body_bytes


@pytest.fixture(scope="module")
def address(model_folder: Path) -> Iterator[str]:
    page = build(Library([model_folder]))
    _, local, _ = launch(page, prevent_thread_lock=True, quiet=True)
    yield local
    page.close(verbose=False)


@pytest.fixture(scope="module")
def client(address: str) -> Client:
    return Client(address, verbose=False)


def test_summarize_needs_nothing_but_a_text(client: Client) -> None:
    summary, trace = client.predict(SOURCE_TEXT, api_name="/summarize")
    assert Trace.from_json(trace).hypotheses[0].text == summary


def test_summarize_takes_options_by_name(client: Client) -> None:
    _, trace = client.predict(
        SOURCE_TEXT, num_beams=1, max_new_tokens=5, style="title", api_name="/summarize"
    )
    found = Trace.from_json(trace)
    assert (found.options["num_beams"], found.source.style, len(found.steps)) == (1, "title", 5)


def test_score_and_compare_answer(client: Client) -> None:
    trace = client.predict(SOURCE_TEXT, "The council kept it.", api_name="/score")
    assert Trace.from_json(trace).hypotheses[0].text == "The council kept it."
    assert len(client.predict(SOURCE_TEXT, api_name="/compare")) == 4


def test_a_fault_reaches_a_program_as_its_message(client: Client) -> None:
    with pytest.raises(Exception, match="the text is empty"):
        client.predict("", api_name="/summarize")
    with pytest.raises(Exception, match="num_beams must be at most 16"):
        client.predict(SOURCE_TEXT, num_beams=64, api_name="/summarize")


def test_a_body_over_the_limit_is_refused(address: str) -> None:
    answer = httpx.post(f"{address}gradio_api/queue/join", content=b"x" * (MOST + 1))
    assert answer.status_code == 413
    assert f"{MOST + 1:,} bytes, the limit is {MOST:,} (GISTSCOPE_BODY_BYTES)" in answer.text


def test_a_body_of_unannounced_length_is_refused_too(address: str) -> None:
    place = urlparse(address)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=20)
    chunks = (b"x" * 1_000_000 for _ in range(MOST // 1_000_000 + 2))
    connection.request(
        "POST", "/gradio_api/queue/join", body=chunks, headers={"Content-Type": "application/json"}
    )
    assert connection.getresponse().status == 413


@pytest.mark.parametrize(
    "path",
    [
        "monitoring",
        "monitoring/summary",
        "openapi.json",
        "docs",
        "gradio_api/openapi.json",
        "gradio_api/deep_link?session_hash=x",
        "gradio_api/proxy=http://127.0.0.1/",
        "gradio_api/vibe-code",
        "gradio_api/token",
        "gradio_api/runs",
    ],
)
def test_what_a_visitor_does_not_need_is_not_there(address: str, path: str) -> None:
    assert httpx.get(address + path).status_code == 404


def test_no_file_of_the_machine_is_served(address: str) -> None:
    for path in ("file=/etc/passwd", "file=app.py", "file=../../etc/passwd"):
        assert httpx.get(f"{address}gradio_api/{path}").status_code in (403, 404)


def test_the_page_names_no_other_host(address: str) -> None:
    text = httpx.get(address).text
    assert "fonts.googleapis.com" not in text
    assert "window.gistscope" in text
