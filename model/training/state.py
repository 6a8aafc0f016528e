"""All of a run on disk, so that it goes on exactly: weights, averages, optimizer, position.

`state/step-<n>/` holds tensors.safetensors and position.json. A folder is written under another
name and renamed when complete, so a kill at any moment leaves a whole one. No pickle.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from model.config import record_from_json
from model.training.averaging import MovingAverage

FOLDER = "state"


@dataclass(frozen=True)
class Position:
    """Where a run stands."""

    step: int = 0  # optimizer steps done
    epoch: int = 0
    epoch_step: int = 0  # steps done of this epoch
    seconds: float = 0.0  # trained so far, all sessions together
    best_loss: float = -1.0  # of validation; -1 before the first
    best_step: int = 0
    stale_validations: int = 0  # in a row without a better loss


@dataclass(frozen=True)
class RunState:
    """What is saved beside the position."""

    model: nn.Module
    average: MovingAverage
    optimizer: torch.optim.Optimizer


def save_state(output: Path, position: Position, state: RunState, config: dict[str, Any]) -> Path:
    """Write the state of step `position.step` and remove older ones.

    Raises OSError where that fails, such as on a full disk; the state before it is then whole.
    """
    parent = output / FOLDER
    folder = _free_folder(parent, position.step)
    partial = parent / f".partial-{position.step:08d}"
    try:
        _write(partial, position, state, config)
        partial.rename(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)  # it may be what filled the disk
        before = latest_state(output)
        rest = f"{before.name} is whole, --resume goes on there" if before else "none was saved yet"
        raise OSError(f"{folder} could not be written: {error}; {rest}") from error
    for old in parent.iterdir():
        if old != folder:
            shutil.rmtree(old)
    return folder


def latest_state(output: Path) -> Path | None:
    """The folder of the last saved step; None when there is none."""
    return max((output / FOLDER).glob("step-*"), default=None)


def load_state(folder: Path, state: RunState, config: dict[str, Any]) -> Position:
    """Put a saved state into model, average and optimizer; returns the position."""
    try:
        saved = json.loads((folder / "position.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "tensors.safetensors")
    except (OSError, ValueError, SafetensorError) as error:
        raise ValueError(f"{folder} is damaged: {error}") from error
    # A setting that is younger than the run has the default that keeps its meaning.
    fields = dataclasses.fields(state.model.config)  # type: ignore[arg-type]
    before = {field.name: field.default for field in fields} | saved["config"]
    if before != config:
        differing = [name for name in config if before.get(name) != config[name]]
        raise ValueError(f"{folder} is of another model; these differ: {', '.join(differing)}")
    state.model.load_state_dict(_under("model", tensors))
    state.average.restore(_under("average", tensors))
    _restore_optimizer(state.optimizer, _under("optimizer", tensors))
    return record_from_json(Position, saved["position"], str(folder))


def _free_folder(parent: Path, step: int) -> Path:
    """Where the state of a step goes; a name that sorts behind the one it already has.

    A folder is never removed to make room for another: a kill between the two would lose both.
    """
    taken = sorted(parent.glob(f"step-{step:08d}*"))
    return parent / (f"{taken[-1].name}+" if taken else f"step-{step:08d}")


def _write(partial: Path, position: Position, state: RunState, config: dict[str, Any]) -> None:
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_file(_tensors(state), partial / "tensors.safetensors")
    text = json.dumps({"position": dataclasses.asdict(position), "config": config}, indent=2)
    (partial / "position.json").write_text(text + "\n", encoding="utf-8")
    for path in partial.iterdir():
        _flush(path)


def _tensors(state: RunState) -> dict[str, Tensor]:
    """Everything under one roof; tied tables are stored once each, as safetensors wants it."""
    tensors = {f"model.{name}": t.clone() for name, t in state.model.state_dict().items()}
    tensors |= {f"average.{name}": tensor for name, tensor in state.average.weights.items()}
    for place, slots in state.optimizer.state_dict()["state"].items():
        for name, tensor in slots.items():
            tensors[f"optimizer.{place}.{name}"] = tensor
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    slots: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        place, name = key.split(".", 1)
        slots.setdefault(int(place), {})[name] = tensor
    # The groups come from the settings, which may have changed; their rates are set every step.
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": slots, "param_groups": groups})


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    start = prefix + "."
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
