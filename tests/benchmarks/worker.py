"""One implementation in one process: loads a model, then summarises once per line it is sent.

Answers are JSON lines: first {"load"}, then per "run" {"total", "first", "processor", "tokens"},
and for "end" {"peak"}. Times are seconds, `load` with the imports, `processor` those of all
threads; `peak` is the process's largest resident memory in MiB.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.implementations import IMPLEMENTATIONS, Task


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("implementation", choices=list(IMPLEMENTATIONS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--precision", required=True)
    parser.add_argument("--records", action="store_true")
    for name in ("--beams", "--threads", "--batch", "--source-tokens"):
        parser.add_argument(name, type=int, required=True)
    arguments = vars(parser.parse_args())
    load = IMPLEMENTATIONS[arguments.pop("implementation")]
    started = time.perf_counter()
    run = load(Task(**arguments))
    answer(load=time.perf_counter() - started)
    for line in sys.stdin:
        if line.strip() == "end":
            break
        started, processor = time.perf_counter(), time.process_time()
        first, tokens = run()
        processor = time.process_time() - processor
        total = time.perf_counter() - started
        first = None if first is None else first - started
        answer(total=total, first=first, processor=processor, tokens=tokens)
    answer(peak=peak_memory())


def peak_memory() -> float:
    """MiB; from Linux itself, since `getrusage` counts the parent before the fork too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def answer(**values: Any) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main()
