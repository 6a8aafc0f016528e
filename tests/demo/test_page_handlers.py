"""Handlers over a tiny random model, without a server."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest

from demo import handlers
from demo.drawing import FIGURES, Views
from demo.halting import Halt
from demo.handlers import Handlers
from demo.library import Library
from demo.page import build
from demo.privacy.hiding import KEEP
from demo.session import Session
from demo.settings.controls import CONTROLS
from tests.demo.made import SOURCE_TEXT, unpacked

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
SHORT = {"max_new_tokens": 8}


def run(library: Library, text: Any, style: Any = "headline", **values: Any) -> list[Views]:
    options = [{**SHORT, **values}.get(one.name, one.start) for one in CONTROLS]
    settings = ("tiny", style, "Balanced", "beam", *options)
    return list(Handlers(library).summarize(Session(), Halt(), text, *settings))


def event(**data: Any) -> gr.EventData:
    return gr.EventData(None, data)


@pytest.fixture(scope="module")
def finished(library: Library) -> Session:
    """A session after one run with beams."""
    session = run(library, SOURCE_TEXT)[-1].session
    assert isinstance(session, Session)
    return session


def test_a_run_grows_and_ends_with_everything_drawn(library: Library) -> None:
    *growing, last = run(library, SOURCE_TEXT)
    assert {update.summary["state"] for update in growing} == {"streaming"}
    assert last.summary["state"] == "done"
    shown = last.session.run
    assert shown.label == "headline · Balanced"
    assert last.summary["text"] == shown.trace.hypotheses[0].text
    words = len(last.summary["words"])
    assert len(unpacked(last.source)["attention"]["peaks"]) == words
    assert len(unpacked(last.alternatives)["words"]) == words
    assert len(last.chart.data[0].x) == words
    assert not last.attention.data  # drawn when its tab is open
    drawn = {name: handlers.tab_drawn(last.session, name, KEEP) for name in FIGURES}
    attention, *_, entropy, strip, tree, masked = drawn["attention"]
    assert attention.data[0].type == "heatmap"
    assert (entropy, strip, tree, masked) == (gr.skip(), gr.skip(), gr.skip(), {})
    assert drawn["probabilities"][-4].data
    assert drawn["beams"][-2].data


@pytest.mark.parametrize("tab", ["", "settings", None, 3, ["attention"]])
def test_a_tab_that_does_not_exist_is_refused(finished: Session, tab: Any) -> None:
    with pytest.raises(gr.Error, match="tab must be one of"):
        handlers.tab_drawn(finished, tab, KEEP)


def test_a_visitor_whose_runs_were_dropped_is_told(library: Library) -> None:
    with pytest.raises(gr.Error, match="no summary yet"):
        handlers.hypothesis_chosen(None, event(place=0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text is empty"),
        (" \n\t", "only white space"),
        (None, "must be str"),
        (["x"], "must be str"),
        ("x" * 1_000_001, "1,000,001 characters, the limit is"),
    ],
)
def test_a_bad_text_is_said_where_the_summary_would_stand(
    library: Library, text: Any, message: str
) -> None:
    last = run(library, text)[-1]
    assert last.summary["state"] == "failed"
    assert message in last.summary["notice"]
    assert last.session.run is None


def test_a_failed_run_keeps_those_made_before(library: Library, finished: Session) -> None:
    options = [one.start for one in CONTROLS]
    last = list(
        Handlers(library).summarize(
            finished, Halt(), "", "tiny", "headline", None, "beam", *options
        )
    )[-1]
    assert last.session.run is None
    assert last.session.runs == finished.runs


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_new_tokens": 200}, "max_new_tokens must be at most 160"),
        ({"min_new_tokens": 9}, "min_new_tokens"),
        ({"num_beams": 999}, "num_beams"),
        ({"style": "haiku"}, "style must be one of headline"),
        ({"style": 3}, "style must be one of"),
    ],
)
def test_bad_settings_are_said_and_name_value_and_limit(
    library: Library, change: dict[str, Any], message: str
) -> None:
    assert message in run(library, SOURCE_TEXT, **change)[-1].summary["notice"]


def test_an_unexpected_fault_shows_no_details(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("secret path /home/someone")

    monkeypatch.setattr("demo.handlers.everything", fail)
    notice = run(library, SOURCE_TEXT)[-1].summary["notice"]
    assert "secret" not in notice
    assert "Your text is still there" in notice


def test_odd_texts_are_summarised(library: Library) -> None:
    for text in ("one", "\x00\ud800 x", "</s> <pad> ${1} {{x}}", "日本語の文。", "👩‍👩‍👧 é"):
        assert run(library, text)[-1].summary["state"] == "done", text


def test_a_text_longer_than_the_model_reads_is_read_in_parts(library: Library) -> None:
    text = "The council kept the library open. " * 20
    last = run(library, text)[-1]
    shown, parts = last.session.run, last.session.run.parts
    assert (shown.text, shown.joined) == (text, False)
    assert last.summary["notice"][0]["key"].endswith("and their summaries were merged.")
    assert len(parts) > 1
    assert last.part["visible"]
    assert len(last.part["choices"]) == len(parts) + 1
    shown = handlers.part_chosen(last.session, "2").session.run
    assert shown.trace is parts[1]


def test_continuing_keeps_what_stood_before_and_adds_a_run(
    library: Library, finished: Session
) -> None:
    before = finished.run
    assert before is not None
    chosen = before.trace.hypotheses[0].token_ids
    other = next(one for one in before.trace.candidates(0, 1) if not one.chosen)
    answer = event(step=1, token_id=other.token_id)
    last = list(Handlers(library).continue_here(finished, Halt(), answer))[-1]
    assert len(last.session.runs) == 2
    assert last.session.run.trace.hypotheses[0].token_ids[:2] == (chosen[0], other.token_id)
    assert last.session.run.label.startswith("from “")


def test_a_typed_word_continues_too(library: Library, finished: Session) -> None:
    answer = event(step=0, text="Library")
    last = list(Handlers(library).continue_here(finished, Halt(), answer))[-1]
    assert last.summary["text"].startswith("Library")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"step": 1},
        {"step": "x", "token_id": 3},
        {"step": 10**9, "token_id": 3},
        {"step": 1, "token_id": -1},
        {"step": 1, "token_id": 10**9},
        {"step": 1, "text": ["x"]},
        {"step": 1, "text": ""},
        {"step": 1, "text": "x" * 5_000},
        "text",
    ],
)
def test_a_hostile_continuation_is_refused(library: Library, finished: Session, data: Any) -> None:
    answer = gr.EventData(None, data)
    last = list(Handlers(library).continue_here(finished, Halt(), answer))[-1]
    assert last.summary["state"] == "failed"
    assert last.session.runs == finished.runs


def test_every_hypothesis_can_be_looked_at(finished: Session) -> None:
    run = finished.run
    assert run is not None
    for place, hypothesis in enumerate(run.trace.hypotheses):
        seen = handlers.hypothesis_chosen(finished, event(place=place))
        assert seen.summary["text"] == hypothesis.text
        assert seen.hypotheses["shown"] == place


def test_an_abandoned_hypothesis_can_be_looked_at(finished: Session) -> None:
    run = finished.run
    assert run is not None
    node = next(node for node in run.trace.tree() if node.state == "pruned")
    seen = handlers.node_chosen(finished, event(step=node.step, row=node.row))
    shown = seen.session.run
    assert shown.trace.hypotheses[shown.hypothesis].rows[-1] == node.row
    assert len(shown.trace.hypotheses[shown.hypothesis].token_ids) == node.step + 1
    assert seen.summary["state"] == "done"


@pytest.mark.parametrize("place", [-1, 99, "x", None, True, 1.5, {}])
def test_what_does_not_exist_is_refused(finished: Session, place: Any) -> None:
    for handler, value in (
        (handlers.run_chosen, event(place=place)),
        (handlers.hypothesis_chosen, event(place=place)),
        (handlers.node_chosen, event(step=place, row=place)),
        (handlers.word_shown, event(word=place)),
        (handlers.part_chosen, place),
    ):
        with pytest.raises(gr.Error, match="must be"):
            handler(finished, value)


def test_the_page_builds_and_offers_three_endpoints(library: Library) -> None:
    page = build(library)
    public = {fn.api_name for fn in page.fns.values() if fn.api_visibility == "public"}
    assert public == {"summarize", "score", "compare"}


def test_the_page_opens_without_any_model() -> None:
    assert "No model was found" in str(build(Library([])).get_config_file())


def test_traces_never_travel_back_as_input(library: Library) -> None:
    page = build(library)
    for function in page.fns.values():
        assert not any(isinstance(block, gr.Plot | gr.HTML) for block in function.inputs)
