"""A given summary in the eyes of the model: the values drawn, and the handlers."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from demo.library import Library
from demo.session import Run, Session
from demo.tabs.reference import ReferenceHandlers
from demo.values.referencing import scored_reference
from model.options import DecodingOptions
from tests.demo.made import PROBABILITIES, SOURCE_TEXT, make_trace

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="session")
def library(model_folder: Path) -> Library:
    return Library([model_folder])


@pytest.fixture(scope="session")
def session(library: Library) -> Session:
    trace = library.get().summarize(SOURCE_TEXT, DecodingOptions(max_new_tokens=8)).trace
    return Session().adding(Run(trace, "headline"))


def number(shown: str) -> float:
    return float(shown.replace("−", "-"))


def test_words_have_their_probability_and_rank() -> None:
    words = scored_reference(make_trace(), 0, make_trace())["words"]
    assert [word["text"] for word in words[:-1]] == ["Council", "keeps", "library"]
    assert words[-1]["special"]
    probability = PROBABILITIES[2] * PROBABILITIES[3]  # its two tokens after one another
    assert words[2]["probability"] == pytest.approx(probability, abs=1e-3)
    assert words[2]["ranks"] == [1, 1]
    assert words[0]["preferred"] is None  # the model's own first choice


def test_what_the_model_would_have_put_is_named(library: Library, session: Session) -> None:
    drawn = ReferenceHandlers(library).score_reference(session, "Zebras keep a kettle.")
    beaten = [word for word in drawn["words"] if word["ranks"][0] > 1]
    assert beaten
    assert all(word["preferred"] is not None for word in beaten)
    assert all(word["preferred_probability"] >= word["probability"] for word in beaten)


def test_the_models_own_text_scores_as_it_did(library: Library, session: Session) -> None:
    run = session.runs[0]
    text = run.trace.hypotheses[0].text.strip()
    drawn = ReferenceHandlers(library).score_reference(session, text or "The")
    assert drawn["state"] == "done"
    assert [side["tokens"] > 0 for side in drawn["sides"]] == [True, True]
    for side in drawn["sides"]:
        mean = number(side["log_prob"]) / side["tokens"]
        assert side["per_token"] == pytest.approx(math.exp(mean), abs=0.01)


def test_a_document_read_in_parts_is_said_to_be_scored_by_their_summaries() -> None:
    assert len(scored_reference(make_trace(), 0, make_trace())["rule"]) == 1
    rule = scored_reference(make_trace(), 0, make_trace(), parts=3)["rule"]
    assert "the summaries of 3 parts" in rule[-1]["key"].format(**rule[-1]["values"])


def test_the_verdict_says_who_missed_what() -> None:
    own = make_trace()
    worse = dataclasses.replace(
        own,
        steps=tuple(
            dataclasses.replace(step, token_log_probs=step.token_log_probs - 1)
            for step in own.steps
        ),
    )
    other = dataclasses.replace(own.hypotheses[0], token_ids=(10, 11, 14, 13, 2))
    worse = dataclasses.replace(worse, hypotheses=(other,))
    prefers = scored_reference(own, 0, worse)
    assert (prefers["verdict"], prefers["says"]["key"][:23]) == ("model", "The model prefers its o")
    missed = scored_reference(worse, 0, own)
    assert (missed["verdict"], missed["says"]["key"][:20]) == ("search", "The search missed it")
    values = missed["says"]["values"]
    assert number(values["yours"]) > number(values["own"])


def test_rouge_is_that_of_the_library() -> None:
    from rouge_score.rouge_scorer import RougeScorer

    own = make_trace()
    text = "Council keeps the library"
    other = dataclasses.replace(
        own.hypotheses[0], text=text, offsets=((0, 7), (7, 13), (13, 25), (25, 25), (25, 25))
    )
    drawn = scored_reference(own, 0, dataclasses.replace(own, hypotheses=(other,)))
    scores = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True).score(
        text, own.hypotheses[0].text
    )
    wanted = [scores[name].fmeasure for name in ("rouge1", "rouge2", "rougeL")]
    assert [one["value"] for one in drawn["rouge"]] == pytest.approx(wanted, abs=1e-4)


def test_rouge_is_left_out_for_a_script_it_can_not_read(library: Library, session: Session) -> None:
    drawn = ReferenceHandlers(library).score_reference(session, "图书馆")
    assert [one["value"] for one in drawn["rouge"]] == [None, None, None]


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("", "the reference is empty"),
        (" \n", "only white space"),
        (None, "must be str"),
        (["x"], "must be str"),
        ("word " * 500, "the limit of tiny is 160"),
    ],
)
def test_a_bad_reference_is_said(
    library: Library, session: Session, reference: Any, message: str
) -> None:
    drawn = ReferenceHandlers(library).score_reference(session, reference)
    assert drawn["state"] == "empty"
    assert message in drawn["notice"]


@pytest.mark.parametrize("session", [Session(), None, "x"])
def test_without_a_run_there_is_nothing_to_score_against(library: Library, session: Any) -> None:
    drawn = ReferenceHandlers(library).score_reference(session, "The council.")
    assert "no summary yet" in drawn["notice"]


def test_a_run_of_another_model_is_refused(library: Library, session: Session) -> None:
    trace = session.runs[0].trace
    for model, says in (
        ({**trace.model, "fingerprint": "0"}, "another model than tiny"),
        ({**trace.model, "name": "gone"}, "There is no model 'gone'"),
        ({}, "another model than tiny"),
    ):
        foreign = Session().adding(Run(dataclasses.replace(trace, model=model), ""))
        drawn = ReferenceHandlers(library).score_reference(foreign, "The council.")
        assert says in drawn["notice"]


def test_a_given_text_is_not_taken_for_the_models_own(library: Library, session: Session) -> None:
    given = library.get().score(SOURCE_TEXT, "The library.")
    drawn = ReferenceHandlers(library).score_reference(
        session.adding(Run(given, "")), "The council."
    )
    assert "was given, not written by the model" in drawn["notice"]


def test_looking_at_the_reference_makes_it_a_run(library: Library, session: Session) -> None:
    shown = ReferenceHandlers(library).look(session, "The council keeps the library.")
    assert shown.session.run.trace.hypotheses[0].text == "The council keeps the library."
    assert len(shown.session.runs) == 2


def test_looking_at_a_bad_reference_is_refused(library: Library, session: Session) -> None:
    with pytest.raises(gr.Error, match="reference is empty"):
        ReferenceHandlers(library).look(session, "")
