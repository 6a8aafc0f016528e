"""What a visitor brings and takes away, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from demo.controls import CONTROL_NAMES, CONTROLS
from demo.files import Links, Runs, document, saved_json, saved_report
from demo.library import Library
from demo.session import Run, Session
from demo.strategies import to_options
from model.trace import Trace
from tests.demo.made import SOURCE_TEXT, make_trace

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
STARTS = [control.start for control in CONTROLS]


def event(link: Any) -> gr.EventData:
    return gr.EventData(None, {"link": link})


@pytest.fixture
def session(trace: Trace) -> Session:
    return Session().adding(Run(trace, "headline · Balanced"))


def test_a_run_saved_as_json_opens_as_it_was(session: Session, tmp_path: Path) -> None:
    saved = saved_json(session)
    file = tmp_path / saved["name"]
    file.write_text(saved["text"], encoding="utf-8")
    opened = Runs(Library([])).opened(Session(), str(file))
    assert opened.session.run.trace.to_json() == saved["text"]
    assert opened.summary["text"] == "Council keeps library"


def test_a_report_opens_as_the_run_it_shows(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(saved_report(session)["text"], encoding="utf-8")
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


def test_nothing_is_saved_before_the_first_run() -> None:
    assert saved_json(Session()) == {}
    assert saved_report(None) == {}


def test_a_link_brings_back_text_and_every_setting(library: Library) -> None:
    links = Links(library)
    values = list(STARTS)
    values[CONTROL_NAMES.index("num_beams")] = 7
    made = links.made(None, SOURCE_TEXT, "tiny", "notes", "beam", *values)["link"]
    text, model, style, strategy, *updates = links.opened(event(made))
    assert (text, model, style["value"], strategy) == (SOURCE_TEXT, "tiny", "notes", "beam")
    assert [update["value"] for update in updates] == values


@pytest.mark.parametrize("way", [{"token_id": 2}, {"text": " library"}], ids=["end", "word"])
def test_a_link_leads_where_the_visitor_led(library: Library, way: dict[str, Any]) -> None:
    tiny, values = library.get(), dict(zip(CONTROL_NAMES, STARTS, strict=True))
    values |= {"num_beams": 2, "max_new_tokens": 9}
    first = tiny.summarize(SOURCE_TEXT, to_options("beam", [*values.values()]), "notes").trace
    *_, led = tiny.continue_from(first, 0, 4, **way)
    assert led.trace is not None
    session = Session().adding(Run(led.trace, "led"))
    asked = (session, SOURCE_TEXT, "tiny", "notes", "beam", *values.values())
    text, _, style, strategy, *updates = Links(library).opened(
        event(Links(library).made(*asked)["link"])
    )
    options = to_options(strategy, [update["value"] for update in updates])
    assert tiny.summarize(text, options, style["value"]).text == led.text
    other = Links(library).made(session, "Another text.", *asked[2:])["link"]["controls"]
    assert other == values  # nothing of the shown run belongs to it


@pytest.mark.parametrize(
    "change",
    [
        {"controls": {"num_beams": "many"}},
        {"controls": {"num_beams": 999}},
        {"controls": None},
        {"strategy": "magic"},
        {"text": 3},
        {"model": "../../etc"},
        {"model": ["x"]},
    ],
)
def test_a_hostile_link_is_refused(library: Library, change: dict[str, Any]) -> None:
    links = Links(library)
    made = links.made(None, SOURCE_TEXT, "tiny", "notes", "beam", *STARTS)["link"] | change
    with pytest.raises(gr.Error):
        links.opened(event(made))


def test_no_link_is_made_for_a_model_that_is_no_name(library: Library) -> None:
    with pytest.raises(gr.Error, match="model must be a name"):
        Links(library).made(None, SOURCE_TEXT, ["x"], "notes", "beam", *STARTS)


@pytest.mark.parametrize("link", ["", "{" * 9, [], {"error": "cut"}, None, 3])
def test_what_is_no_link_is_refused(library: Library, link: Any) -> None:
    with pytest.raises(gr.Error):
        Links(library).opened(event(link))


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
