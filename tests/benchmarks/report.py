"""The measurements as a page of Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tests.benchmarks.implementations import CANDIDATES, NEW_TOKENS, NO_REPEAT
from tests.benchmarks.measure import (
    OURS,
    OURS_FP16,
    OURS_INT8,
    OURS_PLAIN,
    PEER,
    PEER_INT8,
    THEIRS,
    THEIRS_PLAIN,
    Measured,
    Setting,
    Variant,
    agreement,
    processor_ratio,
    times_as_fast,
)

Results = Mapping[Setting, Mapping[Variant, Measured]]

INTRODUCTION = f"""# Benchmark

Gistscope against `transformers` and CTranslate2 on a BART of the same shape with the same (random)
weights, copied by name, on the CPU. 400 source tokens unless it says otherwise, exactly
{NEW_TOKENS} new tokens, no {NO_REPEAT}-gram twice.
Each implementation has its own process and one works at a time; every round asks all of them once,
figures are medians over the rounds, and ratios are medians of the ratios within a round, with the
smallest and largest behind them. In fp32, Gistscope and `transformers` wrote identical tokens, or
there would be no table.

Recording means: ours keeps the cross-attention of every layer and head, the {CANDIDATES} best
candidates of every row before and after the rules, and the beam tree; `transformers` runs with
`output_attentions`, `output_scores` and its eager kernel; CTranslate2 returns the attention of its
last layer, averaged over the heads, and no candidates. Without recording `transformers` runs
`sdpa`.

Again: `make bench`, on a machine that does nothing else; `python -m tests.benchmarks --quick` for a
look. It has an environment of its own, so that `transformers` never stands beside the app. What
fewer bits do to real summaries is in [precision.md](precision.md), what replaying steps saves in
[replaying.md](replaying.md), the page in a browser in [page.md](page.md).
"""

NAMES = {
    OURS: "Gistscope",
    OURS_FP16: "Gistscope, fp16",
    OURS_INT8: "Gistscope, int8",
    OURS_PLAIN: "Gistscope, not recording",
    THEIRS: "transformers",
    THEIRS_PLAIN: "transformers, not recording",
    PEER: "CTranslate2",
    PEER_INT8: "CTranslate2, int8",
}


def report(results: Results, page_seconds: float | None, left_out: Sequence[str] = ()) -> str:
    """The whole page."""
    main = {setting: by for setting, by in results.items() if OURS_PLAIN in by}
    others = {setting: by for setting, by in results.items() if setting not in main}
    parts = [INTRODUCTION, machine(), "## In short\n", summary(main)]
    parts += ["How many times as fast, by processor time:\n", processor_summary(main)]
    if others:
        parts += ["## Batches, and sources that grow\n", growth(others)]
    if page_seconds is not None:
        parts.append(f"`python app.py` to a served page: {page_seconds:.1f} s.\n")
    parts += [f"Left out: {reason}.\n" for reason in left_out]
    return "\n".join([*parts, "## All figures\n", details(main)])


def machine() -> str:
    """What it ran on."""
    cores = f"{os.cpu_count()} cores"
    busy = f"load {os.getloadavg()[0]:.1f} at the end"
    names = ("torch", "transformers", "ctranslate2")
    software = ", ".join(f"{name} {version(name)}" for name in names)
    python = f"Python {platform.python_version()}"
    return f"Machine: {_processor()}, {cores}, {busy}; {python}, {software}.\n"


def summary(results: Results) -> str:
    """How many times as fast, and what recording costs."""
    return _table(
        "parameters | beams | threads | ms, ours | fp16 | int8 | than `transformers` "
        "| fp16 than it | int8 than it | than CTranslate2 | both in int8 | cost of recording",
        (
            (
                *_place(setting), _ms(by[OURS].totals), _ms(by[OURS_FP16].totals),
                _ms(by[OURS_INT8].totals), f"**{_spread(by[THEIRS], by[OURS])}**",
                _spread(by[THEIRS], by[OURS_FP16]), _spread(by[THEIRS], by[OURS_INT8]),
                _spread(by[PEER], by[OURS]), _spread(by[PEER_INT8], by[OURS_INT8]),
                f"{median(times_as_fast(by[OURS], by[OURS_PLAIN])) - 1:+.1%}",
            )
            for setting, by in results.items()
        ),
    )  # fmt: skip


def processor_summary(results: Results) -> str:
    """The same by processor time, which other processes disturb less."""
    return _table(
        "parameters | beams | threads | than `transformers` | fp16 than it | int8 than it "
        "| neither recording | than CTranslate2 | both in int8 | cost of recording",
        (
            (
                *_place(setting),
                f"**{processor_ratio(by[THEIRS], by[OURS]):.2f}**",
                f"{processor_ratio(by[THEIRS], by[OURS_FP16]):.2f}",
                f"{processor_ratio(by[THEIRS], by[OURS_INT8]):.2f}",
                f"{processor_ratio(by[THEIRS_PLAIN], by[OURS_PLAIN]):.2f}",
                f"{processor_ratio(by[PEER], by[OURS]):.2f}",
                f"{processor_ratio(by[PEER_INT8], by[OURS_INT8]):.2f}",
                f"{processor_ratio(by[OURS], by[OURS_PLAIN]) - 1:+.1%}",
            )
            for setting, by in results.items()
        ),
    )


def growth(results: Results) -> str:
    """Milliseconds and memory of everybody who records, by batch and length."""
    variants = (OURS, OURS_FP16, OURS_INT8, THEIRS, PEER, PEER_INT8)
    return _table(
        "parameters | beams | threads | sources | tokens each | ms: "
        + " | ".join(NAMES[variant] for variant in variants)
        + " | MiB: ours | ours, int8 | transformers",
        (
            (
                *_place(setting), setting.batch, setting.source_tokens,
                *(_ms(by[variant].totals) for variant in variants),
                *(f"{by[variant].peak:.0f}" for variant in (OURS, OURS_INT8, THEIRS)),
            )
            for setting, by in results.items()
        ),
    )  # fmt: skip


def details(results: Results) -> str:
    """One row per setting and variant."""
    return _table(
        "parameters | beams | threads | | ms a summary | ms to the first token | tokens/s "
        "| processor ms | peak MiB | import and load ms | same tokens as `transformers`",
        (
            (
                *_place(setting), NAMES[variant], _ms(got.totals), _ms(got.firsts),
                f"{len(got.tokens[0]) / median(got.totals):.0f}", _ms(got.processor),
                f"{got.peak:.0f}", f"{got.load * 1e3:.0f}",
                f"{agreement(got, by[THEIRS]):.0%}",
            )
            for setting, by in results.items()
            for variant, got in by.items()
        ),
    )  # fmt: skip


def _table(heading: str, rows: Iterator[Sequence[object]]) -> str:
    lines = [f"| {heading} |", "|" + "---|" * (heading.count("|") + 1)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _place(setting: Setting) -> tuple[object, ...]:
    return setting.shape, setting.beams, setting.threads


def _spread(slow: Measured, fast: Measured) -> str:
    ratios = times_as_fast(slow, fast)
    return f"{median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"


def _ms(seconds: tuple[float, ...]) -> str:
    return f"{median(seconds) * 1e3:.0f}" if seconds else "–"


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
