"""Figures inspected as objects: what stands on the axes, which cell says what."""

from __future__ import annotations

import base64
import json

import numpy as np
import plotly.graph_objects as go
import pytest

from demo.plots import attention_map, empty_figure, word_probabilities
from demo.plots.frame import DOUBT, label
from demo.reading import LONG_SOURCE, AttentionView, opening_unit, summary_words, word_attention
from model.trace import Trace
from tests.demo.made import PROBABILITIES, make_trace


def cells(figure: go.Figure) -> np.ndarray:
    return np.asarray(figure.data[0].z, dtype=float)


def test_a_words_probability_is_that_of_all_its_tokens(trace: Trace) -> None:
    words = summary_words(trace)
    assert [word.text for word in words] == ["Council", "keeps", "library", "end"]
    assert words[2].probability == pytest.approx(PROBABILITIES[2] * PROBABILITIES[3], rel=1e-5)


def test_an_unfinished_summary_has_no_end_mark() -> None:
    assert [word.text for word in summary_words(make_trace(finished=False))][-1] == "library"


def test_attention_rows_sum_to_a_hundred_percent(trace: Trace) -> None:
    for unit in ("words", "sentences", "tokens"):
        figure = attention_map(trace, view=AttentionView(unit))  # type: ignore[arg-type]
        assert cells(figure).sum(axis=1) == pytest.approx(100.0, abs=0.01)


def test_the_map_has_whole_number_places_and_words_as_labels(trace: Trace) -> None:
    figure = attention_map(trace)
    assert list(figure.layout.yaxis.tickvals) == [0, 1, 2, 3]
    assert list(figure.layout.yaxis.ticktext) == ["Council", "keeps", "library", "end"]
    assert figure.layout.xaxis.ticktext[-1] == "marks"
    assert figure.layout.xaxis.ticktext[4] == "library"
    assert figure.layout.meta["words"] == [0, 1, 2, 3]


def test_the_map_shows_the_layer_asked_for(trace: Trace) -> None:
    first = cells(attention_map(trace, view=AttentionView(layer=0)))
    second = cells(attention_map(trace, view=AttentionView(layer=1)))
    mean = cells(attention_map(trace))
    assert first[0].argmax() == 0
    assert second[0].argmax() == 1
    assert mean == pytest.approx((first + second) / 2, abs=1e-4)


def test_sentences_pool_the_words_they_hold(trace: Trace) -> None:
    by_word = word_attention(trace, 0, AttentionView("words"))
    by_sentence = word_attention(trace, 0, AttentionView("sentences"))
    assert by_sentence.weights.shape[1] == 1
    assert by_sentence.weights[:, 0] == pytest.approx(by_word.weights.sum(axis=1), abs=1e-5)


def test_long_sources_open_by_sentences(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opening_unit(trace) == "words"
    monkeypatch.setattr("demo.reading.LONG_SOURCE", 3)
    assert LONG_SOURCE > 3
    assert opening_unit(trace) == "sentences"


def test_bars_below_one_half_are_orange(trace: Trace) -> None:
    figure = word_probabilities(trace)
    colours = figure.data[0].marker.color
    assert [colour == DOUBT for colour in colours] == [False, True, False, False]
    assert list(figure.data[0].x) == [0, 1, 2, 3]


def test_figures_are_transparent(trace: Trace) -> None:
    for figure in (attention_map(trace), word_probabilities(trace), empty_figure("nothing")):
        assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
        assert figure.layout.plot_bgcolor == "rgba(0,0,0,0)"


def test_arrays_travel_packed_and_not_as_lists(trace: Trace) -> None:
    z = json.loads(attention_map(trace).to_json())["data"][0]["z"]
    assert z["dtype"] == "f4"
    assert len(base64.b64decode(z["bdata"])) == 4 * 4 * 7


@pytest.mark.parametrize("text", ["<b>x</b>", "a & b", "<img src=x onerror=alert(1)>"])
def test_labels_hold_no_markup(text: str) -> None:
    assert "<" not in label(text)
    assert label(text).count("&") == label(text).count("&lt;") + label(text).count("&gt;") + label(
        text
    ).count("&amp;")


def test_labels_are_short_and_on_one_line() -> None:
    assert label("a\nb") == "a b"
    assert len(label("x" * 99)) == 18
    assert label("  ") == "␣"


def test_a_run_without_attention_says_so() -> None:
    trace = make_trace()
    bare = [step.__class__(**{**vars(step), "cross_attention": None}) for step in trace.steps]
    figure = attention_map(trace.__class__(**{**vars(trace), "steps": tuple(bare)}))
    assert "no attention" in figure.layout.annotations[0].text


def test_no_layer_beyond_the_last_is_drawn(trace: Trace) -> None:
    with pytest.raises(ValueError, match="layer"):
        attention_map(trace, view=AttentionView(layer=9))
