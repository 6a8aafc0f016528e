"""Eight users at once: summaries per minute, against one after another and against one batch.

    python -m tests.benchmarks.concurrency        prints the table

Threads of one process share one model, as the page's do; two processes stand for two replicas
behind a proxy, each with a model and a core of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from statistics import median

import torch

from model.options import DecodingOptions
from model.summarizer import Summarizer

USERS, ROUNDS = 8, 3
GREEDY = DecodingOptions(num_beams=1, min_new_tokens=40, max_new_tokens=40)
TEXTS = Path(__file__).parents[2] / "assets" / "examples"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.concurrency")
    parser.add_argument("--model", default="assets/models/lstm")
    parser.add_argument("--precision", default="auto")
    arguments = parser.parse_args()
    model = Summarizer.load(arguments.model, precision=arguments.precision)
    files = sorted(TEXTS.glob("*.txt"))
    texts = [files[user % len(files)].read_text(encoding="utf-8") for user in range(USERS)]
    found: dict[str, list[float]] = {}
    spawning = multiprocessing.get_context("spawn")
    opening = (arguments.model, arguments.precision)
    with ProcessPoolExecutor(2, spawning, initializer=open_replica, initargs=opening) as replicas:
        list(replicas.map(ask_replica, texts))  # both are warm
        for _ in range(ROUNDS):
            for name, (threads, run) in ways(model, texts, replicas).items():
                torch.set_num_threads(threads)
                started = time.perf_counter()
                run()
                found.setdefault(name, []).append(60 * USERS / (time.perf_counter() - started))
    print("| way | summaries a minute | against the first |\n|---|---|---|")
    first = next(iter(found.values()))
    for name, rates in found.items():
        gain = median(rate / base for rate, base in zip(rates, first, strict=True))
        print(f"| {name} | {median(rates):.0f} | {gain:.2f} |")


_replica: list[Summarizer] = []  # of this process, where it is a replica


def open_replica(folder: str, precision: str) -> None:
    torch.set_num_threads(1)
    _replica.append(Summarizer.load(folder, precision=precision))


def ask_replica(text: str) -> str:
    return _replica[0].summarize(text, GREEDY).text


def ways(
    model: Summarizer, texts: list[str], replicas: ProcessPoolExecutor
) -> dict[str, tuple[int, Callable[[], object]]]:
    """PyTorch's threads and what to run, by name."""

    def in_turn() -> None:
        for text in texts:
            model.summarize(text, GREEDY)

    def at_once() -> None:
        with ThreadPoolExecutor(USERS) as pool:
            list(pool.map(lambda text: model.summarize(text, GREEDY), texts))

    return {
        "one after another, 2 threads": (2, in_turn),
        "one after another, 1 thread": (1, in_turn),
        "eight at once, 2 threads each": (2, at_once),
        "eight at once, 1 thread each": (1, at_once),
        "eight at once, 2 processes, 1 thread each": (
            1,
            lambda: list(replicas.map(ask_replica, texts)),
        ),
        "one batch of eight, 2 threads": (2, lambda: model.summarize_many(texts, GREEDY)),
    }


if __name__ == "__main__":
    main()
