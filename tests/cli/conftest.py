"""A tiny model, and a command that must fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from model import checkpoint
from model.cli import main
from model.config import TransformerConfig
from model.tokenizer import Tokenizer
from tests.cli.given import TEXT


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with random weights; it can write 16 tokens."""
    torch.manual_seed(0)
    tokenizer = Tokenizer.train([TEXT] * 5, vocabulary_size=300)
    config = TransformerConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        width=16,
        heads=2,
        encoder_layers=1,
        decoder_layers=1,
        feed_forward_size=16,
        max_source_tokens=48,
        max_target_tokens=16,
    )
    path = tmp_path_factory.mktemp("models") / "tiny"
    checkpoint.save(path, checkpoint.build(config), tokenizer)
    return path


@pytest.fixture
def text_file(tmp_path: Path) -> str:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must end with code 2 and one line; returns the line."""

    def run(*argv: object) -> str:
        try:
            code = main([str(argument) for argument in argv])
        except SystemExit as end:
            code = end.code
        printed = capsys.readouterr()
        assert code == 2
        assert printed.out == ""
        assert printed.err.startswith("error: ")
        assert printed.err.count("\n") == 1
        return printed.err

    return run
