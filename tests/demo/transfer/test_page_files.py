"""What a visitor brings and takes away, without a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from demo.library import Library
from demo.privacy.hiding import KEEP
from demo.session import Run, Session
from demo.transfer.files import Runs, copied_summary, document, saved_json, saved_report
from model.trace import Trace
from tests.demo.made import make_trace

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture
def session(trace: Trace) -> Session:
    return Session().adding(Run(trace, "headline · Balanced"))


def test_a_run_saved_as_json_opens_as_it_was(session: Session, tmp_path: Path) -> None:
    saved, masked = saved_json(session, KEEP)
    assert masked == {}
    file = tmp_path / saved["name"]
    file.write_text(saved["text"], encoding="utf-8")
    opened = Runs(Library([])).opened(Session(), str(file))
    assert opened.session.run.trace.to_json() == saved["text"]
    assert opened.summary["text"] == "Council keeps library"


def test_a_report_opens_as_the_run_it_shows(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(saved_report(session, KEEP)[0]["text"], encoding="utf-8")
    opened = Runs(Library([])).opened(Session(), str(file))
    assert opened.session.run.trace.to_json() == session.run.trace.to_json()  # type: ignore[union-attr]


@pytest.mark.parametrize("content", ["", "{}", "[" * 5_000, "<html>", '{"schema": "other"}'])
def test_a_file_that_is_no_run_is_refused(session: Session, tmp_path: Path, content: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(gr.Error):
        Runs(Library([])).opened(session, str(file))


def test_a_run_of_another_model_says_which(library: Library) -> None:
    runs = Runs(library)
    assert "no model 'gone'" in runs.difference({"name": "gone"})
    assert "another one" in runs.difference({"name": "tiny", "fingerprint": "0"})
    mine = {"name": "tiny", "fingerprint": library.get().fingerprint}
    assert runs.difference(mine) == ""


@pytest.mark.parametrize("take", [saved_json, saved_report, copied_summary])
def test_nothing_is_taken_before_the_first_run(take: Callable[..., Any]) -> None:
    with pytest.raises(gr.Error, match="no summary yet"):
        take(Session(), KEEP)


def test_the_summary_is_copied_as_text(session: Session) -> None:
    assert copied_summary(session, KEEP) == ({"copy": "Council keeps library"}, {})


def test_an_uploaded_text_fills_the_box_and_a_bad_one_leaves_it(tmp_path: Path) -> None:
    good = tmp_path / "letter.txt"
    good.write_text("Dear all,\nthe printer works again.", encoding="utf-8")
    assert "printer" in document(str(good))[0]
    bad = tmp_path / "picture.png"
    bad.write_bytes(b"\x89PNG")
    assert document(str(bad)) == (gr.skip(), gr.skip())
    assert document(None) == (gr.skip(), gr.skip())


def test_the_hand_made_trace_survives_json() -> None:
    assert Trace.from_json(make_trace().to_json()).hypotheses == make_trace().hypotheses
