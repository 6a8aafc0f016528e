"""What replaying saves: decoding asked for by Python and replayed, in turn, in one process.

    python -m tests.benchmarks.replaying

writes tests/benchmarks/replaying.md, on a machine that does nothing else. Needs no peers.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import torch

from model import checkpoint
from model.decoding import decode
from model.options import DecodingOptions
from model.replay import Replay, perform
from model.weights.precision import use_precision
from tests.benchmarks.implementations import CANDIDATES, NEW_TOKENS, NO_REPEAT, PAD, Task
from tests.benchmarks.shapes import END, NEVER, SHAPES, SPREAD, our_config

OUTPUT = Path(__file__).parent / "replaying.md"
SIZES, PRECISIONS, BEAMS, THREADS = ("24M", "50M"), ("fp32", "fp16", "int8"), (1, 4), (1, 2)
SOURCE_TOKENS = 400
INTRODUCTION = f"""# Replaying

What it saves that decoding steps are replayed without Python (`model/replay.py`): milliseconds of
{NEW_TOKENS} tokens after a source of {SOURCE_TOKENS}, recorded, without the encoder's pass, which
stays Python's. Random weights of the shapes of [README.md](README.md); both in turn in one process,
medians of the rounds, ratios with the smallest and the largest. The numbers that come out are the
same to the last bit.

"""
HEADER = """| parameters | precision | beams | threads | by Python | replayed | times as fast |
|---|---|---:|---:|---:|---:|---|
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.replaying")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    capability = torch.backends.cpu.get_cpu_capability()
    machine = f"{platform.machine()} with {capability}, torch {torch.__version__}\n\n"
    text = INTRODUCTION + machine + HEADER + "".join(rows(arguments.rounds))
    arguments.output.write_text(text, encoding="utf-8")
    print(text)


def rows(rounds: int) -> Iterator[str]:
    for size, precision in product(SIZES, PRECISIONS):
        model = built(size, precision)
        for threads, beams in product(THREADS, BEAMS):
            torch.set_num_threads(threads)
            replay = Replay(enough=0)
            pairs = [
                (milliseconds(model, perform, beams), milliseconds(model, replay, beams))
                for _ in range(1 + rounds)
            ][1:]  # the first records
            ratios = sorted(python / replayed for python, replayed in pairs)
            python, replayed = (median(times) for times in zip(*pairs, strict=True))
            yield (
                f"| {size} | {precision} | {beams} | {threads} | {python:.0f} | {replayed:.0f} "
                f"| **{median(ratios):.2f}** ({ratios[0]:.2f}–{ratios[-1]:.2f}) |\n"
            )


def built(size: str, precision: str) -> Any:
    """A model with random weights that never ends early."""
    torch.manual_seed(1)
    model: Any = checkpoint.build(our_config(SHAPES[size])).eval()
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() > 1:
                weights.normal_(std=SPREAD)
        model.output.bias[END] = NEVER
    use_precision(model, precision)
    return model


@torch.inference_mode()
def milliseconds(model: Any, performer: Any, beams: int) -> float:
    """Of one summary, behind the encoder."""
    model.performer = performer
    ids = torch.tensor(Task(OUTPUT, "", True, beams, 1, 1, SOURCE_TOKENS).sources())
    options = DecodingOptions(
        num_beams=beams,
        max_new_tokens=NEW_TOKENS,
        no_repeat_ngram_size=NO_REPEAT,
        record_top_k=CANDIDATES,
    )
    memory = model.encode(ids, ids != PAD)
    started = time.perf_counter()
    for _ in decode(model, memory, model.config, options):
        pass
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    main()
