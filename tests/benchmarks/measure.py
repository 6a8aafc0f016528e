"""Rounds of measuring: every implementation in its own process, one working at a time.

All of them are asked once per round, so that a busy machine disturbs them alike; ratios are taken
within a round.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

WARM_UPS = 2


@dataclass(frozen=True)
class Setting:
    """What is asked of all variants alike."""

    shape: str
    beams: int
    threads: int


@dataclass(frozen=True)
class Variant:
    """One implementation, recording (attention and candidates, or attentions and scores) or not."""

    implementation: str
    records: bool


OURS, OURS_PLAIN = Variant("ours", True), Variant("ours", False)
THEIRS, THEIRS_PLAIN = Variant("theirs", True), Variant("theirs", False)
VARIANTS = (OURS, OURS_PLAIN, THEIRS, THEIRS_PLAIN)


@dataclass(frozen=True)
class Measured:
    """One variant in one setting; times in seconds, one per round."""

    load: float
    totals: tuple[float, ...]
    firsts: tuple[float, ...]
    processor: tuple[float, ...]
    tokens: tuple[int, ...]
    peak: float  # MiB


class Worker:
    """A process with one variant, see worker.py."""

    def __init__(self, setting: Setting, variant: Variant, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.worker", variant.implementation]
        command += [str(folder), "--beams", str(setting.beams), "--threads", str(setting.threads)]
        self._process = subprocess.Popen(
            command + ["--record"] * variant.records,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.load = self._read()["load"]

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()

    def ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        print(command, file=self._process.stdin, flush=True)
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker ended with code {self._process.wait()}")
        values: dict[str, Any] = json.loads(line)
        return values


def measure(setting: Setting, folder: Path, rounds: int) -> dict[Variant, Measured]:
    """All variants in one setting. Raises when they don't write the same tokens."""
    workers = {variant: Worker(setting, variant, folder) for variant in VARIANTS}
    answers: dict[Variant, list[dict[str, Any]]] = {variant: [] for variant in VARIANTS}
    try:
        for number in range(WARM_UPS + rounds):
            order: Sequence[Variant] = VARIANTS if number % 2 else VARIANTS[::-1]
            for variant in order:
                answers[variant].append(workers[variant].ask("run"))
        peaks = {variant: worker.ask("end")["peak"] for variant, worker in workers.items()}
    finally:
        for worker in workers.values():
            worker.close()
    results = {v: _result(workers[v].load, answers[v][WARM_UPS:], peaks[v]) for v in VARIANTS}
    if len({result.tokens for result in results.values()}) > 1:
        raise RuntimeError(f"the implementations disagree about the tokens at {setting}")
    return results


def times_as_fast(slow: Measured, fast: Measured) -> float:
    """Median over rounds of the ratio of their times."""
    pairs = zip(slow.totals, fast.totals, strict=True)
    return median(one / other for one, other in pairs)


def _result(load: float, answers: Sequence[dict[str, Any]], peak: float) -> Measured:
    return Measured(
        load,
        tuple(answer["total"] for answer in answers),
        tuple(answer["first"] for answer in answers),
        tuple(answer["processor"] for answer in answers),
        tuple(answers[0]["tokens"]),
        peak,
    )
