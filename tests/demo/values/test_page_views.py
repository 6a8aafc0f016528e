"""The values that the page's components draw."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib

import numpy as np
import pytest

from demo.session import Run, Session
from demo.values import views
from demo.values.read_strip import UNSEEN_BELOW, percent
from demo.values.reading import AttentionView, word_attention
from model.trace import Trace
from tests.demo.made import SOURCE_TEXT, line, make_trace, said


def facts(trace: Trace) -> dict[str, str]:
    return {said(fact["label"]): fact["value"] for fact in views.finished_summary(trace)["facts"]}


def test_words_and_gaps_make_up_the_summary(trace: Trace) -> None:
    words = views.finished_summary(trace)["words"]
    spoken = [word["gap"] + word["text"] for word in words if not word["special"]]
    assert "".join(spoken) == trace.hypotheses[0].text


def test_words_gaps_and_the_unread_rest_make_up_the_source(trace: Trace) -> None:
    panel = views.source_panel(trace)
    read = "".join(w["gap"] + w["text"] for w in panel["words"] if "special" not in w)
    assert read + panel["unread"] == SOURCE_TEXT


def test_figures_count_words_compression_and_speed(trace: Trace) -> None:
    found = facts(trace)
    assert found["words"] == "3"
    assert found["shorter"] == "1.7×"  # five words of the source to three
    assert found["mean probability"] == "0.60"
    assert found["10 tokens/s"] == "0.50 s"


def test_two_of_three_words_stand_in_the_source(trace: Trace) -> None:
    shown = views.finished_summary(trace)
    assert [word["support"] for word in shown["words"]] == ["copied", "reworded", "copied", "mark"]
    assert shown["support"] == {"copied": 2, "reworded": 1, "unsupported": 0}
    assert facts(trace)["words from the source"] == "67 %"
    assert facts(trace)["unsupported"] == "0"


def test_a_number_that_the_source_lacks_is_unsupported(trace: Trace) -> None:
    told = dataclasses.replace(trace.hypotheses[0], text="Council 2031 library")
    told = dataclasses.replace(told, offsets=((0, 7), (7, 12), (12, 16), (16, 20), (20, 20)))
    shown = views.finished_summary(dataclasses.replace(trace, hypotheses=(told,)))
    assert shown["words"][1]["support"] == "unsupported"
    assert shown["support"]["unsupported"] == 1


def test_a_sure_summary_raises_no_alarm(trace: Trace) -> None:
    assert views.finished_summary(trace)["alarm"] == []


def test_low_confidence_and_repetition_raise_an_alarm(trace: Trace) -> None:
    unsure = [
        dataclasses.replace(step, token_log_probs=step.token_log_probs - 3) for step in trace.steps
    ]
    again = dataclasses.replace(
        trace.hypotheses[0],
        text="la la la la",
        offsets=((0, 2), (2, 5), (5, 8), (8, 11), (11, 11)),
    )
    shown = views.finished_summary(
        dataclasses.replace(trace, steps=tuple(unsure), hypotheses=(again,))
    )
    alarm = line(shown["alarm"])
    assert "“la la la”" in alarm
    assert "unsure" in alarm


def test_a_cut_source_is_said_with_its_place(trace: Trace) -> None:
    notice = line(views.finished_summary(trace)["notice"])
    assert notice.startswith("Read 7 of 13 tokens, cut at “…")
    assert "kept the library." in notice


def test_a_source_that_was_read_whole_needs_no_notice() -> None:
    trace = make_trace(cut=False)
    assert views.finished_summary(trace)["notice"] == []
    assert line(views.source_panel(trace)["extent"]).endswith("all of it read")


def test_a_text_in_capitals_that_was_read_otherwise_says_so() -> None:
    trace = make_trace(cut=False)
    loud = dataclasses.replace(trace.source, text=f"{trace.source.text} and more.".upper() * 3)
    loud_tokens = tuple(dataclasses.replace(t, text=t.text.upper()) for t in loud.tokens)
    for source, is_said in (
        (trace.source, False),
        (loud, True),
        (dataclasses.replace(loud, tokens=loud_tokens), False),  # as another model reads it
    ):
        extent = line(views.source_panel(dataclasses.replace(trace, source=source))["extent"])
        assert extent.endswith("capitals read as lower case") == is_said


def test_an_empty_summary_is_said_to_be_empty(trace: Trace) -> None:
    nothing = dataclasses.replace(
        trace.hypotheses[0], text="", token_ids=(2,), offsets=((0, 0),), rows=(0,)
    )
    empty = dataclasses.replace(trace, hypotheses=(nothing,), steps=trace.steps[4:])
    shown = views.finished_summary(empty)
    assert "before its first word" in line(shown["notice"])
    assert [word["text"] for word in shown["words"]] == ["end"]


def test_packed_attention_is_within_one_byte_of_the_truth(trace: Trace) -> None:
    packed = views.packed_attention(trace, 0, AttentionView())
    assert packed is not None
    cells = np.frombuffer(zlib.decompress(base64.b64decode(packed["data"])), dtype=np.uint8)
    rows = cells.reshape(-1, packed["columns"]) / 255 * np.array(packed["peaks"])[:, None]
    truth = word_attention(trace, 0, AttentionView())
    assert rows[:, :-1] == pytest.approx(truth.weights, abs=1 / 255)
    assert rows.sum(axis=1) == pytest.approx(1.0, abs=0.02)


def test_a_long_unread_rest_is_not_sent_whole(trace: Trace) -> None:
    source = dataclasses.replace(trace.source, text=trace.source.text + "x" * 50_000)
    panel = views.source_panel(dataclasses.replace(trace, source=source))
    assert len(panel["unread"]) == views.MOST_UNREAD
    assert panel["unread_more"] > 48_000


def test_the_strip_spans_the_whole_text_and_ends_where_reading_did(trace: Trace) -> None:
    strip = views.source_panel(trace)["strip"]
    assert sum(width for _, width in strip["segments"]) == len(SOURCE_TEXT)
    kind, width = strip["segments"][-1]
    assert (kind, width) == ("cut", len(SOURCE_TEXT) - trace.source.cut_at)
    labels = [said(label["label"]) for label in strip["labels"]]
    assert labels == ["read 54 %", "0 % never got attention", "46 % cut off"]


def test_words_without_attention_are_counted_in_the_strip() -> None:
    trace = make_trace(cut=False)
    steps = []
    for step in trace.steps:
        assert step.cross_attention is not None
        attention = np.zeros_like(step.cross_attention)
        attention[..., 1] = 1.0 - UNSEEN_BELOW / 10
        attention[..., 2] = UNSEEN_BELOW / 10  # five rows together stay below
        steps.append(dataclasses.replace(step, cross_attention=attention))
    strip = views.source_panel(dataclasses.replace(trace, steps=tuple(steps)))["strip"]
    assert strip["segments"] == [["read", 4], ["unseen", len(trace.source.text) - 4]]
    assert [said(label["label"]) for label in strip["labels"]] == [
        "read 100 %",
        "86 % never got attention",
        "nothing cut off",
    ]


def test_without_recorded_attention_the_strip_claims_none(trace: Trace) -> None:
    steps = tuple(dataclasses.replace(step, cross_attention=None) for step in trace.steps)
    panel = views.source_panel(dataclasses.replace(trace, steps=steps))
    assert panel["attention"] is None
    assert [label["kind"] for label in panel["strip"]["labels"]] == ["read", "cut"]


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (0.001, "<1 %"), (0.5, "50 %"), (0.999, ">99 %"), (1, "100 %")]
)
def test_a_share_is_only_rounded_to_nothing_or_all_when_it_is(share: float, text: str) -> None:
    assert percent(share) == text


def test_the_history_marks_the_run_that_is_shown(trace: Trace) -> None:
    session = Session().adding(Run(trace, "headline")).adding(Run(trace, "from “after”")).showing(0)
    runs = views.history(session)["runs"]
    assert [(run["label"], run["current"]) for run in runs] == [
        ("headline", True),
        ("from “after”", False),
    ]
    assert runs[0]["text"] == "Council keeps library"
    assert views.history(Session()) == {"runs": []}


def test_hypotheses_are_listed_with_their_scores(trace: Trace) -> None:
    listed = views.hypotheses(trace, 0)
    assert listed["shown"] == 0
    only = listed["hypotheses"][0]
    assert (only["text"], only["score"], only["tokens"], only["finished"]) == (
        "Council keeps library",
        -0.5,
        5,
        True,
    )
    assert only["log_prob"] == pytest.approx(trace.hypotheses[0].log_prob, abs=1e-4)


def test_all_views_are_plain_values_for_json(trace: Trace) -> None:
    session = Session().adding(Run(trace, "headline"))
    for value in (
        views.finished_summary(trace, stored=True),
        views.source_panel(trace),
        views.alternatives(trace),
        views.history(session),
        views.hypotheses(trace),
    ):
        json.dumps(value, allow_nan=False)
