"""The measurements as a page of Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import (
    OURS,
    OURS_PLAIN,
    THEIRS,
    THEIRS_PLAIN,
    VARIANTS,
    Measured,
    Setting,
    Variant,
    times_as_fast,
)
from tests.benchmarks.worker import CANDIDATES, NEW_TOKENS, NO_REPEAT, SOURCE_TOKENS

Results = Mapping[Setting, Mapping[Variant, Measured]]

INTRODUCTION = """# Benchmark

Gistscope against `transformers` on a BART of the same shape with the same (random) weights, copied
by name. {source} source tokens, exactly {new} new tokens, no {repeat}-gram twice, fp32 on the CPU.
Each implementation has its own process and one works at a time; medians of {rounds} rounds, every
round asks all of them once, and ratios are medians of the ratios within a round. All
implementations wrote identical tokens, or there would be no table.

Recording means: ours keeps the cross-attention of every layer and head, the {candidates} best
candidates of every row before and after the rules, and the beam tree; `transformers` runs with
`output_attentions`, `output_scores` and its eager kernel. Without recording it runs `sdpa`.

Again: `make bench`. It has an environment of its own, so that `transformers` never stands beside
the app.
"""

NAMES = {
    OURS: "Gistscope, recording",
    OURS_PLAIN: "Gistscope",
    THEIRS: "transformers, recording",
    THEIRS_PLAIN: "transformers",
}


def report(results: Results, page: float, rounds: int) -> str:
    """The whole page."""
    introduction = INTRODUCTION.format(
        source=SOURCE_TOKENS, new=NEW_TOKENS, repeat=NO_REPEAT, rounds=rounds, candidates=CANDIDATES
    )
    parts = [introduction, machine(), "## In short\n", summary(results)]
    parts += [f"`python app.py` to a served page: {page:.1f} s.\n", "## All figures\n"]
    return "\n".join([*parts, details(results)])


def machine() -> str:
    """What it ran on."""
    cores = f"{os.cpu_count()} cores"
    busy = f"load {os.getloadavg()[0]:.1f} at the end"
    software = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformers"))
    python = f"Python {platform.python_version()}"
    return f"Machine: {_processor()}, {cores}, {busy}; {python}, {software}.\n"


def summary(results: Results) -> str:
    """How many times as fast, and what recording costs."""
    rows = [
        "| parameters | beams | threads | ms, ours | ms, transformers | times as fast "
        "| both without recording | cost of recording |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for setting, by in results.items():
        cost = times_as_fast(by[OURS], by[OURS_PLAIN]) - 1
        rows.append(
            f"| {setting.shape} | {setting.beams} | {setting.threads} "
            f"| {_ms(by[OURS].totals)} | {_ms(by[THEIRS].totals)} "
            f"| **{times_as_fast(by[THEIRS], by[OURS]):.2f}** "
            f"| {times_as_fast(by[THEIRS_PLAIN], by[OURS_PLAIN]):.2f} | {cost:+.1%} |"
        )
    return "\n".join(rows) + "\n"


def details(results: Results) -> str:
    """One row per setting and variant."""
    rows = [
        "| parameters | beams | threads | | ms a summary | ms to the first token | tokens/s "
        "| processor ms | peak MiB | load ms |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for setting, by in results.items():
        for variant in VARIANTS:
            got = by[variant]
            rows.append(
                f"| {setting.shape} | {setting.beams} | {setting.threads} | {NAMES[variant]} "
                f"| {_ms(got.totals)} | {_ms(got.firsts)} "
                f"| {len(got.tokens) / median(got.totals):.0f} "
                f"| {_ms(got.processor)} | {got.peak:.0f} | {got.load * 1e3:.0f} |"
            )
    return "\n".join(rows) + "\n"


def _ms(seconds: tuple[float, ...]) -> str:
    return f"{median(seconds) * 1e3:.0f}"


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
