"""What the model weighed, as the values that the panel of alternatives draws."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from demo.values import views
from model.trace import Trace
from tests.demo.made import line, make_trace


def candidates(trace: Trace, word: int, piece: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]]
    found = views.alternatives(trace)["words"][word]["pieces"][piece]["candidates"]
    return found


def test_a_blocked_candidate_names_its_rule_and_has_no_final_probability(trace: Trace) -> None:
    found = candidates(trace, 0)
    assert ["chosen" in one for one in found] == [True, False, False]
    assert found[1]["final"] is None
    assert line(found[1]["rules"]) == "would repeat words"
    assert line(found[2]["rules"]) == "used before"
    assert found[2]["final"] == pytest.approx(np.exp(-5), abs=1e-4)


@pytest.mark.parametrize(("size", "phrase"), [(1, "park"), (2, "…rary park"), (3, "library park")])
def test_a_blocked_run_of_tokens_is_named_with_its_words(
    trace: Trace, size: int, phrase: str
) -> None:
    """The tokens before the end are "keeps", " lib", "rary"; " park" is blocked there."""
    ruled = dataclasses.replace(trace, options={"no_repeat_ngram_size": size})
    assert line(candidates(ruled, 3)[1]["rules"]) == f"would repeat “{phrase}”"


def test_a_rule_that_moved_all_candidates_is_said_once(trace: Trace) -> None:
    moved = ("temperature",)
    steps = [
        dataclasses.replace(step, rules=((moved, ("no_repeat_ngram_size",), moved),))
        for step in trace.steps
    ]
    warm = dataclasses.replace(trace, steps=tuple(steps))
    piece = views.alternatives(warm)["words"][0]["pieces"][0]
    assert line(piece["about"]).endswith(" · temperature")
    rules = [line(one.get("rules", [])) for one in piece["candidates"]]
    assert rules == ["", "would repeat words", ""]


def test_what_blocks_a_candidate_is_named_and_not_what_moved_it(trace: Trace) -> None:
    moved = ("repetition_penalty", "novel_ngram_penalty")
    steps = tuple(
        dataclasses.replace(step, rules=(((), (*moved, "bad_words"), moved),))
        for step in trace.steps
    )
    _, blocked, left = candidates(dataclasses.replace(trace, steps=steps), 1)
    assert line(blocked["rules"]) == "forbidden word"
    assert line(left["rules"]) == "used before · new wording"


def test_a_run_copied_from_the_source_is_said_to_be_that(trace: Trace) -> None:
    steps = [
        dataclasses.replace(step, rules=(((), ("encoder_no_repeat_ngram_size",), ()),))
        for step in trace.steps
    ]
    options = {"encoder_no_repeat_ngram_size": 2}
    blocked = dataclasses.replace(trace, steps=tuple(steps), options=options)
    assert line(candidates(blocked, 1)[1]["rules"]) == "would copy “Council park” from the source"


def test_every_candidate_but_the_chosen_one_can_be_continued(trace: Trace) -> None:
    found = candidates(trace, 1)
    # The last looks like a mark.
    assert ["closed" in one for one in found] == [False, False, True]
    assert [one["token_id"] for one in found] == [11, 14, 15]
    assert views.alternatives(trace)["words"][1]["pieces"][0]["step"] == 1


def test_where_nothing_can_run_the_alternatives_say_so(trace: Trace) -> None:
    assert views.alternatives(trace)["fixed"] is False
    assert views.alternatives(trace, fixed=True)["fixed"] is True


def test_a_word_of_two_tokens_has_alternatives_for_both(trace: Trace) -> None:
    pieces = views.alternatives(trace)["words"][2]["pieces"]
    assert [piece["text"] for piece in pieces] == ["lib", "rary"]
    assert line(pieces[1]["about"]) == "step 4 of 5 · entropy 1.2 bits · copied 12 %"


def test_without_a_copy_gate_no_share_is_invented() -> None:
    about = views.alternatives(make_trace(copy_gate=False))["words"][0]["pieces"][0]["about"]
    assert "copied" not in line(about)
