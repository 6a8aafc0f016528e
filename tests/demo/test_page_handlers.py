"""Handlers and endpoints over a tiny random model, without a server."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from demo.assets import examples
from demo.controls import CONTROL_NAMES, CONTROLS
from demo.endpoints import compare_endpoint, score_endpoint, summarize_endpoint
from demo.handlers import RESULTS, Handlers, attention_view, preset_chosen, strategy_chosen
from demo.library import Library
from demo.page import build
from model.options import DecodingOptions
from model.trace import Trace
from tests.demo.made import SOURCE_TEXT, make_trace

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
SHORT = {"max_new_tokens": 8}


@pytest.fixture(scope="session")
def library(model_folder: Path) -> Library:
    return Library([model_folder])


def run(library: Library, text: Any, style: Any = "headline", **values: Any) -> list[tuple]:
    options = [{**SHORT, **values}.get(one.name, one.start) for one in CONTROLS]
    return list(Handlers(library).summarize(text, "tiny", style, "beam", *options))


def test_a_run_grows_and_ends_with_everything_drawn(library: Library) -> None:
    updates = run(library, SOURCE_TEXT)
    assert all(len(update) == RESULTS for update in updates)
    assert [update[0]["state"] for update in updates[:-1]] == ["streaming"] * (len(updates) - 1)
    summary, source, alternatives, chart, attention, trace = updates[-1][:6]
    assert summary["state"] == "done"
    assert isinstance(trace, Trace)
    assert summary["text"] == trace.hypotheses[0].text
    assert len(source["attention"]["peaks"]) == len(summary["words"])
    assert len(alternatives["words"]) == len(summary["words"])
    assert len(chart.data[0].x) == len(summary["words"])
    assert attention.data[0].type == "heatmap"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text is empty"),
        (" \n\t", "only white space"),
        (None, "must be str"),
        (["x"], "must be str"),
        ("x" * 1_000_001, "the limit is 1,000,000"),
    ],
)
def test_a_bad_text_is_said_where_the_summary_would_stand(
    library: Library, text: Any, message: str
) -> None:
    last = run(library, text)[-1]
    assert last[0]["state"] == "failed"
    assert message in last[0]["notice"]
    assert last[5] is None  # no trace of an earlier run stays


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
    assert message in run(library, SOURCE_TEXT, **change)[-1][0]["notice"]


def test_an_unexpected_fault_shows_no_details(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("secret path /home/someone")

    monkeypatch.setattr("demo.handlers.views.finished_summary", fail)
    notice = run(library, SOURCE_TEXT)[-1][0]["notice"]
    assert "secret" not in notice
    assert "Your text is still there" in notice


def test_odd_texts_are_summarised(library: Library) -> None:
    for text in ("one", "\x00\ud800 x", "</s> <pad> ${1} {{x}}", "日本語の文。", "👩‍👩‍👧 é"):
        assert run(library, text)[-1][0]["state"] == "done", text


def test_looking_closer_runs_no_model(trace: Trace) -> None:
    source, figure = Handlers(Library([])).look(trace, "sentences", "2", "mean")
    assert source["attention"]["columns"] == 7
    assert figure.layout.meta["unit"] == "sentences"


@pytest.mark.parametrize(
    ("unit", "layer", "head"),
    [("words", "3", "mean"), ("words", "-1", "mean"), ("pages", "mean", "mean"),
     ("words", 1, "mean"), ("words", "mean", "9" * 5_000), ("words", "mean", {})],
)  # fmt: skip
def test_a_view_that_does_not_exist_is_refused(
    trace: Trace, unit: Any, layer: Any, head: Any
) -> None:
    with pytest.raises(ValueError, match="must be"):
        attention_view(trace, unit, layer, head)


def test_looking_before_the_first_run_changes_nothing() -> None:
    assert Handlers(Library([])).look(None, "words", "mean", "mean") == (gr.skip(), gr.skip())


def test_sampling_rests_the_beams_and_says_why() -> None:
    updates = dict(zip(CONTROL_NAMES, strategy_chosen("sample"), strict=True))
    assert not updates["num_beams"]["interactive"]
    assert updates["num_beams"]["info"] == "Sampling draws one summary."
    assert updates["temperature"]["interactive"]


def test_a_preset_sets_strategy_and_controls() -> None:
    strategy, *updates = preset_chosen("Exploratory")
    found = dict(zip(CONTROL_NAMES, updates, strict=True))
    assert strategy == "sample"
    assert found["temperature"]["value"] == 0.9
    assert "value" not in found["max_new_tokens"]


def test_an_example_without_a_fitting_style_keeps_the_one_chosen(library: Library) -> None:
    example = examples()[3]
    text, style, _ = Handlers(library).sample_chosen(example, "tiny")
    assert text == example.text
    assert style["value"] == "notes"
    assert Handlers(Library([])).sample_chosen(example, None)[1] == gr.skip()


def test_examples_have_texts_and_known_styles(library: Library) -> None:
    names = [example.name for example in examples()]
    assert {"News", "Review", "Abstract", "Dialogue", "E-mail"} <= set(names)
    assert all(example.style in library.get().styles for example in examples())
    assert all(len(example.text.split()) > 50 for example in examples())


def test_the_endpoint_takes_every_option_by_name_with_its_default(library: Library) -> None:
    parameters = inspect.signature(summarize_endpoint(library)).parameters
    assert list(parameters)[:3] == ["text", "model", "style"]
    assert parameters["text"].default is inspect.Parameter.empty
    for name, value in DecodingOptions().to_dict().items():
        assert parameters[name].default == value


def test_the_endpoint_returns_a_summary_and_its_trace(library: Library) -> None:
    options = {**DecodingOptions().to_dict(), **SHORT}
    summary, trace = summarize_endpoint(library)(SOURCE_TEXT, "", "", *options.values())
    assert Trace.from_json(trace).hypotheses[0].text == summary


@pytest.mark.parametrize(
    "change", [{"num_beams": 17}, {"num_beams": "4"}, {"top_p": None}, {"bad_words": "x"}]
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


def test_the_hand_made_trace_survives_json() -> None:
    assert Trace.from_json(make_trace().to_json()).hypotheses == make_trace().hypotheses


def test_a_style_sets_the_length_it_needs_within_the_limit(library: Library) -> None:
    handlers, limit = Handlers(library), library.get().config.max_target_tokens
    assert handlers.style_chosen("headline", None) == min(20, limit)
    assert handlers.style_chosen("summary", None) == min(120, limit)
    assert handlers.style_chosen(["no", "style"], None) == gr.skip()
