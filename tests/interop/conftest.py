"""One small checkpoint per case, made once."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from model import Summarizer
from model.checkpoint import Checkpoint, load
from tests.interop.made import make


@dataclass(frozen=True)
class Pair:
    """The same model twice."""

    theirs: Any
    ours: Checkpoint
    folder: Path


Pairs = Callable[[str], Pair]


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pairs:
    made: dict[str, Pair] = {}

    def of(case: str) -> Pair:
        if case not in made:
            folder = tmp_path_factory.mktemp("foreign") / case
            theirs: nn.Module = make(case, folder)
            made[case] = Pair(theirs, load(folder), folder)
        return made[case]

    return of


@pytest.fixture
def summarizer(pair: Pairs) -> Callable[[str], Summarizer]:
    return lambda case: Summarizer(pair(case).ours)


@pytest.fixture
def folder(pair: Pairs, tmp_path: Path) -> Callable[..., Path]:
    """A copy of a case's folder, to be changed."""

    def of(case: str = "bart") -> Path:
        return Path(shutil.copytree(pair(case).folder, tmp_path / case))

    return of


@pytest.fixture
def bart(folder: Callable[..., Path]) -> Path:
    """A copy of a folder, to be spoilt."""
    return folder("bart")


@pytest.fixture
def no_blow_up(pair: Pairs) -> Iterator[None]:
    """No refusal may take more memory than a small model: 300 MB is far above, and far below."""
    pair("bart"), pair("t5")  # with all that their making imports
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000
