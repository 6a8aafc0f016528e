"""Two runs side by side, and a run against a given text."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from model.explain.comparison import compare
from model.explain.reference import judge
from model.trace import Trace
from tests.demo.made import PROBABILITIES, VOCABULARY, make_trace

PIECES = VOCABULARY | {16: "Coun", 17: "cil", 18: " plants"}


def writing(
    *ids: int, probability: float | None = None, rivals: tuple[int, ...] = (14, 15)
) -> Trace:
    """A run that wrote these tokens; at every step the rivals were weighed, at 0.05 and 0.01."""
    base = make_trace()
    steps, text, offsets = [], "", []
    for place, id in enumerate(ids):
        own = probability or PROBABILITIES[place]
        log_probs = np.log(np.array([[own, 0.05, 0.01]], dtype=np.float32))
        steps.append(
            dataclasses.replace(
                base.steps[0],
                token_ids=np.array([id]),
                token_log_probs=log_probs[:, 0],
                top_ids=np.array([[id, *rivals]]),
                top_log_probs=log_probs,
            )
        )
        start = len(text) + (PIECES[id][0] == " ")
        text += "" if id == 2 else PIECES[id]
        offsets.append((min(start, len(text)), len(text)))
    total = float(sum(step.token_log_probs[0] for step in steps))
    written = dataclasses.replace(
        base.hypotheses[0],
        text=text,
        token_ids=ids,
        offsets=tuple(offsets),
        rows=(0,) * len(ids),
        log_prob=total,
        finished=ids[-1] == 2,
    )
    return dataclasses.replace(base, steps=tuple(steps), hypotheses=(written,), vocabulary=PIECES)


def test_words_are_aligned_and_the_parting_has_both_probabilities() -> None:
    a, b = writing(10, 11, 12, 13, 2), writing(10, 14, 2)
    found = compare(a, 0, b, 0)
    assert found.pairs == ((0, 0), (1, 1), (2, None))
    assert found.equal == (True, False, False)
    mine, theirs = found.parting
    assert (mine.place, mine.word, mine.step, mine.token) == (1, "keeps", 1, " keeps")
    assert (theirs.place, theirs.word, theirs.step, theirs.token) == (1, "park", 1, " park")
    assert mine.own == pytest.approx(0.3)
    assert mine.other == pytest.approx(0.05)  # "park" was weighed here
    assert theirs.other is None  # "keeps" was not recorded there


def test_the_parting_is_where_the_common_beginning_ends() -> None:
    # difflib alone would match the longest run and call the very first word different.
    a = writing(11, 14, 11, 14, 18, probability=0.5)
    b = writing(11, 14, 18, probability=0.5)
    found = compare(a, 0, b, 0)
    assert found.pairs[:2] == ((0, 0), (1, 1))
    assert [branch.place for branch in found.parting] == [2, 2]
    assert found.pairs[2:] == ((2, None), (3, None), (4, 2))


def test_a_word_that_parts_inside_is_led_to_its_token() -> None:
    a, b = writing(10, 12, 13, 2), writing(10, 12, 2)
    mine, theirs = compare(a, 0, b, 0).parting
    assert (mine.word, mine.step, mine.token) == ("library", 2, "rary")
    assert (theirs.word, theirs.step, theirs.token) == ("lib", 2, "</s>")


def test_models_that_cut_words_differently_are_compared_by_text() -> None:
    a, b = writing(10, 11, 2), writing(16, 17, 18, 2, rivals=(11, 15))
    mine, theirs = compare(a, 0, b, 0).parting
    assert (mine.step, mine.token, theirs.step, theirs.token) == (1, " keeps", 2, " plants")
    assert mine.other is None
    assert theirs.other == pytest.approx(0.05)


def test_the_same_words_do_not_part() -> None:
    same = compare(make_trace(), 0, make_trace(), 0)
    assert same.parting is None
    assert all(same.equal)


def test_a_summary_that_was_cut_has_no_token_where_it_ends() -> None:
    a, b = writing(10, 11), writing(10, 11, 14, 2)
    mine, theirs = compare(a, 0, b, 0).parting
    assert (mine.place, mine.word, mine.step, mine.own) == (2, "", None, None)
    assert (theirs.word, theirs.step, theirs.other) == ("park", 2, None)
    ended = compare(writing(10, 2), 0, b, 0).parting[0]
    assert (ended.word, ended.step, ended.token) == ("", 1, "</s>")


def test_a_run_without_steps_has_words_and_no_probabilities() -> None:
    bare = make_trace()
    written = dataclasses.replace(bare.hypotheses[0], rows=())
    bare = dataclasses.replace(bare, steps=(), hypotheses=(written,), vocabulary={})
    mine, theirs = compare(bare, 0, writing(10, 14, 2), 0).parting
    assert (mine.word, mine.own, theirs.word) == ("keeps", None, "park")
    assert theirs.own == pytest.approx(0.3)


@pytest.mark.parametrize(("other", "verdict"), [(0.9, "search"), (0.1, "model"), (0.5, "equal")])
def test_the_verdict_is_whom_the_model_prefers(other: float, verdict: str) -> None:
    own, reference = writing(10, 11, 2, probability=0.5), writing(10, 14, 2, probability=other)
    found = judge(own, 0, reference)
    assert found.verdict == verdict
    assert found.own.score == pytest.approx(np.log(0.5))
    assert found.own.log_prob == pytest.approx(3 * np.log(0.5))
    assert found.reference.mean == pytest.approx(np.log(other))
    assert (found.length_penalty, found.reference.tokens) == (1.0, 3)


def test_both_are_scored_under_the_own_run_s_length_penalty() -> None:
    # Per token the longer is better, in sum the shorter.
    own, reference = writing(10, 2, probability=0.5), writing(10, 11, 14, 2, probability=0.6)
    verdicts = {}
    for penalty in (0.0, 1.0):
        options = {"length_penalty": penalty}
        verdicts[penalty] = judge(dataclasses.replace(own, options=options), 0, reference).verdict
    assert verdicts == {0.0: "model", 1.0: "search"}


def test_what_cannot_be_judged_is_refused() -> None:
    own = make_trace()
    other = dataclasses.replace(own, model={"name": "theirs", "fingerprint": "1"})
    with pytest.raises(ValueError, match=r"'made by hand' \('0'\), the scored text of 'theirs'"):
        judge(own, 0, other)
    source = dataclasses.replace(own.source, style="notes")
    with pytest.raises(ValueError, match="different sources or styles"):
        judge(own, 0, dataclasses.replace(own, source=source))
    with pytest.raises(ValueError, match="length_penalty must be a number between -10 and 10, got"):
        judge(dataclasses.replace(own, options={"length_penalty": 1e308}), 0, own)
