"""Small data and small models for the training tests."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.tokenizer import Tokenizer
from model.training.packing import build_tokenizer, pack
from model.training.settings import Configuration, configuration_from

MODELS: dict[str, dict[str, Any]] = {
    "rnn": {"family": "rnn", "embedding_size": 16, "hidden_size": 16},
    "transformer": {
        "family": "transformer", "width": 16, "heads": 2, "feed_forward_size": 32,
        "encoder_layers": 1, "decoder_layers": 1,
    },
}  # fmt: skip


def digit_rows(count: int, seed: int, longest: int = 8) -> list[dict[str, str]]:
    """Strings of digits and their reversals; a digit has the same token everywhere."""
    dice = random.Random(seed)
    rows = []
    for _ in range(count):
        digits = " ".join(dice.choice("0123456789") for _ in range(dice.randint(3, longest)))
        rows.append({"source": digits, "target": digits[::-1], "style": "tldr", "set": "digits"})
    return rows


def write_jsonl(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def prepared(folder: Path, train: int, valid: int) -> Path:
    """A prepared and packed folder of digit strings."""
    folder.mkdir(parents=True, exist_ok=True)
    write_jsonl(folder / "train.jsonl", digit_rows(train, seed=1))
    write_jsonl(folder / "valid.jsonl", digit_rows(valid, seed=2))
    pack(folder, build_tokenizer([folder / "train.jsonl"], 280, folder))
    return folder


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("digits"), train=300, valid=20)


@pytest.fixture(scope="session")
def reversals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough of them to learn the rule instead of the strings."""
    return prepared(tmp_path_factory.mktemp("reversals"), train=20_000, valid=200)


@pytest.fixture(scope="session")
def tokenizer(digits: Path) -> Tokenizer:
    return Tokenizer.load(digits)


@pytest.fixture(params=sorted(MODELS))
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def models() -> dict[str, dict[str, Any]]:
    return MODELS


@pytest.fixture
def configure() -> Callable[..., Configuration]:
    """A configuration of a tiny model; keyword arguments are training settings."""

    def configured(family: str, dropout: float = 0.1, **training: Any) -> Configuration:
        model = MODELS[family] | {"dropout": dropout}
        defaults = {"precision": "fp32", "batch_tokens": 256, "warmup_steps": 2, "threads": 1}
        return configuration_from({"model": model, "training": defaults | training}, "test")

    return configured


def lines(run: Path, kind: str) -> list[dict[str, Any]]:
    """What a run logged of one kind."""
    read = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [line for line in read if line["kind"] == kind]
