"""The attention map: rows are words, no attention is lost, and long sources stay small."""

from __future__ import annotations

import dataclasses

import numpy as np
import plotly.graph_objects as go
import pytest

from demo.plots import attention_map
from demo.plots.columns import MOST_COLUMNS, grouped
from demo.values.reading import (
    LONG_SOURCE,
    AttentionView,
    opening_unit,
    opening_view,
    token_attention,
    word_attention,
)
from model.trace import Hypothesis, Segment, Source, SourceToken, Trace
from tests.demo.made import english, make_step, make_trace

LARGEST = 200_000  # bytes of a figure on its way to the browser


def cells(figure: go.Figure) -> np.ndarray:
    return np.asarray(figure.data[0].z, dtype=float)


@pytest.fixture(scope="module")
def long_trace() -> Trace:
    """100 words about 1,000 words in 50 sentences; the attention is noise."""
    generator = np.random.default_rng(5)
    words = [f"Word{n}." if n % 20 == 19 else f"Word{n}" for n in range(1_000)]
    tokens, place = [], 0
    for n, word in enumerate(words):
        tokens.append(SourceToken(n, word, place, place + len(word)))
        place += len(word) + 1
    step = make_step(0, 1, 1, True)
    steps = tuple(
        dataclasses.replace(step, cross_attention=noise[None, None, None])
        for noise in generator.dirichlet(np.ones(1_000), size=100).astype(np.float16)
    )
    text = " ".join("Council" for _ in range(100))
    hypothesis = Hypothesis(
        text, (10,) * 100, tuple((8 * n, 8 * n + 7) for n in range(100)), (0,) * 100, -9, -1, False
    )
    source = " ".join(words)
    return dataclasses.replace(
        make_trace(),
        source=Source(source, tuple(tokens), None, 0, len(source)),
        steps=steps,
        hypotheses=(hypothesis,),
    )


def test_attention_rows_sum_to_a_hundred_percent(trace: Trace) -> None:
    for unit in ("words", "sentences", "tokens"):
        for layer in (0, "mean", "max"):
            figure = attention_map(trace, view=AttentionView(unit, layer, "max"))  # type: ignore[arg-type]
            assert cells(figure).sum(axis=1) == pytest.approx(100.0, abs=0.01)


def test_the_map_has_whole_number_places_and_words_as_labels(trace: Trace) -> None:
    figure = attention_map(trace)
    assert list(figure.layout.yaxis.tickvals) == [0, 1, 2, 3]
    assert [*map(english, figure.layout.yaxis.ticktext)] == ["Council", "keeps", "library", "end"]
    assert english(figure.layout.xaxis.ticktext[-1]) == "marks"
    assert figure.layout.xaxis.ticktext[4] == "library"
    assert figure.layout.meta["words"] == [0, 1, 2, 3]
    assert figure.layout.meta["columns"] == [[n, n] for n in range(6)]


def test_the_map_shows_the_layer_asked_for(trace: Trace) -> None:
    first = cells(attention_map(trace, view=AttentionView(layer=0)))
    second = cells(attention_map(trace, view=AttentionView(layer=1)))
    mean = cells(attention_map(trace))
    assert first[0].argmax() == 0
    assert second[0].argmax() == 1
    assert mean == pytest.approx((first + second) / 2, abs=1e-4)


def test_max_keeps_what_any_layer_saw_and_says_so(trace: Trace) -> None:
    weights = token_attention(trace, 0, AttentionView(layer="max"))
    assert weights[0, 1] == pytest.approx(weights[0, 2])  # one layer looked here, the other there
    assert weights[0, 1] > 0.4
    figure = attention_map(trace, view=AttentionView(layer="max"))
    assert "strongest" in figure.data[0].hovertemplate


def test_the_copy_gate_is_a_strip_of_its_own_between_words_and_map(trace: Trace) -> None:
    figure = attention_map(trace)
    strip = figure.data[1]
    assert np.asarray(strip.z)[:, 0] == pytest.approx([12.0] * 4, abs=1e-4)
    assert strip.xaxis == "x2"
    assert figure.layout.xaxis2.domain[1] < figure.layout.xaxis.domain[0]
    assert figure.layout.yaxis.anchor == "x2"
    assert len(attention_map(make_trace(copy_gate=False)).data) == 1


