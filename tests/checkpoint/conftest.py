"""A small model of each family in a folder of its own, to be opened or damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from model.checkpoint import build, save
from model.config import ModelConfig, RNNConfig, TransformerConfig
from model.tokenizer import Tokenizer

TEXTS = ["the council voted to keep the library open for three more years"] * 3


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(TEXTS, vocabulary_size=300)


def small(family: str, tokenizer: Tokenizer) -> nn.Module:
    size = tokenizer.vocabulary_size
    config: ModelConfig = (
        RNNConfig(vocabulary_size=size, embedding_size=8, hidden_size=6)
        if family == "rnn"
        else TransformerConfig(vocabulary_size=size, width=8, heads=2, feed_forward_size=8)
    )
    torch.manual_seed(0)
    return build(config).eval()


@pytest.fixture(params=["rnn", "transformer"])
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def folder(family: str, tokenizer: Tokenizer, tmp_path: Path) -> Path:
    save(tmp_path / "small", small(family, tokenizer), tokenizer, card="a card")
    return tmp_path / "small"


def edit_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_weights(folder: Path, change: Callable[[dict], None]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")
