"""Two runs side by side: the values that are drawn, and the handlers over a tiny random model."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demo.comparing import beside, comparison, run_choices, strategy_label
from demo.controls import STYLE_LENGTHS
from demo.library import Library
from demo.session import MOST_RUNS, Run, Session
from demo.strategies import PRESETS
from demo.tabs.compare import CompareHandlers, compare_runs, preset_options, refresh
from model.trace import Trace
from tests.demo.made import SOURCE_TEXT, SUMMARY_IDS, make_trace

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="session")
def library(model_folder: Path) -> Library:
    return Library([model_folder])


def parted() -> Trace:
    """ "Council keeps park", which leaves the hand-made summary at its third word."""
    trace = make_trace()
    steps = list(trace.steps[:3])
    steps[2] = dataclasses.replace(
        steps[2],
        token_ids=np.array([14]),
        token_log_probs=np.log(np.array([0.05], dtype=np.float32)),
        ranks=np.array([1]),
    )
    ended = dataclasses.replace(
        trace.hypotheses[0],
        text="Council keeps park",
        token_ids=(*SUMMARY_IDS[:2], 14),
        offsets=((0, 7), (7, 13), (13, 18)),
        rows=(0, 0, 0),
        finished=False,
    )
    return dataclasses.replace(
        trace, steps=tuple(steps), hypotheses=(ended,), options={"num_beams": 4}
    )


def two_runs() -> Session:
    return Session().adding(Run(make_trace(), "first")).adding(Run(parted(), "second"))


def texts(words: list[dict[str, Any]]) -> list[str]:
    return [word["text"] for word in words]


def test_equal_words_stand_beside_each_other_and_the_others_apart() -> None:
    drawn = comparison(Run(make_trace(), ""), Run(parted(), ""))
    found = [(row["same"], texts(row["left"]), texts(row["right"])) for row in drawn["rows"]]
    assert found == [
        (True, ["Council", "keeps"], ["Council", "keeps"]),
        (False, ["library"], ["park"]),
    ]


def test_the_parting_names_place_words_and_both_probabilities() -> None:
    parting = comparison(Run(make_trace(), ""), Run(parted(), ""))["parting"]
    assert parting["says"]["values"] == {"place": 3, "left": "library", "right": "park"}
    left, right = parting["branches"]
    assert [one["token"] for one in left] == ["lib", "park"]
    assert [one["probability"] for one in left] == pytest.approx([0.8, 0.05], abs=1e-4)
    assert [one["token"] for one in right] == ["park", "lib"]
    assert [one["probability"] for one in right] == pytest.approx([0.05, 0.8], abs=1e-4)


def test_a_summary_that_ends_earlier_leaves_a_gap_and_is_said_to_end() -> None:
    short = make_trace()
    ended = dataclasses.replace(
        short.hypotheses[0],
        text="Council keeps",
        token_ids=(10, 11, 2),
        offsets=((0, 7), (7, 13), (13, 13)),
        rows=(0, 0, 0),
    )
    drawn = comparison(
        Run(make_trace(), ""), Run(dataclasses.replace(short, hypotheses=(ended,)), "")
    )
    assert drawn["rows"][-1] == {
        "same": False,
        "left": [{"text": "library", "gap": " ", "probability": 0.6}],
        "right": [],
    }
    assert "the right ends, the left goes on" in drawn["parting"]["says"]["key"]
    left, right = drawn["parting"]["branches"]
    assert left[0]["token"] == "lib"
    assert right[0]["token"] == {"key": "the end", "values": {}}


def test_the_same_words_part_nowhere() -> None:
    drawn = comparison(Run(make_trace(), ""), Run(make_trace(), ""))
    assert drawn["parting"]["branches"] == []
    assert drawn["parting"]["says"]["key"] == "Both wrote the same words."
    assert all(row["same"] for row in drawn["rows"])


def test_only_the_settings_that_differ_are_named() -> None:
    sides = comparison(Run(make_trace(), ""), Run(parted(), ""))["sides"]
    values = [[one["values"] for one in side["settings"]] for side in sides]
    assert values == [[{"setting": "Beams", "value": "1"}], [{"setting": "Beams", "value": "4"}]]
    assert [side["strategy"] for side in sides] == ["Greedy", "Beam search"]


def test_another_text_and_a_cut_are_said() -> None:
    keys = [one["key"] for one in comparison(two_runs().runs[0], two_runs().runs[1])["notice"]]
    assert keys == [
        "The left model read {read} of {total} tokens.",
        "The right model read {read} of {total} tokens.",
    ]
    other = Run(make_trace(cut=False), "")
    keys = [one["key"] for one in comparison(two_runs().runs[0], other)["notice"]]
    assert keys[0] == "These two runs read different texts."


@pytest.mark.parametrize("options", [{}, {"num_beams": "x"}, {"nonsense": 1}, {"strategy": 7}])
def test_a_record_with_any_options_can_be_compared(options: dict[str, Any]) -> None:
    odd = dataclasses.replace(make_trace(), options=options)
    assert comparison(Run(odd, ""), Run(make_trace(), ""))["state"] == "done"
    assert isinstance(strategy_label(odd), str)


def test_a_second_run_leaves_the_shown_one_in_its_place() -> None:
    session = two_runs().showing(0)
    for _ in range(2 * MOST_RUNS):
        before = session.run
        session = beside(session, Run(make_trace(), "again"))
        assert session.run is before
        assert len(session.runs) <= MOST_RUNS
    assert session.runs[-1].label == "again"


def test_running_again_streams_and_ends_with_both_sides(library: Library) -> None:
    session = Session().adding(Run(make_trace(), "first"))
    handlers = CompareHandlers(library)
    updates = list(handlers.run_and_compare(session, "tiny", "headline", "Exploratory"))
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
    last = list(handlers.run_and_compare(session, model, style, preset))[-1]
    assert message in last[2]["notice"]
    assert not isinstance(last[0], Session)


def test_without_a_run_there_is_nothing_to_run_again(library: Library) -> None:
    for session in (Session(), None, "x"):
        updates = CompareHandlers(library).run_and_compare(session, "tiny", "headline", "Balanced")
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


@pytest.mark.parametrize("session", [None, Session(), Session().adding(Run(make_trace(), ""))])
def test_fewer_than_two_runs_are_not_compared(session: Any) -> None:
    drawn, left, right = refresh(session)
    assert drawn == {"state": "empty", "notice": ""}
    assert left["value"] == right["value"] == ("1" if session and session.runs else None)


@pytest.mark.parametrize("preset", [one.name for one in PRESETS])
@pytest.mark.parametrize("limit", [10, 160])
def test_every_preset_gives_options_that_the_model_allows(preset: str, limit: int) -> None:
    options = preset_options(preset, "headline", limit)
    assert options.min_new_tokens <= options.max_new_tokens <= limit


def test_a_preset_without_lengths_takes_those_of_the_style() -> None:
    assert preset_options("Balanced", "tldr", 160).max_new_tokens == STYLE_LENGTHS["tldr"]
