"""Ray's engine: the lines of a local run."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from model.batches.batch import BatchJob, run_batch
from model.batches.ray_engine import RayEngine
from model.options import DecodingOptions
from tests.batches.echo import Echo, lines_of, output, texts


class Rows:
    """Stands for a data set of Ray Data: every row by a new worker, handed over as Arrow would."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def map(self, worker: Any, fn_constructor_args: tuple[Any, ...], **_: Any) -> Rows:
        return Rows([worker(*fn_constructor_args)(row) for row in self.rows])

    def iter_rows(self) -> list[dict[str, Any]]:
        return self.rows


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Where the library is not installed, the part of it that is used."""
    context = SimpleNamespace(execution_options=SimpleNamespace(preserve_order=False))
    data = SimpleNamespace(
        from_items=lambda rows, override_num_blocks: Rows(rows),
        ActorPoolStrategy=lambda size: size,
        DataContext=SimpleNamespace(get_current=lambda: context),
    )
    library = SimpleNamespace(init=lambda **_: None, data=data)
    monkeypatch.setitem(sys.modules, "ray", library)
    monkeypatch.setitem(sys.modules, "ray.data", data)
    monkeypatch.setattr(
        "model.summarizer.Summarizer.load", lambda folder, precision: Echo(), raising=True
    )
    return library


def test_ray_gives_the_lines_of_a_local_run_and_goes_on_with_its_output(
    run, tmp_path: Path, ray: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = texts(4) + b"bad\n" + lines_of({"text": "é", "id": "\ud800"}) + texts(3)
    run(content)
    local = [one | {"seconds": 0} for one in output(tmp_path)]
    lines = (tmp_path / "out.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "out.jsonl").write_bytes(b"".join(lines[:2]))  # as after a kill
    monkeypatch.setattr("model.batches.ray_engine.SLAB", 2)
    job = BatchJob(
        input=str(tmp_path / "in.jsonl"), output=str(tmp_path / "out.jsonl"),
        options=DecodingOptions(record_top_k=0), chunk_size=3,
    )  # fmt: skip
    engine = RayEngine("echo", "auto", frozenset(DecodingOptions().to_dict()), job, workers=2)
    assert run_batch(Echo(), job, engine=engine).resumed == 2
    assert [one | {"seconds": 0} for one in output(tmp_path)] == local
    assert ray.data.DataContext.get_current().execution_options.preserve_order


def test_without_ray_its_engine_says_what_to_install(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(texts(1))
    monkeypatch.setitem(sys.modules, "ray", None)
    job = BatchJob(
        input=str(tmp_path / "in.jsonl"), output="-", options=DecodingOptions(record_top_k=0)
    )
    with pytest.raises(ImportError, match=r"pip install 'gistscope\[ray\]'"):
        run_batch(Echo(), job, engine=RayEngine("echo", "auto", frozenset(), job, workers=1))
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        RayEngine("echo", "auto", frozenset(), job, workers=0)
