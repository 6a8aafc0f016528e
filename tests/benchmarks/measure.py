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

WARM_UPS = 1
# Many rounds of a long setting cost more time than they are worth, few of a short one tell nothing.
FEWEST_ROUNDS, SECONDS_A_SETTING = 3, 75.0


@dataclass(frozen=True)
class Setting:
    """What is asked of all variants alike."""

    shape: str
    beams: int
    threads: int
    batch: int = 1
    source_tokens: int = 400


@dataclass(frozen=True)
class Variant:
    """One implementation, recording (attention and candidates, or attentions and scores) or not."""

    implementation: str
    precision: str = "fp32"
    records: bool = True


OURS, OURS_PLAIN = Variant("ours"), Variant("ours", records=False)
THEIRS, THEIRS_PLAIN = Variant("theirs"), Variant("theirs", records=False)
PEER = Variant("peer")
OURS_FP16 = Variant("ours", "fp16")
OURS_INT8, PEER_INT8 = Variant("ours", "int8"), Variant("peer", "int8")
RECORDING = (OURS, OURS_FP16, OURS_INT8, THEIRS, PEER, PEER_INT8)
VARIANTS = (*RECORDING, OURS_PLAIN, THEIRS_PLAIN)


@dataclass(frozen=True)
class Measured:
    """One variant in one setting; times in seconds, one per round."""

    load: float
    totals: tuple[float, ...]
    firsts: tuple[float, ...]  # empty where the first token can't be seen
    processor: tuple[float, ...]
    tokens: tuple[tuple[int, ...], ...]  # per source
    peak: float  # MiB


class Worker:
    """A process with one variant, see worker.py."""

    def __init__(self, setting: Setting, variant: Variant, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.worker", variant.implementation]
        command += [str(folder), "--precision", variant.precision]
        for name in ("beams", "threads", "batch", "source_tokens"):
            command += [f"--{name.replace('_', '-')}", str(getattr(setting, name))]
        self._process = subprocess.Popen(
            command + ["--records"] * variant.records,
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


def measure(
    setting: Setting, folder: Path, rounds: int, variants: Sequence[Variant]
) -> dict[Variant, Measured]:
    """Variants in one setting; fewer rounds where they take long.

    Raises when ours and `transformers` don't write the same tokens in float32.
    """
    workers = {variant: Worker(setting, variant, folder) for variant in variants}
    answers: dict[Variant, list[dict[str, Any]]] = {variant: [] for variant in variants}
    try:
        for number in range(WARM_UPS + rounds):
            order = variants if number % 2 else variants[::-1]
            for variant in order:
                answers[variant].append(workers[variant].ask("run"))
            spent = sum(answer["total"] for given in answers.values() for answer in given)
            if number + 1 >= WARM_UPS + FEWEST_ROUNDS and spent > SECONDS_A_SETTING:
                break
        peaks = {variant: worker.ask("end")["peak"] for variant, worker in workers.items()}
    finally:
        for worker in workers.values():
            worker.close()
    results = {v: _result(workers[v].load, answers[v][WARM_UPS:], peaks[v]) for v in variants}
    exact = (OURS, OURS_PLAIN, THEIRS, THEIRS_PLAIN)
    if len({result.tokens for variant, result in results.items() if variant in exact}) > 1:
        raise RuntimeError(f"the implementations disagree about the tokens at {setting}")
    return results


def times_as_fast(slow: Measured, fast: Measured) -> list[float]:
    """Their times' ratio in every round, the smallest first."""
    pairs = zip(slow.totals, fast.totals, strict=True)
    return sorted(one / other for one, other in pairs)


def processor_ratio(slow: Measured, fast: Measured) -> float:
    """The same of processor time, as a median: what other processes do disturbs it less."""
    pairs = zip(slow.processor, fast.processor, strict=True)
    return median(one / other for one, other in pairs)


def agreement(one: Measured, other: Measured) -> float:
    """Share of places at which both wrote the same token."""
    pairs = list(zip(one.tokens, other.tokens, strict=True))
    same = sum(a == b for left, right in pairs for a, b in zip(left, right, strict=False))
    return same / sum(max(len(left), len(right)) for left, right in pairs)


def _result(load: float, answers: Sequence[dict[str, Any]], peak: float) -> Measured:
    return Measured(
        load,
        tuple(answer["total"] for answer in answers),
        tuple(answer["first"] for answer in answers if answer["first"] is not None),
        tuple(answer["processor"] for answer in answers),
        tuple(tuple(tokens) for tokens in answers[0]["tokens"]),
        peak,
    )
