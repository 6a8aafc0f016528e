"""The whole process: how it starts, what it logs, and how it ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import app
from tests.demo.made import SOURCE_TEXT
from tests.serving.asking import API, call, eventually

pytestmark = pytest.mark.slow
ROOT = Path(app.__file__).parent
LONG: dict[str, Any] = {
    "num_beams": 16,
    "min_new_tokens": 159,
    "max_new_tokens": 160,
    "no_repeat_ngram_size": 0,
}


@contextmanager
def process(folder: Path, port: int, **settings: object) -> Iterator[Any]:
    """`python app.py` over the model, with settings as environment variables; killed at the end."""
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    environment |= {name: str(value) for name, value in settings.items()}
    running = subprocess.Popen(
        [sys.executable, "app.py", "--model", str(folder)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def is_ready(visitor: httpx.Client) -> bool:
    try:
        return visitor.get("/ready").status_code == 200
    except httpx.TransportError:
        return False


def test_a_stop_lets_the_run_end_and_the_log_tells_all_but_the_text(
    model_folder: Path, free_port: int
) -> None:
    metrics_port = free_port + 1 if free_port < 65_000 else free_port - 1
    with (
        process(model_folder, free_port, GISTSCOPE_METRICS_PORT=metrics_port) as running,
        httpx.Client(base_url=f"http://127.0.0.1:{free_port}", timeout=60) as visitor,
    ):
        assert eventually(lambda: is_ready(visitor))
        assert visitor.get("/?secret=hidden-in-the-query").status_code == 200
        assert call(visitor, "summarize", text="my diary of today")[0] == "complete"
        figures = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics").text
        assert 'gistscope_calls_total{endpoint="summarize",outcome="done"} 1.0' in figures
        last: list[tuple[str, Any]] = []
        thread = threading.Thread(
            target=lambda: last.append(call(visitor, "summarize", text=SOURCE_TEXT, **LONG))
        )
        thread.start()
        running_now = 'gistscope_calls_running{endpoint="summarize"} 1.0'
        eventually(
            lambda: running_now in httpx.get(f"http://127.0.0.1:{metrics_port}/metrics").text, 5
        )
        running.send_signal(signal.SIGTERM)
        written, _ = running.communicate(timeout=150)
        thread.join()
    assert running.returncode == 0
    assert last[0][0] == "complete"  # what was under way came through
    assert not {word for word in ("diary", "hidden-in-the-query", "council") if word in written}
    entries = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    calls = [one for one in entries if one["message"] == "call" and one["endpoint"] == "summarize"]
    assert [one["outcome"] for one in calls] == ["done", "done"]
    assert all(one["tokens"] > 0 and one["seconds"] > 0 and one["call"] for one in calls)


def test_a_run_that_does_not_end_in_time_is_cut_and_kept_in_a_worker_too(
    model_folder: Path, free_port: int
) -> None:
    with (
        process(model_folder, free_port, GISTSCOPE_RUN_SECONDS=1, GISTSCOPE_WORKERS=1) as running,
        httpx.Client(base_url=f"http://127.0.0.1:{free_port}", timeout=60) as visitor,
    ):
        assert eventually(lambda: is_ready(visitor))
        answers = [call(visitor, "summarize", text=SOURCE_TEXT, **LONG) for _ in range(2)]
        running.send_signal(signal.SIGINT)
        written, _ = running.communicate(timeout=150)
    assert running.returncode == 0
    assert [event for event, _ in answers] == ["complete", "complete"]
    assert '"endpoint": "summarize"' in written


def test_a_password_is_asked_for_and_never_written(model_folder: Path, free_port: int) -> None:
    password = "correct-horse-battery"
    with (
        process(model_folder, free_port, GISTSCOPE_AUTH=f"ada:{password}") as running,
        httpx.Client(base_url=f"http://127.0.0.1:{free_port}", timeout=60) as visitor,
    ):
        assert eventually(lambda: is_ready(visitor))
        assert visitor.get("/config").status_code == 401
        joined = visitor.post(f"{API}/call/v2/summarize", json={"text": SOURCE_TEXT})
        assert joined.status_code == 401
        for wrong in ("wrong-password", "", password + "x"):
            answer = visitor.post("/login", data={"username": "ada", "password": wrong})
            assert answer.status_code in (400, 422)
        right = {"username": "ada", "password": password}
        assert visitor.post("/login", data=right).status_code == 200
        assert call(visitor, "summarize", text=SOURCE_TEXT)[0] == "complete"
        running.send_signal(signal.SIGTERM)
        written, _ = running.communicate(timeout=150)
    assert password not in written


@pytest.mark.parametrize(
    ("variable", "value"),
    [("GISTSCOPE_BODY_BYTES", "lots"), ("GISTSCOPE_AUTH", "ada:short")],
)
def test_a_bad_setting_ends_the_start_with_its_name(
    model_folder: Path, free_port: int, variable: str, value: str
) -> None:
    with process(model_folder, free_port, **{variable: value}) as running:
        written, _ = running.communicate(timeout=150)
    assert running.returncode == 2
    assert variable in written
    assert "short" not in written.replace("Traceback", "")


def test_memory_stays_flat_over_many_runs(model_folder: Path, free_port: int) -> None:
    with (
        process(model_folder, free_port, GISTSCOPE_REQUESTS_PER_MINUTE=1_000_000) as running,
        httpx.Client(base_url=f"http://127.0.0.1:{free_port}", timeout=60) as visitor,
    ):
        assert eventually(lambda: is_ready(visitor))

        def runs(count: int) -> int:
            for _ in range(count):
                done = call(visitor, "summarize", text=SOURCE_TEXT, max_new_tokens=12, num_beams=2)
                assert done[0] == "complete"
            status = Path(f"/proc/{running.pid}/status").read_text()
            return int(status.split("VmRSS:")[1].split()[0])

        warm = runs(60)
        assert runs(150) < 1.1 * warm