def test_sentences_pool_the_words_they_hold(trace: Trace) -> None:
    by_word = word_attention(trace, 0, AttentionView("words"))
    by_sentence = word_attention(trace, 0, AttentionView("sentences"))
    assert by_sentence.weights.shape[1] == 1
    assert by_sentence.weights[:, 0] == pytest.approx(by_word.weights.sum(axis=1), abs=1e-5)


def test_sentences_are_said_in_full_when_pointed_at(long_trace: Trace) -> None:
    figure = attention_map(long_trace, view=AttentionView("sentences"))
    assert "Word19." in figure.layout.annotations[0].hovertext
    assert len(figure.layout.annotations[0].text) < 20


def test_long_sources_open_by_sentences(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opening_unit(trace) == "words"
    monkeypatch.setattr("demo.values.reading.LONG_SOURCE", 3)
    assert LONG_SOURCE > 3
    assert opening_view(trace) == AttentionView("sentences")


def test_a_zoomed_sentence_keeps_the_rest_on_both_sides(long_trace: Trace) -> None:
    figure = attention_map(long_trace, view=AttentionView(sentence=3))
    labels = [*map(english, figure.layout.xaxis.ticktext)]
    assert (labels[0], labels[1], labels[-3:-1]) == ("before", "Word60", ["Word79.", "after"])
    assert figure.layout.meta["columns"][0] == [0, 59]
    assert cells(figure).sum(axis=1) == pytest.approx(100.0, abs=0.1)
    whole = word_attention(long_trace, 0, AttentionView())
    assert cells(figure)[0, 1] == pytest.approx(100 * whole.weights[0, 60], abs=1e-3)


def test_the_first_sentence_has_nothing_before_it(long_trace: Trace) -> None:
    figure = attention_map(long_trace, view=AttentionView(sentence=0))
    labels = [*map(english, figure.layout.xaxis.ticktext)]
    assert labels[0] == "Word0"
    assert labels[-2] == "after"


def test_a_zoom_beyond_the_last_sentence_is_refused(trace: Trace) -> None:
    with pytest.raises(ValueError, match="sentence must be between 0 and 0, got 4"):
        attention_map(trace, view=AttentionView(sentence=4))


@pytest.mark.parametrize("unit", ["words", "tokens", "sentences"])
def test_long_sources_are_grouped_and_small(long_trace: Trace, unit: str) -> None:
    figure = attention_map(long_trace, view=AttentionView(unit))  # type: ignore[arg-type]
    assert cells(figure).shape[0] == 100
    assert cells(figure).shape[1] <= MOST_COLUMNS[unit] + 1  # type: ignore[index]
    assert cells(figure).sum(axis=1) == pytest.approx(100.0, abs=0.1)
    assert len(figure.to_json()) < LARGEST


def test_groups_hold_every_part_once_and_name_their_ends() -> None:
    parts = [Segment(str(n), n, n + 1, (n,)) for n in range(10)]
    groups = grouped(parts, 4)
    assert [token for one in groups for token in one.tokens] == list(range(10))
    assert {len(one.tokens) for one in groups} == {2, 3}
    assert groups[0].text == "0 … 1"
    assert grouped(parts[:3], 4) == tuple(parts[:3])
    assert grouped([], 4) == ()


def test_a_run_without_attention_says_so() -> None:
    trace = make_trace()
    bare = tuple(dataclasses.replace(step, cross_attention=None) for step in trace.steps)
    figure = attention_map(dataclasses.replace(trace, steps=bare))
    assert "no attention" in figure.layout.annotations[0].text


def test_no_layer_beyond_the_last_is_drawn(trace: Trace) -> None:
    with pytest.raises(ValueError, match="layer"):
        attention_map(trace, view=AttentionView(layer=9))
