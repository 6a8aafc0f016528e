"""How a call ended, as the log and the figures tell it: by kind, never by what anybody wrote."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo.halting import Halt
from demo.handlers import Handlers
from demo.library import Library
from demo.serving.limits import Limits
from demo.serving.metrics import Metrics
from demo.serving.watching import Watch
from demo.session import Session
from demo.settings.controls import CONTROLS
from demo.tabs.reference import ReferenceHandlers
from demo.transfer import files
from tests.demo.made import SOURCE_TEXT

ENDED = logging.getLogger("demo.serving.watching").name


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[..., tuple[str, str]]:
    """(outcome, kind) that the log has of one call; the text in it must not be there."""
    caplog.set_level(logging.INFO, ENDED)

    def call(function: Callable[..., Any], *values: Any) -> tuple[str, str]:
        watch = Watch(Limits(text_characters=60), Metrics())
        answer = watch.watched(function, "name")(*values)
        if hasattr(answer, "__next__"):
            list(answer)
        (record,) = [one for one in caplog.records if one.name == ENDED and one.msg == "call"]
        assert "diary" not in str(vars(record))
        sample = {"endpoint": "name", "outcome": vars(record)["outcome"]}
        assert watch.metrics.registry.get_sample_value("gistscope_calls_total", sample) == 1
        return vars(record)["outcome"], vars(record).get("kind", "")

    return call


def summarize(model_folder: Path, text: Any) -> tuple[Any, ...]:
    settings = ("tiny", None, "Balanced", "beam", *(one.start for one in CONTROLS))
    handler = Handlers(Library([model_folder])).summarize
    return handler, Session(), Halt(), text, *settings


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_refusal_that_the_page_shows_is_a_refusal_in_the_log(
    model_folder: Path, told: Callable[..., tuple[str, str]]
) -> None:
    assert told(*summarize(model_folder, "my diary " * 20)) == ("refused", "LimitError")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_upload_that_can_not_be_read_is_a_refusal(
    tmp_path: Path, told: Callable[..., tuple[str, str]]
) -> None:
    (tmp_path / "my-diary.pdf").write_bytes(b"my diary")
    assert told(files.document, str(tmp_path / "my-diary.pdf")) == ("refused", "UploadError")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_fault_that_the_page_shows_is_a_failure_in_the_log(
    told: Callable[..., tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("my diary")

    monkeypatch.setattr("demo.tabs.reference.shown", broken)
    handler = ReferenceHandlers(Library([])).score_reference
    assert told(handler, Session(), "my diary") == ("failed", "KeyError")


def test_what_went_well_has_no_kind(
    model_folder: Path, told: Callable[..., tuple[str, str]]
) -> None:
    assert told(*summarize(model_folder, SOURCE_TEXT)) == ("done", "")
