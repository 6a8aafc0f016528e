"""Traces as JSON and back; whoever it comes from, what is odd is refused by name."""

import copy
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.records import trace_json
from model.records.checked_json import write_array
from model.trace import Hypothesis, Trace, TraceError
from tests.scripted_traces import any_trace, scripted_trace


@pytest.fixture
def trace() -> Trace:
    return scripted_trace()


@pytest.fixture
def content(trace: Trace) -> dict[str, Any]:
    return json.loads(trace.to_json())


@given(trace=any_trace)
@settings(deadline=None, max_examples=30)
def test_a_trace_read_back_answers_the_same(trace: Trace) -> None:
    again = Trace.from_json(trace.to_json())
    assert again.to_json() == trace.to_json()
    assert (again.source, again.hypotheses) == (trace.source, trace.hypotheses)
    assert (again.options, again.model, again.timing, again.vocabulary) == (
        trace.options,
        trace.model,
        trace.timing,
        trace.vocabulary,
    )
    assert again.tree() == trace.tree()
    for number in range(len(trace.hypotheses)):
        for name in ("token_log_probs", "ranks", "entropy", "word_log_probs", "copy_gate"):
            mine, theirs = getattr(trace, name)(number), getattr(again, name)(number)
            np.testing.assert_array_equal(mine, theirs)
        if trace.attention_shape:
            np.testing.assert_array_equal(trace.attention(number), again.attention(number))
            pooled = again.pooled_attention(number)
            np.testing.assert_array_equal(trace.pooled_attention(number).weights, pooled.weights)
        assert trace.candidates(number, 0) == again.candidates(number, 0)


def test_minus_infinity_survives_and_nothing_else_odd_is_written(trace: Trace) -> None:
    text = trace.to_json()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert Trace.from_json(text).candidates(0, 0)[0].filtered_log_prob == -np.inf


def test_a_run_without_steps_survives_and_says_what_it_lacks(trace: Trace) -> None:
    first = trace.hypotheses[0]
    bare = Hypothesis(
        first.text, first.token_ids, first.offsets, (), first.log_prob, first.score, first.finished
    )
    fields = vars(trace) | {"steps": (), "hypotheses": (bare,), "vocabulary": {}}
    again = Trace.from_json(Trace(**fields).to_json())
    assert again.hypotheses == (bare,)
    with pytest.raises(TraceError, match="recorded no steps"):
        again.token_log_probs(0)


def _array(values: list[Any], dtype: str) -> dict[str, Any]:
    return write_array(np.array(values), dtype)


