"""The values that the page's components draw."""

from __future__ import annotations

import base64
import dataclasses

import numpy as np
import pytest

from demo import views
from demo.reading import AttentionView, copied_share, word_attention
from model.trace import Trace
from tests.demo.made import SOURCE_TEXT, make_trace


def facts(trace: Trace) -> dict[str, str]:
    return {fact["label"]: fact["value"] for fact in views.finished_summary(trace)["facts"]}


def test_words_and_gaps_make_up_the_summary(trace: Trace) -> None:
    words = views.finished_summary(trace)["words"]
    spoken = [word["gap"] + word["text"] for word in words if not word["special"]]
    assert "".join(spoken) == trace.hypotheses[0].text


def test_words_gaps_and_the_unread_rest_make_up_the_source(trace: Trace) -> None:
    panel = views.source_panel(trace)
    read = "".join(w["gap"] + w["text"] for w in panel["words"] if not w["special"])
    assert read + panel["unread"] == SOURCE_TEXT


def test_figures_count_words_compression_and_speed(trace: Trace) -> None:
    found = facts(trace)
    assert found["words"] == "3"
    assert found["shorter"] == "1.7×"  # five words of the source to three
    assert found["mean probability"] == "0.60"
    assert found["10 tokens/s"] == "0.50 s"


def test_two_of_three_words_stand_in_the_source(trace: Trace) -> None:
    assert copied_share(trace) == pytest.approx(2 / 3)
    assert facts(trace)["words from the source"] == "67 %"


def test_a_cut_source_is_said_with_its_place(trace: Trace) -> None:
    notice = views.finished_summary(trace)["notice"]
    assert notice.startswith("Read 7 of 13 tokens, cut at “…")
    assert "kept the library." in notice


def test_a_source_that_was_read_whole_needs_no_notice() -> None:
    trace = make_trace(cut=False)
    assert views.finished_summary(trace)["notice"] == ""
    assert views.source_panel(trace)["extent"].endswith("all of it read")


def test_an_empty_summary_is_said_to_be_empty(trace: Trace) -> None:
    nothing = dataclasses.replace(
        trace.hypotheses[0], text="", token_ids=(2,), offsets=((0, 0),), rows=(0,)
    )
    empty = dataclasses.replace(trace, hypotheses=(nothing,), steps=trace.steps[4:])
    shown = views.finished_summary(empty)
    assert "before its first word" in shown["notice"]
    assert [word["text"] for word in shown["words"]] == ["end"]


def test_packed_attention_is_within_one_byte_of_the_truth(trace: Trace) -> None:
    packed = views.packed_attention(trace, 0, AttentionView())
    assert packed is not None
    cells = np.frombuffer(base64.b64decode(packed["data"]), dtype=np.uint8)
    rows = cells.reshape(-1, packed["columns"]) / 255 * np.array(packed["peaks"])[:, None]
    truth = word_attention(trace, 0, AttentionView())
    assert rows[:, :-1] == pytest.approx(truth.weights, abs=1 / 255)
    assert rows.sum(axis=1) == pytest.approx(1.0, abs=0.02)


def test_a_blocked_candidate_names_its_rule_and_has_no_final_probability(trace: Trace) -> None:
    candidates = views.alternatives(trace)["words"][0]["pieces"][0]["candidates"]
    assert [one["chosen"] for one in candidates] == [True, False, False]
    assert candidates[1]["final"] is None
    assert candidates[1]["rule"] == "blocked: would repeat words"
    assert candidates[2]["rule"] == "used before"
    assert candidates[2]["final"] == pytest.approx(np.exp(-5), abs=1e-5)


def test_a_word_of_two_tokens_has_alternatives_for_both(trace: Trace) -> None:
    pieces = views.alternatives(trace)["words"][2]["pieces"]
    assert [piece["text"] for piece in pieces] == ["lib", "rary"]
    assert pieces[1]["about"] == "step 4 of 5 · entropy 1.2 bits · copied 12 %"


def test_without_a_copy_gate_no_share_is_invented() -> None:
    about = views.alternatives(make_trace(copy_gate=False))["words"][0]["pieces"][0]["about"]
    assert "copied" not in about


def test_a_long_unread_rest_is_not_sent_whole(trace: Trace) -> None:
    source = dataclasses.replace(trace.source, text=trace.source.text + "x" * 50_000)
    panel = views.source_panel(dataclasses.replace(trace, source=source))
    assert len(panel["unread"]) < views.MOST_UNREAD + 100
    assert "more characters" in panel["unread"]
