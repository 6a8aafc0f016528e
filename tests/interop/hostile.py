"""Ways to change a folder, or to spoil it."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

SAFE, PICKLED = "model.safetensors", "pytorch_model.bin"


def edit(path: Path, **changes: object) -> None:
    """Change keys of a JSON file, which may be missing yet."""
    values = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps(values | changes))


def change(folder: Path, **tensors: torch.Tensor | None) -> None:
    """Change tensors of the folder's weights; None leaves one out."""
    weights = {**load_file(folder / SAFE), **tensors}
    save_file({name: t for name, t in weights.items() if t is not None}, folder / SAFE)


def pickled(folder: Path) -> Path:
    """The folder's weights as a pickle; returns the file."""
    torch.save(load_file(folder / SAFE), folder / PICKLED)
    (folder / SAFE).unlink()
    return folder / PICKLED