DAMAGES: dict[str, tuple[list[Any], Any, str]] = {
    "other schema": (["schema"], "x", "lacks the schema"),
    "newer version": (["version"], 2, "schema version 2; this Gistscope reads 1"),
    "boolean version": (["version"], True, "schema version True"),
    "no source": (["source"], None, "source of the trace must be dict"),
    "text no string": (["source", "text"], 5, "text of source must be str"),
    "text too long": (["source", "text"], "x" * 1_000_001, "1000001 characters, the limit"),
    "lone surrogate": (["source", "text"], "\ud800" * 50, "lone surrogate"),
    "token no object": (["source", "tokens", 0], 7, r"source.tokens\[0\] must be an object"),
    "token outside": (["source", "tokens", 1, "end"], 999, r"tokens\[1\] must be a span"),
    "token id negative": (["source", "tokens", 1, "id"], -1, "id of source.tokens.1. must be"),
    "cut outside": (["source", "cut_at"], 999, "cut_at of source must be between 0 and 50"),
    "steps no list": (["steps"], {}, "steps of the trace must be list"),
    "step missing array": (["steps", 0, "scores"], None, r"steps\[0\].scores is missing"),
    "wrong dtype": (["steps", 0, "scores", "dtype"], "|O", "must be of type <f4, got '|O'"),
    "claimed shape": (["steps", 0, "top_ids", "shape"], [1, 60_000], "bytes, its shape asks for"),
    "giant shape": (["steps", 0, "top_ids", "shape"], [2**60, 2**60], "where"),
    "negative shape": (["steps", 0, "scores", "shape"], [-1], "must have 1 sizes"),
    "float shape": (["steps", 0, "scores", "shape"], [1.0], "must have 1 sizes"),
    "data no base64": (["steps", 0, "scores", "data"], "!!!", "is not base64"),
    "data not ascii": (["steps", 0, "scores", "data"], "é", "is not base64"),
    "NaN": (["steps", 0, "entropy"], _array([np.nan], "<f4"), "entropy holds NaN"),
    "infinity": (["steps", 0, "entropy"], _array([np.inf], "<f4"), "entropy holds NaN or inf"),
    "parent outside": (["steps", 1, "parents"], _array([9] * 6, "<i4"), r"steps\[1\]"),
    "negative id": (["steps", 0, "top_ids"], _array([[-1] * 8], "<i4"), "negative number"),
    "rules no list": (["steps", 0, "rules"], "x", "rules of steps.0. must be list"),
    "rules too few": (["steps", 0, "rules"], [], "rules must be lists of names"),
    "rules of numbers": (["steps", 0, "rules", 0, 0], [1], "rules must be lists of names"),
    "gate only once": (["steps", 0, "copy_gate"], None, "in all steps or in none"),
    "row outside": (["hypotheses", 0, "rows", 0], 77, r"hypotheses\[0\].rows\[0\] is 77"),
    "row no number": (["hypotheses", 0, "rows", 0], 0.5, "rows of hypotheses.0. holds 0.5"),
    "token not chosen": (["hypotheses", 0, "token_ids", 0], 999, "token 999 was not chosen"),
    "offset outside": (["hypotheses", 0, "offsets", 0], [0, 999], "must be a span within"),
    "offset backwards": (["hypotheses", 0, "offsets", 0], [1, 0], "must be a span within"),
    "offset missing": (["hypotheses", 0, "offsets"], [], "0 offsets in 4 steps"),
    "finished no boolean": (["hypotheses", 0, "finished"], 1, "lacks sums or finished"),
    "sums NaN": (["hypotheses", 0, "sums"], _array([np.nan, 0], "<f8"), "sums holds NaN"),
    "vocabulary word": (["vocabulary"], {"x": "y"}, "vocabulary maps 'x'"),
    "vocabulary empty": (["vocabulary"], {}, r"vocabulary lacks the token 0 of steps\[0\]"),
    "options nested": (["options", "a"], {"b": {}}, "options.a must be plain"),
    "model number huge": (["model", "a"], 10**400, "model.a must be plain"),
    "timing text": (["timing", "total"], "soon", "timing.total must be a number"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_hostile_json_is_refused_by_name(content: dict[str, Any], name: str) -> None:
    path, value, message = DAMAGES[name]
    damaged = copy.deepcopy(content)
    inner = damaged
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(TraceError, match=message):
        Trace.from_json(json.dumps(damaged))


def test_a_chain_of_rows_must_hang_together(content: dict[str, Any]) -> None:
    number = next(n for n, h in enumerate(content["hypotheses"]) if len(h["rows"]) > 1)
    chosen = content["hypotheses"][number]
    parents = scripted_trace().steps[1].parents.copy()
    parents[chosen["rows"][1]] = (chosen["rows"][0] + 1) % 3
    content["steps"][1]["parents"] = _array(parents.tolist(), "<i4")
    with pytest.raises(TraceError, match="does not continue row"):
        Trace.from_json(json.dumps(content))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not readable JSON"),
        ("[]", "lacks the schema"),
        ("[" * 100_000, "not readable JSON"),
        ('{"schema": NaN}', "NaN is not JSON"),
        (b"{}", "is JSON text, got bytes"),
        ("9" * 5000, "not readable JSON"),
    ],
)
def test_what_is_no_trace_at_all_is_refused(text: Any, message: str) -> None:
    with pytest.raises(TraceError, match=message):
        Trace.from_json(text)


def test_infinity_spelled_as_a_number_is_refused(content: dict[str, Any]) -> None:
    text = json.dumps(content).replace('"total": 0.25', '"total": 1e999')
    with pytest.raises(TraceError, match=r"timing\.total must be a number, got inf"):
        Trace.from_json(text)


def test_a_text_over_the_limit_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_json, "MAX_CHARACTERS", 10)
    with pytest.raises(TraceError, match="11 characters, the limit is 10"):
        Trace.from_json("[" * 11)


@given(place=st.integers(0, 20_000), character=st.sampled_from('0"[]{},:-x9'))
@settings(deadline=None, max_examples=150)
def test_a_changed_character_is_read_or_refused(place: int, character: str) -> None:
    text = scripted_trace(length=2, beams=2).to_json()
    place %= len(text)
    try:
        again = Trace.from_json(text[:place] + character + text[place + 1 :])
    except TraceError:
        return
    for number in range(len(again.hypotheses)):
        again.pooled_attention(number)
        again.candidates(number, 0)
    again.tree()
