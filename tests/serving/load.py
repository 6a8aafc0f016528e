"""A bounded load on a page of this machine: `python -m tests.serving.load [--seconds 60]`.

Clients of five kinds at once: good ones, whose answers are compared with those of a model alone;
oversized, hostile and disconnecting ones; and readers of the page. Starts a server of its own on
127.0.0.1 and stops it. Prints a report; 1 when anything was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from demo.assets import ASSETS, examples
from demo.serving.limits import Limits
from model.options import DecodingOptions
from model.summarizer import Summarizer
from tests.serving.asking import API

ROOT = ASSETS.parent
OPTIONS: dict[str, Any] = {"num_beams": 2, "max_new_tokens": 24}
KINDS = ("good", "good", "oversized", "hostile", "leaving")
CHARACTERS = 700  # of a good text
JSON = {"content-type": "application/json"}
OVERSIZED = [json.dumps({"text": "word " * words}).encode() for words in (50_000, 1_900_000)]
# It is warm when more visitors were there than are kept, which on a slow machine takes its time.
WARM_RUNS, WARM_SECONDS = 2 * Limits().sessions, 300
BETWEEN = 20  # seconds between two looks at the memory


@dataclass
class Report:
    """What was seen; grows while the load runs."""

    right: dict[str, str]  # text → the summary of a model alone
    counts: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def status(self, kind: str, status: int) -> None:
        self.counts[f"{kind} {status}"] += 1
        if status >= 500 and status != 503:
            self.wrong.append(f"{kind}: status {status}")


async def good(client: httpx.AsyncClient, report: Report) -> None:
    text = random.choice(list(report.right))
    began = time.monotonic()
    joined = await client.post(f"{API}/call/v2/summarize", json={"text": text, **OPTIONS})
    report.status("good", joined.status_code)
    if joined.status_code != 200:
        await asyncio.sleep(1)  # told to come back later
        return
    event, value = await answer(client, joined.json()["event_id"])
    report.counts[f"good {event}"] += 1
    if event != "complete" or value[0] != report.right[text]:
        report.wrong.append(f"good: {event} {str(value)[:80]}")
    else:
        report.seconds.append(time.monotonic() - began)


async def answer(client: httpx.AsyncClient, event_id: str) -> tuple[str, Any]:
    event, value = "", None
    async with client.stream("GET", f"{API}/call/summarize/{event_id}") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                value = json.loads(line.removeprefix("data: "))
            if line == "" and event in ("complete", "error"):
                break
    return event, value


async def oversized(client: httpx.AsyncClient, report: Report) -> None:
    body = random.choice(OVERSIZED)
    joined = await client.post(f"{API}/call/v2/summarize", content=body, headers=JSON)
    report.status("oversized", joined.status_code)
    if joined.status_code == 200:
        event, value = await answer(client, joined.json()["event_id"])
        if event != "error" or "GISTSCOPE_TEXT_CHARACTERS" not in str(value):
            report.wrong.append(f"oversized: {event} {str(value)[:80]}")
    await asyncio.sleep(1)


async def hostile(client: httpx.AsyncClient, report: Report) -> None:
    body = random.choice(
        [
            {"data": ["x"] * 9, "fn_index": random.randrange(-5, 80), "session_hash": "h"},
            {"data": {"a": 1}, "fn_index": "x"},
            {"text": "A text.", "num_beams": 10**9},
            ["\u0000", "</s>" * 100],
        ]
    )
    path = random.choice(["run/predict", "queue/join", "call/v2/summarize", "cancel", "deep_link"])
    got = await client.post(f"{API}/{path}", json=body)
    report.status("hostile", got.status_code)
    await asyncio.sleep(0.5)


async def leaving(client: httpx.AsyncClient, report: Report) -> None:
    text = random.choice(list(report.right))
    joined = await client.post(f"{API}/call/v2/summarize", json={"text": text})
    report.status("leaving", joined.status_code)
    if joined.status_code == 200:
        event = joined.json()["event_id"]
        async with client.stream("GET", f"{API}/call/summarize/{event}") as stream:
            async for _ in stream.aiter_lines():
                break  # and gone
    await asyncio.sleep(1)


async def visit(kind: str, address: str, report: Report, end: float) -> None:
    """One client of a kind, one request after another until the time is over."""
    act = {"good": good, "oversized": oversized, "hostile": hostile, "leaving": leaving}[kind]
    # Each has an address of its own, as behind a proxy.
    name = ".".join(str(random.randrange(1, 250)) for _ in range(4))
    headers = {"x-forwarded-for": name}
    # And a new connection each time: a kept one may be closed while this process is busy.
    fresh = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=address, timeout=120, headers=headers, limits=fresh
    ) as client:
        while time.monotonic() < end:
            try:
                await act(client, report)
            except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError) as error:
                report.counts[f"{kind} {type(error).__name__}"] += 1
                if kind == "good":
                    report.wrong.append(f"good: {type(error).__name__}")


async def load(address: str, report: Report, clients: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    kinds = [KINDS[place % len(KINDS)] for place in range(clients)]
    await asyncio.gather(*(visit(kind, address, report, end) for kind in kinds))


def expected(model: Path) -> dict[str, str]:
    """What a model alone makes of the texts."""
    alone = Summarizer.load(model)
    texts = [one.text[:CHARACTERS] for one in examples()]
    options = DecodingOptions(**OPTIONS)
    return {text: alone.summarize(text, options).text for text in texts}


def warm_up(address: str, report: Report, clients: int) -> None:
    """Load until enough runs were taken for whatever is kept of visitors to be full."""
    end = time.monotonic() + WARM_SECONDS
    while taken(report) < WARM_RUNS and time.monotonic() < end:
        asyncio.run(load(address, report, clients, BETWEEN))


def taken(report: Report) -> int:
    """Runs that were not refused at the door."""
    return sum(report.counts[f"{kind} 200"] for kind in KINDS[1:])


def resident(pid: int) -> int:
    """Kilobytes of a process and of those it started."""
    own = int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0])
    started = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return own + sum(resident(int(child)) for children in started for child in children)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="at most 300")
    parser.add_argument("--clients", type=int, default=50, help="at most 100")
    parser.add_argument("--model", type=Path, default=ASSETS / "models" / "lstm")
    asked = parser.parse_args()
    seconds, clients = min(asked.seconds, 300), min(asked.clients, 100)
    report, port = Report(expected(asked.model)), free_port()
    environment = os.environ | {
        "GRADIO_SERVER_PORT": str(port),
        "GISTSCOPE_TRUSTED_PROXIES": "1",
    }
    server = subprocess.Popen(
        [sys.executable, "app.py", "--model", str(asked.model)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address)
        warm_up(address, report, clients)
        memory, report = [resident(server.pid)], Report(report.right)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            asyncio.run(load(address, report, clients, min(BETWEEN, left)))
            memory.append(resident(server.pid))
        server.send_signal(signal.SIGTERM)
        code = server.wait(60)
    finally:
        server.kill()
    show(report, memory, code)
    return 1 if report.wrong or code else 0


def wait_for(address: str) -> None:
    for _ in range(240):
        try:
            if httpx.get(f"{address}/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise SystemExit("the page did not become ready")


def show(report: Report, memory: list[int], code: int) -> None:
    for name, count in sorted(report.counts.items()):
        print(f"{name:28} {count:6}")
    if len(report.seconds) > 1:
        cuts = statistics.quantiles(report.seconds, n=20)
        print(f"good answers: {len(report.seconds)}, p50 {cuts[9]:.1f} s, p95 {cuts[18]:.1f} s")
    print(f"memory in MB, warm and then: {', '.join(str(size // 1024) for size in memory)}")
    print(f"at its end {memory[-1] / memory[0] - 1:+.1%}")
    print(f"exit code of the server after SIGTERM: {code}")
    print(f"wrong: {len(report.wrong)}")
    for line in report.wrong[:10]:
        print(" ", line)


if __name__ == "__main__":
    sys.exit(main())
