"""A really running server over a tiny random model."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo.made import make_model

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before anything imports gradio


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model of random weights."""
    return make_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def serving() -> Iterator[Callable[..., str]]:
    """`serving(library, limits)` starts a page and returns its address, without a slash."""
    from demo.page import build
    from demo.server import launch
    from demo.serving.metrics import Metrics
    from demo.serving.watching import Watch

    pages = []

    def start(library: Any, limits: Any, metrics: Metrics | None = None) -> str:
        page = build(library)
        watch = Watch(limits, metrics or Metrics())
        _, local, _ = launch(
            page, watch, lambda: library.is_open, prevent_thread_lock=True, quiet=True
        )
        pages.append(page)
        return str(local).rstrip("/")

    yield start
    for page in pages:
        page.close(verbose=False)
