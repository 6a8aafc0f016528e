"""Models that many tests open: untrained, one of each family."""

from pathlib import Path

import pytest
import torch

from model import Summarizer, checkpoint
from model.tokenizer import Tokenizer
from tests.tiny_models import TEXT, tiny_configs


@pytest.fixture(scope="module", params=["rnn", "transformer"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = Tokenizer.train([TEXT] * 20, vocabulary_size=330)
    torch.manual_seed(1)
    model = checkpoint.build(tiny_configs(tokenizer.vocabulary_size)[request.param])
    folder = tmp_path_factory.mktemp("models") / f"tiny-{request.param}"
    checkpoint.save(folder, model, tokenizer)
    return folder


@pytest.fixture(scope="module")
def tiny(folder: Path) -> Summarizer:
    return Summarizer.load(folder)
