"""The tab that compares two runs: its handlers over a tiny random model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import gradio as gr
import pytest

from demo.halting import Halt
from demo.library import Library
from demo.session import Run, Session
from demo.settings.choosing import preset_options
from demo.settings.strategies import PRESETS
from demo.tabs.compare import (
    AS_SHOWN,
    CompareHandlers,
    compare_runs,
    refresh,
    session_changed,
    tab_opened,
)
from demo.values.comparing import run_choices
from model.options import DecodingOptions
from model.style_options import STYLE_OPTIONS
from tests.demo.made import SOURCE_TEXT, make_trace, parted

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def two_runs() -> Session:
    return Session().adding(Run(make_trace(), "first")).adding(Run(parted(), "second"))


def test_running_again_streams_and_ends_with_both_sides(library: Library) -> None:
    session = Session().adding(Run(make_trace(), "first"))
    handlers = CompareHandlers(library)
    updates = list(handlers.run_and_compare(session, Halt(), "tiny", "headline", "Exploratory"))
    assert {len(update) for update in updates} == {5}
    assert [update[2]["state"] for update in updates[:-1]] == ["running"] * (len(updates) - 1)
    after, history, drawn, left, right = updates[-1]
    assert after.run is session.run
    assert after.runs[1].trace.source.text == SOURCE_TEXT
    assert after.runs[1].trace.options["do_sample"] is True
    assert len(history["runs"]) == 2
    assert drawn["state"] == "done"
    assert (left["value"], right["value"]) == ("1", "2")
    assert left["choices"] == run_choices(after)


@pytest.mark.parametrize(
    ("shown", "style"), [("tldr", "tldr"), ("haiku", "headline"), (None, "headline")]
)
def test_as_shown_is_the_shown_runs_style_where_the_model_has_it(
    library: Library, shown: str | None, style: str
) -> None:
    trace = make_trace()
    session = Session().adding(Run(replace(trace, source=replace(trace.source, style=shown)), ""))
    handlers = CompareHandlers(library)
    *_, last = handlers.run_and_compare(session, Halt(), "tiny", AS_SHOWN, "Balanced")
    assert last[0].runs[1].trace.source.style == style
    assert last[0].runs[1].label.startswith(style)


def test_another_models_styles_keep_the_chosen_one(library: Library) -> None:
    handlers = CompareHandlers(library)
    for style, kept in (("tldr", "tldr"), (AS_SHOWN, AS_SHOWN), ("haiku", AS_SHOWN)):
        update = handlers.model_chosen("tiny", style)
        assert update["value"] == kept
        assert update["choices"] == [AS_SHOWN, *library.get("tiny").styles]


def test_a_document_is_read_again_and_not_the_summaries_of_its_parts(library: Library) -> None:
    document = "The council kept the library open. " * 6
    merged = Run(make_trace(), "first", parts=(make_trace(),) * 2, document=document)
    handlers = CompareHandlers(library)
    updates = handlers.run_and_compare(
        Session().adding(merged), Halt(), "tiny", "headline", "Balanced"
    )
    *growing, (after, _, drawn, _, _) = updates
    assert "Part {part} of {parts}" in [
        update[2]["notice"]["key"] for update in growing if update[2]["notice"]
    ]
    again = after.runs[1]
    assert again.text == document
    assert " ".join(part.source.text for part in again.parts).split() == document.split()
    says = [one["key"] for one in drawn["notice"]]
    assert "These two runs read different texts." not in says
    assert "The {side} run read the text in {parts} parts and merged their summaries." in says


@pytest.mark.parametrize(
    ("model", "style", "preset", "message"),
    [
        ("none", "headline", "Balanced", "There is no model 'none'"),
        (3, "headline", "Balanced", "model must be a name"),
        ("tiny", "haiku", "Balanced", "style must be one of"),
        ("tiny", "headline", "Wild", "preset must be one of Faithful"),
        ("tiny", "headline", ["Balanced"], "preset must be one of Faithful"),
    ],
)
def test_bad_choices_are_said_and_change_no_run(
    library: Library, model: Any, style: Any, preset: Any, message: str
) -> None:
    handlers = CompareHandlers(library)
    session = Session().adding(Run(make_trace(), "first"))
    last = list(handlers.run_and_compare(session, Halt(), model, style, preset))[-1]
    assert message in last[2]["notice"]
    assert not isinstance(last[0], Session)


def test_without_a_run_there_is_nothing_to_run_again(library: Library) -> None:
    for session in (Session(), None, "x"):
        updates = CompareHandlers(library).run_and_compare(
            session, Halt(), "tiny", "headline", "Balanced"
        )
        assert [update[2]["state"] for update in updates] == ["empty"]


@pytest.mark.parametrize(
    ("left", "right", "says"),
    [
        ("1", "3", "right must be between 1 and 2, got 3"),
        ("0", "1", "left must be between 1 and 2, got 0"),
        ("1", "-1", "right must be a whole number"),
        ({"a": 1}, "1", "left must be a whole number"),
        (None, "1", ""),
        ("2", "2", ""),
    ],
)
def test_numbers_of_runs_are_checked(left: Any, right: Any, says: str) -> None:
    drawn = compare_runs(two_runs(), left, right)
    assert drawn["state"] == "empty"
    assert drawn["notice"].startswith(says)


def test_two_numbers_draw_their_runs() -> None:
    drawn = compare_runs(two_runs(), "2", "1")
    assert [side["strategy"] for side in drawn["sides"]] == ["Beam search", "Greedy"]


def test_a_changed_session_sets_the_shown_run_beside_the_newest() -> None:
    session = two_runs().adding(Run(parted(), "third"))
    for current, sides in ((2, ("2", "3")), (0, ("1", "3"))):
        drawn, left, right = refresh(session.showing(current))
        assert (left["value"], right["value"]) == sides
        assert drawn["state"] == "done"


def test_a_closed_tab_draws_nothing_until_it_is_opened() -> None:
    skipped, session = gr.skip(), two_runs()
    assert session_changed(session, "attention") == (skipped, skipped, skipped, True)
    drawn, left, right, outdated = tab_opened(session, True)
    assert (drawn["state"], left["value"], right["value"], outdated) == ("done", "1", "2", False)
    assert session_changed(session, "compare")[0] == drawn
    assert tab_opened(session, False) == (skipped,) * 4  # what was chosen there stays


@pytest.mark.parametrize("session", [None, Session(), Session().adding(Run(make_trace(), ""))])
def test_fewer_than_two_runs_are_not_compared(session: Any) -> None:
    drawn, left, right = refresh(session)
    assert drawn == {"state": "empty", "notice": ""}
    assert left["value"] == right["value"] == ("1" if session and session.runs else None)


@pytest.mark.parametrize("preset", [one.name for one in PRESETS])
def test_every_preset_gives_options_that_the_model_allows(library: Library, preset: str) -> None:
    short = Mock(styles=("headline",), config=Mock(max_target_tokens=10))
    short.defaults = lambda _: DecodingOptions(max_new_tokens=10)
    for summarizer in (library.get(), short):
        options = preset_options(preset, "headline", summarizer)
        limit = summarizer.config.max_target_tokens
        assert options.min_new_tokens <= options.max_new_tokens <= limit


def test_a_preset_without_lengths_takes_those_of_the_style(library: Library) -> None:
    options = preset_options("Faithful", "tldr", library.get())
    suited = {**STYLE_OPTIONS["tldr"], "num_beams": 6}  # the preset has its own beams
    assert {name: getattr(options, name) for name in suited} == suited
    assert preset_options("Balanced", "tldr", library.get()) == library.get().defaults("tldr")
