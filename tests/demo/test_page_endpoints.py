"""The named endpoints over a tiny random model, without a server."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import gradio as gr
import pytest

from demo.endpoints import compare_endpoint, score_endpoint, summarize_endpoint
from demo.library import Library
from model.options import DecodingOptions
from model.trace import Trace
from tests.demo.made import SOURCE_TEXT

SHORT = {"max_new_tokens": 8}


def test_the_endpoint_takes_every_option_by_name_and_needs_none(library: Library) -> None:
    parameters = inspect.signature(summarize_endpoint(library)).parameters
    assert list(parameters)[:3] == ["text", "model", "style"]
    assert parameters["text"].default is inspect.Parameter.empty
    assert list(parameters)[3:] == list(DecodingOptions().to_dict())
    assert {parameters[name].default for name in list(parameters)[3:]} == {None}


def test_what_is_not_given_is_as_the_model_has_it(library: Library) -> None:
    nothing = dict.fromkeys(DecodingOptions().to_dict())
    _, trace = summarize_endpoint(library)(SOURCE_TEXT, "", "title", *nothing.values())
    own = library.get().defaults("title")
    assert DecodingOptions.from_dict(Trace.from_json(trace).options) == own
    given = nothing | {"num_beams": 2, "max_new_tokens": 9}
    _, trace = summarize_endpoint(library)(SOURCE_TEXT, "", "title", *given.values())
    expected = dataclasses.replace(own, num_beams=2, max_new_tokens=9)
    assert DecodingOptions.from_dict(Trace.from_json(trace).options) == expected


def test_the_endpoint_returns_a_summary_and_its_trace(library: Library) -> None:
    options = {**DecodingOptions().to_dict(), **SHORT}
    summary, trace = summarize_endpoint(library)(SOURCE_TEXT, "", "", *options.values())
    assert Trace.from_json(trace).hypotheses[0].text == summary


@pytest.mark.parametrize(
    "change", [{"num_beams": 17}, {"num_beams": "4"}, {"top_p": "x"}, {"bad_words": "x"}]
)
def test_the_endpoint_refuses_hostile_options(library: Library, change: dict[str, Any]) -> None:
    options = {**DecodingOptions().to_dict(), **SHORT, **change}
    with pytest.raises(gr.Error, match=next(iter(change))):
        summarize_endpoint(library)(SOURCE_TEXT, "", "", *options.values())


def test_the_endpoint_refuses_an_unknown_model_or_style(library: Library) -> None:
    options = {**DecodingOptions().to_dict(), **SHORT}.values()
    with pytest.raises(gr.Error, match="no model"):
        summarize_endpoint(library)(SOURCE_TEXT, "../../etc", "", *options)
    with pytest.raises(gr.Error, match="haiku"):
        summarize_endpoint(library)(SOURCE_TEXT, "", "haiku", *options)


def test_a_reference_is_scored(library: Library) -> None:
    trace = Trace.from_json(score_endpoint(library)(SOURCE_TEXT, "The council kept it."))
    assert trace.hypotheses[0].text == "The council kept it."
    with pytest.raises(gr.Error, match="reference"):
        score_endpoint(library)(SOURCE_TEXT, "")


def test_two_settings_are_compared(library: Library) -> None:
    compare = compare_endpoint(library)
    first, _, second, other = compare(
        SOURCE_TEXT, options=SHORT, other_options={**SHORT, "num_beams": 1}
    )
    assert isinstance(first, str)
    assert Trace.from_json(other).hypotheses[0].text == second
    assert Trace.from_json(other).options["num_beams"] == 1
    with pytest.raises(gr.Error, match="object"):
        compare(SOURCE_TEXT, options="x")  # type: ignore[arg-type]
