"""Two runs side by side as the values that are drawn."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from demo.session import MOST_RUNS, Run, Session
from demo.values.comparing import beside, comparison, strategy_label
from tests.demo.made import make_trace, parted

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


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
    found = comparison(two_runs().runs[0], two_runs().runs[1])["notice"]
    assert {one["key"] for one in found} == {"The {side} model read {read} of {total} tokens."}
    assert [one["values"]["side"]["key"] for one in found] == ["left", "right"]
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
