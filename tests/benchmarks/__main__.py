"""Ours against `transformers`: same shape, same weights, same tokens, each in its own process.

make bench                                    all settings, writes tests/benchmarks/README.md
python -m tests.benchmarks --shapes 24M --rounds 3 --output -      a quick look
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import Measured, Setting, Variant, measure
from tests.benchmarks.report import report
from tests.benchmarks.shapes import SHAPES, write
from tests.benchmarks.startup import seconds_to_page

PAGE_STARTS = 3
README = Path(__file__).parent / "README.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--shapes", nargs="+", choices=list(SHAPES), default=list(SHAPES))
    parser.add_argument("--beams", nargs="+", type=int, default=[1, 4])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--output", default=str(README), help="- prints the report alone")
    arguments = parser.parse_args()
    results: dict[Setting, dict[Variant, Measured]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for shape in arguments.shapes:
            write(SHAPES[shape], Path(folder) / shape)
            for threads in arguments.threads:
                for beams in arguments.beams:
                    setting = Setting(shape, beams, threads)
                    print(f"measuring {setting}", file=sys.stderr)
                    results[setting] = measure(setting, Path(folder) / shape, arguments.rounds)
    page = median(seconds_to_page() for _ in range(PAGE_STARTS))
    text = report(results, page, arguments.rounds)
    if arguments.output != "-":
        Path(arguments.output).write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
