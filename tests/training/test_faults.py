"""What a run survives: a disk that is full, and a kill at any moment."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import model
from model.training import loop
from model.training.state import latest_state

ROOT = Path(model.__file__).resolve().parent.parent


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file of this process may grow over `room` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def weights(run: Path) -> dict[str, torch.Tensor]:
    state = latest_state(run)
    assert state is not None
    return load_file(state / "tensors.safetensors")


def same(first: Path, second: Path) -> bool:
    one, other = weights(first), weights(second)
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_full_disk_leaves_the_state_before_it_and_the_run_goes_on_exactly(
    tmp_path: Path, digits: Path, configure: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    settings = configure("rnn", max_steps=3, save_every=1, validate_every=100)
    loop.train(settings, digits, whole, progress=False)
    save_state = loop.save_state

    def on_a_full_disk(output: Path, position: Any, *rest: Any) -> Path:
        with full_disk(2_000 if position.step == 2 else 10**9):
            return save_state(output, position, *rest)

    monkeypatch.setattr(loop, "save_state", on_a_full_disk)
    said = r"step-00000002 could not be written: .*[Ff]ile too large.*; step-00000001 is whole"
    with pytest.raises(OSError, match=said):
        loop.train(settings, digits, broken, progress=False)
    assert [path.name for path in (broken / "state").iterdir()] == ["step-00000001"]
    monkeypatch.undo()
    loop.train(settings, digits, broken, resume=True, progress=False)
    assert same(whole, broken)


def test_a_step_saved_again_never_removes_the_only_state(
    tmp_path: Path, digits: Path, configure: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    names, rename = [], Path.rename

    def watched(path: Path, target: Path) -> Path:
        names.append(sorted(one.name for one in path.parent.glob("step-*")))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", watched)
    settings = configure("rnn", max_steps=2, save_every=2, validate_every=100)
    loop.train(settings, digits, tmp_path, progress=False)  # saves step 2 twice
    assert ["step-00000002"] in names
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["step-00000002+"]
    assert latest_state(tmp_path) == tmp_path / "state" / "step-00000002+"


SAVING = """
import sys
from pathlib import Path
from model.training import loop
from tests.training.test_faults import saving
loop.train(saving(), Path(sys.argv[1]), Path(sys.argv[2]), progress=False)
"""


def saving(steps: int = 100_000) -> Any:
    """A run that does little else than saving, so that a kill most likely hits it there."""
    from model.training.settings import configuration_from

    model = {"family": "rnn", "embedding_size": 16, "hidden_size": 16, "dropout": 0.1}
    training = {"max_steps": steps, "save_every": 1, "validate_every": 10**6, "threads": 1}
    return configuration_from({"model": model, "training": training}, "test")


@pytest.mark.slow
def test_a_killed_run_goes_on_exactly_where_its_last_state_stood(
    tmp_path: Path, digits: Path
) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = subprocess.Popen([sys.executable, "-c", SAVING, str(digits), str(killed)], cwd=ROOT)
    deadline = time.monotonic() + 120
    while (state := latest_state(killed)) is None or state.name < "step-00000004":
        assert process.poll() is None, "the run ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.001)
    process.kill()
    process.wait()
    state = latest_state(killed)
    assert state is not None
    steps = int(state.name[5:13]) + 2
    loop.train(saving(steps), digits, killed, resume=True, progress=False)
    loop.train(saving(steps), digits, whole, progress=False)
    assert same(whole, killed)
