"""Looking at what a search gave up, over both families."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from model import DecodingOptions, Summarizer, Trace
from model.text.byte_level import text_and_spans
from model.trace import Hypothesis, TraceError
from tests.tiny_models import BEAMS, SAMPLE, TEXT

EOS = 2


@pytest.fixture(scope="module")
def trace(tiny: Summarizer) -> Trace:
    return tiny.summarize(TEXT, BEAMS, "title").trace


@pytest.mark.parametrize("options", [BEAMS, SAMPLE])
def test_what_the_vocabulary_puts_together_is_what_the_tokenizer_wrote(
    tiny: Summarizer,
    options: DecodingOptions,
) -> None:
    options = dataclasses.replace(options, forced_prefix="a \u2603 b")
    trace = tiny.summarize("Naïve 日本語 👩‍👩‍👧", options).trace
    for place, hypothesis in enumerate(trace.hypotheses):
        step = len(hypothesis.rows) - 1
        assert trace.through(step, hypothesis.rows[-1]) == (trace, place)
        others = tuple(h for n, h in enumerate(trace.hypotheses) if n != place)
        # One is left, as it shows whether a first word's space is shown.
        others = others or (dataclasses.replace(hypothesis, rows=()),)
        without = dataclasses.replace(trace, hypotheses=others)
        again, found = without.through(step, hypothesis.rows[-1])
        assert found == len(others)
        made = again.hypotheses[found]
        if not set(hypothesis.token_ids[:-1]) & set(range(10)):  # specials nobody has shown
            assert (made.text, made.offsets) == (hypothesis.text, hypothesis.offsets)
        assert (made.token_ids, made.rows) == (hypothesis.token_ids, hypothesis.rows)
        assert made.finished == hypothesis.finished
        assert made.log_prob == pytest.approx(hypothesis.log_prob, abs=1e-4)
        assert made.score == pytest.approx(hypothesis.score, abs=1e-4)


def test_a_pruned_hypothesis_can_be_seen_and_stays_pruned(trace: Trace) -> None:
    pruned = [node for node in trace.tree() if node.state == "pruned"]
    assert pruned
    for node in pruned:
        again, place = trace.through(node.step, node.row)
        made = again.hypotheses[place]
        assert not made.searched
        assert len(made.token_ids) == node.step + 1
        assert made.token_ids[-1] == node.token_id
        assert made.finished == (node.token_id == EOS)
        assert again.attention(place).shape[0] == node.step + 1
        assert again.tree() == trace.tree()
        assert again.through(node.step, node.row) == (again, place)
        assert Trace.from_json(again.to_json()).hypotheses == again.hypotheses


@pytest.mark.parametrize(
    ("step", "row", "message"),
    [
        (99, 0, r"step must be a number between 0 and \d+, got 99"),
        (0, 99, r"row must be a number between 0 and \d+, got 99"),
        (-1, 0, "got -1"),
        ("0", 0, "got '0'"),
        (0, 0.0, "got 0.0"),
    ],
)
def test_a_place_outside_the_tree_is_refused(
    trace: Trace, step: object, row: object, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        trace.through(step, row)


def test_what_was_given_up_hides_its_first_space_where_summaries_do(trace: Trace) -> None:
    """As SentencePiece has it: every word brings a space, the first one's isn't shown."""
    marks = {token.id for token in trace.source.tokens if token.start == token.end}

    def spaced(hypothesis: Hypothesis) -> Hypothesis:
        pieces = [b"" if id in marks else b" a" for id in hypothesis.token_ids]
        text, offsets = text_and_spans([b"a" if n == 0 else p for n, p in enumerate(pieces)])
        return dataclasses.replace(hypothesis, text=text, offsets=offsets)

    vocabulary = {id: name if id in marks else " a" for id, name in trace.vocabulary.items()}
    hypotheses = tuple(map(spaced, trace.hypotheses))
    run = dataclasses.replace(trace, vocabulary=vocabulary, hypotheses=hypotheses)
    given_up = [node for node in run.tree() if node.state == "pruned"]
    texts = {run.through(node.step, node.row)[0].hypotheses[-1].text for node in given_up}
    assert texts
    assert all(text == " ".join("a" * (len(text) // 2 + 1)) for text in texts if text)


def test_a_forged_vocabulary_fills_no_memory(trace: Trace) -> None:
    forged = dataclasses.replace(trace, vocabulary=dict.fromkeys(trace.vocabulary, "x" * 500_000))
    with pytest.raises(TraceError, match=r"has \d+ characters, the limit is 1000000"):
        dataclasses.replace(forged, hypotheses=()).through(3, 0)


def test_a_run_without_steps_has_no_places(tiny: Summarizer) -> None:
    bare = tiny.summarize(TEXT, dataclasses.replace(BEAMS, record_top_k=0)).trace
    with pytest.raises(TraceError, match="recorded no steps"):
        bare.through(0, 0)


def test_older_traces_lack_the_mark_of_a_search(trace: Trace, tmp_path: Path) -> None:
    content = json.loads(trace.to_json())
    for hypothesis in content["hypotheses"]:
        del hypothesis["searched"]
    assert Trace.from_json(json.dumps(content)).hypotheses == trace.hypotheses
    content["hypotheses"][0]["searched"] = "no"
    with pytest.raises(TraceError, match="searched is no truth value"):
        Trace.from_json(json.dumps(content))
