"""A batch job of a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.batches.batch import BatchCounts, BatchJob, run_batch
from model.options import DecodingOptions
from tests.batches.echo import Echo


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., BatchCounts]:
    """Run a job from in.jsonl to out.jsonl, with fields of BatchJob changed at will."""

    def run_job(content: bytes | None = None, summarizer: Echo | None = None, **changes: Any):
        if content is not None:
            (tmp_path / "in.jsonl").write_bytes(content)
        fields = {
            "input": str(tmp_path / "in.jsonl"),
            "output": str(tmp_path / "out.jsonl"),
            "options": DecodingOptions(record_top_k=0),
            "chunk_size": 3,
        }
        return run_batch(summarizer or Echo(), BatchJob(**(fields | changes)))

    return run_job
