"""Who a client is, and how often it may ask."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.serving.limits import Limits
from demo.serving.metrics import Metrics
from demo.serving.rate import RateLimit, client_of


def scope_of(peer: str, forwarded: str = "", path: str = "/config") -> dict[str, Any]:
    headers = [(b"x-forwarded-for", forwarded.encode("latin-1"))] if forwarded else []
    return {"type": "http", "path": path, "client": (peer, 1), "headers": headers}


async def _inside(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


def statuses(limit: RateLimit, scopes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answers = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answers.append(message)

    async def ask() -> None:
        for scope in scopes:
            await limit(scope, None, send)  # type: ignore[arg-type]

    asyncio.run(ask())
    return answers


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "client"),
    [
        ("9.9.9.9", "1.1.1.1", 0, "9.9.9.9"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1", 1, "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", 2, "1.1.1.1"),
        ("9.9.9.9", "", 1, "9.9.9.9"),
        ("10.0.0.1", "1.1.1.1", 5, "1.1.1.1"),
        ("::ffff:1.2.3.4", "", 0, "1.2.3.4"),
        ("2001:db8:0:1:2::3", "", 0, "2001:db8:0:1::/64"),
        ("10.0.0.1", "<script>", 1, "unknown"),
    ],
)
def test_only_trusted_proxies_say_who_a_client_is(
    peer: str, forwarded: str, proxies: int, client: str
) -> None:
    assert client_of(scope_of(peer, forwarded), proxies) == client


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_made_up_entry_changes_who_a_client_is(made_up: str) -> None:
    assert client_of(scope_of("10.0.0.1", f"{made_up},1.1.1.1"), 1) == "1.1.1.1"
    assert client_of(scope_of("9.9.9.9", made_up), 0) == "9.9.9.9"


def test_a_client_that_asks_too_often_is_told_when_to_come_back() -> None:
    limit = RateLimit(_inside, Limits(requests_per_minute=3), Metrics())
    answers = statuses(limit, [scope_of("1.1.1.1")] * 4)
    assert [one["status"] for one in answers] == [200, 200, 200, 429]
    assert 1 <= int(dict(answers[-1]["headers"])[b"retry-after"]) <= 60


def test_one_client_does_not_use_up_what_another_has() -> None:
    limit = RateLimit(_inside, Limits(requests_per_minute=1), Metrics())
    answers = statuses(limit, [scope_of("1.1.1.1"), scope_of("1.1.1.1"), scope_of("2.2.2.2")])
    assert [one["status"] for one in answers] == [200, 429, 200]


def test_files_of_the_page_and_health_cost_nothing() -> None:
    limit = RateLimit(_inside, Limits(requests_per_minute=1), Metrics())
    paths = ["/assets/index.js", "/static/a.svg", "/health", "/ready"] * 3
    answers = statuses(limit, [scope_of("1.1.1.1", path=path) for path in paths])
    assert {one["status"] for one in answers} == {200}
