"""A hand-made trace and a tiny random model; neither needs a network or shipped files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from demo.library import Library
from model.trace import Trace
from tests.demo.documents import Folder
from tests.demo.made import make_model, make_trace

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before anything imports gradio


@pytest.fixture
def trace() -> Trace:
    """The hand-made run."""
    return make_trace()


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model of random weights."""
    return make_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def library(model_folder: Path) -> Library:
    """A library of that one model."""
    return Library([model_folder])


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Where files to upload are put."""
    return Folder(tmp_path)
