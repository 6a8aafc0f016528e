"""Figures inspected as objects: what stands on the axes, which cell says what."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from demo.plots import (
    attention_map,
    candidate_strip,
    empty_figure,
    entropy_and_rank,
    raw_and_final,
    word_probabilities,
)
from demo.plots.frame import DOUBT, SEPARATOR, label, ours, wrapped
from demo.values.reading import summary_pieces, summary_words
from model.trace import Trace
from tests.demo.made import PROBABILITIES, english, make_trace


def test_a_words_probability_is_that_of_all_its_tokens(trace: Trace) -> None:
    words = summary_words(trace)
    assert [word.text for word in words] == ["Council", "keeps", "library", "end"]
    assert words[2].probability == pytest.approx(PROBABILITIES[2] * PROBABILITIES[3], rel=1e-5)


def test_an_unfinished_summary_has_no_end_mark() -> None:
    assert [word.text for word in summary_words(make_trace(finished=False))][-1] == "library"


def test_bars_below_one_half_are_orange(trace: Trace) -> None:
    figure = word_probabilities(trace)
    colours = figure.data[0].marker.color
    assert [colour == DOUBT for colour in colours] == [False, True, False, False]
    assert list(figure.data[0].x) == [0, 1, 2, 3]


def test_figures_are_transparent(trace: Trace) -> None:
    figures = [draw(trace) for draw in (attention_map, word_probabilities, entropy_and_rank)]
    figures += [candidate_strip(trace), raw_and_final(trace, 0, 1), empty_figure("nothing")]
    for figure in figures:
        assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
        assert figure.layout.plot_bgcolor == "rgba(0,0,0,0)"


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


def long_worded(trace: Trace) -> Trace:
    """The same summary, but its first word has 18 letters and stands alone."""
    first = trace.hypotheses[0]
    rest = [(18, 18)] * (len(first.token_ids) - 1)
    text = "Telecommunications"
    named = dataclasses.replace(first, text=text, offsets=((0, 18), *rest))
    return dataclasses.replace(trace, hypotheses=(named,))


SLANTED = 0.7 * 6 * 18  # pixels each way that 18 characters of 6 pixels take at 45 degrees


@pytest.mark.parametrize("draw", [word_probabilities, entropy_and_rank])
def test_a_long_first_label_has_room_left_and_below(trace: Trace, draw) -> None:
    usual, wide = draw(trace).layout, draw(long_worded(trace)).layout
    assert wide.margin.b > SLANTED > usual.margin.b
    assert wide.margin.l + 17 > SLANTED  # half a bar is between the axis and its label
    assert wide.height - wide.margin.b == usual.height - usual.margin.b  # the bars keep theirs


def test_a_long_label_has_room_above_the_strip(trace: Trace) -> None:
    assert candidate_strip(long_worded(trace)).layout.margin.t > SLANTED


def test_the_last_label_leans_out_of_the_map_and_has_room(trace: Trace) -> None:
    layout = attention_map(trace).layout
    last = layout.xaxis.ticktext[-1].strip(SEPARATOR)
    assert layout.margin.r > 0.5 * 6 * len(last)  # at 60 degrees


def test_tokens_know_their_word(trace: Trace) -> None:
    pieces = summary_pieces(trace)
    assert [piece.text for piece in pieces] == ["Council", "keeps", "lib", "rary", "(end)"]
    assert [piece.word for piece in pieces] == [0, 1, 2, 2, 3]
    assert [piece.begins for piece in pieces] == [True, True, True, False, True]


def test_probability_entropy_and_rank_share_one_axis_of_tokens(trace: Trace) -> None:
    figure = entropy_and_rank(trace)
    bars, entropy, ranks = figure.data
    assert list(bars.y) == pytest.approx(PROBABILITIES, abs=1e-3)
    assert list(entropy.y) == [1.25] * 5
    assert list(ranks.y) == [1] * 5
    assert [one.xaxis for one in figure.data] == [None] * 3
    assert figure.layout.meta["words"] == [0, 1, 2, 2, 3]
    assert [*map(english, figure.layout.xaxis.ticktext)] == [
        "Council",
        "keeps",
        "lib",
        "·rary",
        "(end)",
    ]


def test_the_worst_rank_is_at_the_bottom_and_named(trace: Trace) -> None:
    steps = list(trace.steps)
    steps[1] = dataclasses.replace(steps[1], ranks=np.array([2_345]))
    figure = entropy_and_rank(dataclasses.replace(trace, steps=tuple(steps)))
    assert figure.data[2].y[1] == 2_346
    assert figure.data[2].marker.symbol[1] != figure.data[2].marker.symbol[0]
    assert figure.layout.yaxis3.ticktext[-1] == "2,346"
    bottom, top = figure.layout.yaxis3.range
    assert bottom > math.log10(2_346) > 0 > top


def test_the_strip_shows_candidates_by_rank_and_greys_what_was_blocked(trace: Trace) -> None:
    strip = candidate_strip(trace).data[0]
    assert np.shape(strip.z) == (3, 5)
    assert strip.z[0] == pytest.approx(PROBABILITIES, abs=1e-3)
    assert set(strip.z[1].tolist()) == {-1.0}
    assert [row[2] for row in strip.text[:2]] == ["lib", "✕ park"]
    assert "blocked" in strip.hovertext[1][0]
    assert "would repeat words" in strip.hovertext[1][0]


def test_every_column_of_the_strip_frames_what_was_chosen(trace: Trace) -> None:
    frames = candidate_strip(trace).data[1]
    corners = [(x, y) for x, y in zip(frames.x, frames.y, strict=True) if x is not None]
    assert {round(x) for x, _ in corners} == set(range(5))
    assert {round(y) for _, y in corners} == {0}


def test_an_improbable_choice_has_a_row_of_its_own(trace: Trace) -> None:
    step = trace.steps[0]
    log_probs = np.log(np.array([[0.2, 0.15, 0.1, 0.09, 0.08, 0.07, 0.06, 0.001]]))
    ids = np.array([[14, 15, 11, 12, 13, 2, 14, 10]])
    step = dataclasses.replace(
        step, top_ids=ids, top_log_probs=log_probs, filtered_log_probs=log_probs, rules=(((),) * 8,)
    )
    strip, frames = candidate_strip(dataclasses.replace(trace, steps=(step, *trace.steps[1:]))).data
    assert strip.text[6][0] == "Council"
    assert np.isnan(strip.z[6][1])
    assert round(frames.y[0]) == 6


def test_raw_and_final_are_told_apart_and_the_rule_is_named(trace: Trace) -> None:
    raw, final = raw_and_final(trace, 0, 1).data
    assert (english(raw.name), english(final.name)) == ("model", "after rules")
    assert list(raw.x) == pytest.approx([0.3, 0.05, 0.01, 0.64], abs=1e-3)
    assert final.x[1] == 0
    assert english(final.text[1]) == "✕ blocked: would repeat words"
    assert "used before" in final.text[2]
    assert final.x[3] is None  # without sampling nothing says what the rules left to the rest


def test_sampling_knows_the_rest_after_the_rules(trace: Trace) -> None:
    sampled = dataclasses.replace(trace, options={"do_sample": True})
    final = raw_and_final(sampled, 0, 1).data[1]
    assert sum(final.x) == pytest.approx(1.0, abs=1e-4)


def test_a_step_that_does_not_exist_is_refused(trace: Trace) -> None:
    with pytest.raises(ValueError, match="between 0 and 4"):
        raw_and_final(trace, 0, 5)


def test_no_figure_holds_markup_of_the_text(trace: Trace) -> None:
    for figure in (candidate_strip(trace), raw_and_final(trace, 0, 1)):
        assert "<img" not in figure.to_json().replace("\\u003c", "<")


def test_the_pages_own_words_are_marked_and_no_text_can_pass_for_them(trace: Trace) -> None:
    ticks = word_probabilities(trace).layout.xaxis.ticktext
    assert ticks[-1] == ours("end")
    assert SEPARATOR not in "".join(ticks[:-1])
    assert SEPARATOR not in label(f"a {ours('model')}") + wrapped(ours("model"))
