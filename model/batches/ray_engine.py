"""Batches by Ray Data: chunks of lines to workers, here or on a cluster, and back in order.

Every worker opens the model once. One that dies is replaced, and what it was at is done again.
Where Ray runs is Ray's affair: RAY_ADDRESS names a cluster, without it this machine is used; every
node needs the model and Gistscope under the same path.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from model.batches.batch import BatchJob, in_chunks, summarise, to_line
from model.batches.jsonl import Line
from model.style_options import StyledWriter

MISSING = "--engine ray needs Ray: pip install 'gistscope[ray]'"
SLAB = 2_000  # chunks handed to Ray together; workers open the model anew for each slab


@dataclass(frozen=True)
class RayEngine:
    """How the workers open the model, and how many there are."""

    model: str
    precision: str
    fixed: frozenset[str]  # options that were asked for, see `StyledWriter`
    job: BatchJob
    workers: int

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"workers must be at least 1, got {self.workers}")

    def __call__(self, chunks: Iterator[list[Line]]) -> Iterator[list[dict[str, Any]]]:
        """The records of every chunk, in order. Raises ImportError where Ray is not installed."""
        data = _started()
        for slab in in_chunks(chunks, SLAB):
            rows = data.from_items(
                [_to_row(chunk) for chunk in slab], override_num_blocks=len(slab)
            )
            pool = data.ActorPoolStrategy(size=min(self.workers, len(slab)))
            done = rows.map(Worker, fn_constructor_args=(self,), compute=pool, num_cpus=1)
            for row in done.iter_rows():
                yield [json.loads(line) for line in row["records"]]


class Worker:
    """Lives in a process of Ray's, with the model open."""

    def __init__(self, engine: RayEngine) -> None:
        from model.summarizer import Summarizer

        self.job = engine.job
        opened = Summarizer.load(engine.model, precision=engine.precision)
        self.writer = StyledWriter(opened, engine.fixed)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """The output lines of a chunk."""
        records = summarise(self.writer, _to_lines(row), self.job)
        return {"records": [to_line(record) for record in records]}


def _started() -> Any:
    """`ray.data`, with Ray running and telling nobody."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data as data
    except ImportError as error:
        raise ImportError(MISSING, name="ray") from error
    ray.init(ignore_reinit_error=True, include_dashboard=False, log_to_driver=False)
    context = data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    return data


def _to_row(chunk: list[Line]) -> dict[str, Any]:
    return {
        "numbers": [line.number for line in chunk],
        "contents": [line.content for line in chunk],
        "digests": [line.digest for line in chunk],
        "too_long": [line.too_long for line in chunk],
    }


def _to_lines(row: dict[str, Any]) -> list[Line]:
    columns = (row[name] for name in ("numbers", "contents", "digests", "too_long"))
    return [
        Line(int(number), bytes(content), str(digest), bool(too_long))
        for number, content, digest, too_long in zip(*columns, strict=True)
    ]
