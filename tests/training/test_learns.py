"""Both families learn to reverse digit strings, which needs attention and its direction."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model import checkpoint
from model.training.data import Limits, collate
from model.training.loop import train
from model.training.packing import open_split
from model.training.settings import configuration_from

MODELS: dict[str, dict[str, Any]] = {
    "rnn": {"family": "rnn", "embedding_size": 48, "hidden_size": 64, "dropout": 0.0},
    "transformer": {
        "family": "transformer", "width": 64, "heads": 4, "feed_forward_size": 128,
        "encoder_layers": 2, "decoder_layers": 2, "dropout": 0.0,
    },
}  # fmt: skip
TRAINING = {
    "max_steps": 450, "learning_rate": 3e-3, "warmup_steps": 100, "label_smoothing": 0.0,
    "batch_tokens": 1024, "average_decay": 0.99, "validate_every": 225, "threads": 1,
    "precision": "fp32",
}  # fmt: skip


@torch.inference_mode()
def greedy(folder: Path, data: Path) -> tuple[list[list[int]], list[list[int]]]:
    """What the model says to every validation source, step by step, and what is right."""
    opened, split = checkpoint.load(folder), open_split(data, "valid")
    model, config = opened.model, opened.config
    batch = collate(split, np.arange(len(split)), Limits(64, 64, 10_000), config)
    state = model.start(model.encode(batch.source, batch.mask))
    previous = torch.full((len(split),), config.decoder_start_id)
    steps = []
    for _ in range(batch.target.shape[1]):
        output, state = model.step(previous, state)
        previous = output.log_probs.argmax(dim=-1)
        steps.append(previous)
    said = torch.stack(steps, dim=1).tolist()
    return [_until(row, config.eos_id) for row in said], [
        _until(row, config.eos_id) for row in batch.target.tolist()
    ]


def _until(ids: list[int], end: int) -> list[int]:
    return ids[: ids.index(end)] if end in ids else ids


@pytest.mark.slow
def test_learns_to_reverse_digit_strings(tmp_path, reversals, family):
    values = {"model": MODELS[family], "training": TRAINING}
    train(configuration_from(values, "test"), reversals, tmp_path / "run", progress=False)
    said, right = greedy(tmp_path / "run" / "best", reversals)
    exact = sum(a == b for a, b in zip(said, right, strict=True)) / len(right)
    assert exact > 0.95, f"{exact:.1%} of {len(right)} unseen strings reversed"
