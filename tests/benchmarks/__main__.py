"""Ours against `transformers` and CTranslate2: same shape and weights, each in its own process.

make bench                                all settings, writes tests/benchmarks/README.md
python -m tests.benchmarks --quick        one shape on one thread, printed only
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import (
    RECORDING,
    VARIANTS,
    Measured,
    Setting,
    Variant,
    measure,
)
from tests.benchmarks.report import report
from tests.benchmarks.shapes import SHAPES, write
from tests.benchmarks.startup import seconds_to_page

PAGE_STARTS = 3
README = Path(__file__).parent / "README.md"
SMALL, LARGE = ("24M", "50M"), "305M"
BATCH, SOURCES = 8, (128, 512, 1024, 4096)
EXTRA_ROUNDS = 3  # of the settings beside the main table


def settings(quick: bool) -> Iterator[tuple[Setting, Sequence[Variant]]]:
    """What is measured, and of whom: the main table, batches, growing sources, a large model."""
    for shape in SMALL[:1] if quick else SMALL:
        for threads in (1,) if quick else (1, 2):
            for beams in (1, 4):
                yield Setting(shape, beams, threads), VARIANTS
    if not quick:
        for beams in (1, 4):
            yield Setting(SMALL[0], beams, 2, batch=BATCH), RECORDING
        for length in SOURCES:
            yield Setting(SMALL[0], 1, 2, source_tokens=length), RECORDING
        for beams in (1, 4):
            yield Setting(LARGE, beams, 2), RECORDING


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="one shape, one thread; prints only")
    parser.add_argument("--output", default=str(README), help="- prints the report alone")
    arguments = parser.parse_args()
    results: dict[Setting, dict[Variant, Measured]] = {}
    left_out: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for setting, variants in settings(arguments.quick):
            place = Path(folder) / setting.shape
            if not place.exists():
                write(SHAPES[setting.shape], place)
            print(f"measuring {setting}", file=sys.stderr)
            is_main = variants is VARIANTS
            rounds = arguments.rounds if is_main else min(arguments.rounds, EXTRA_ROUNDS)
            try:
                results[setting] = measure(setting, place, rounds, variants)
            except RuntimeError as error:  # an hour of other figures stands
                print(f"left out: {error}", file=sys.stderr)
                left_out.append(str(error))
    page = None if arguments.quick else median(seconds_to_page() for _ in range(PAGE_STARTS))
    text = report(results, page, left_out)
    if arguments.output != "-" and not arguments.quick:
        Path(arguments.output).write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
