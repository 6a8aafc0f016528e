"""Talking to a served page by raw HTTP, as a stranger would."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

API = "/gradio_api"


def call(visitor: httpx.Client, name: str, **named: Any) -> tuple[str, Any]:
    """(last event, its data) of a named endpoint; ("refused", answer) where it was not taken."""
    joined = visitor.post(f"{API}/call/v2/{name}", json=named)
    if joined.status_code != 200:
        return "refused", joined
    last, value = "", None
    with visitor.stream("GET", f"{API}/call/{name}/{joined.json()['event_id']}") as stream:
        for line in stream.iter_lines():
            if line.startswith("event: "):
                last = line.removeprefix("event: ")
            elif line.startswith("data: "):
                value = json.loads(line.removeprefix("data: "))
            if last in ("complete", "error") and line == "":
                break
    return last, value


def eventually(holds: Callable[[], bool], seconds: float = 150.0) -> bool:
    """Whether it comes to hold within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False


def functions(visitor: httpx.Client) -> list[dict[str, Any]]:
    """Every function of the page, private ones too, as its configuration lists them."""
    return list(visitor.get("/config").json()["dependencies"])
