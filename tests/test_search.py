"""The search against brute force and against slow, plain references; all on a scripted model."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.options import DecodingOptions
from model.search import Proposals, advance
from model.strategies.beams import Search
from model.strategies.manners import OWN
from tests.scripted import (
    EOS,
    Ids,
    Script,
    attention,
    every_sequence,
    random_script,
    run,
    table_script,
)

SOURCE = (5, 6, 7, 2)
LENGTH_PENALTIES = [-1.0, 0.0, 0.6, 1.0, 2.0]
STOPPING = [True, False, "never"]

seeds = st.integers(0, 10_000)


def coverage(source: Ids, tokens: Ids, beta: float) -> float:
    """beta * sum_s log(min(attention spent on s, 1)), from the definition."""
    steps = [
        attention(source, tokens[:i], len(source)).mean(axis=(0, 1)) for i in range(len(tokens))
    ]
    return beta * float(np.log(np.minimum(np.sum(steps, axis=0), 1.0)).sum())


def reference_beam(
    script: Script, source: Ids, beams: int, longest: int, alpha: float, stopping: object
) -> list[tuple[Ids, float]]:
    """Beam search as `transformers` has it, in plain lists; (tokens, score), best first."""
    live: list[tuple[Ids, float]] = [((), 0.0)]
    ended: list[tuple[Ids, float]] = []
    for length in range(1, longest + 1):
        children = [
            ((*tokens, token), total + float(log_prob))
            for tokens, total in live
            for token, log_prob in enumerate(script(source, tokens))
            if np.isfinite(log_prob)
        ]
        children = sorted(children, key=lambda child: -child[1])[: 2 * beams]
        stops = [tokens[-1] == EOS or length == longest for tokens, _ in children]
        ended += [
            (tokens, total / length**alpha)
            for rank, (tokens, total) in enumerate(children)
            if stops[rank] and rank < beams
        ]
        ended = sorted(ended, key=lambda hypothesis: -hypothesis[1])[:beams]
        live = [child for child, stop in zip(children, stops, strict=True) if not stop][:beams]
        if not live:
            break
        horizon = longest if stopping == "never" and alpha > 0 else length
        hopeless = len(ended) == beams and live[0][1] / horizon**alpha <= ended[-1][1]
        if len(ended) == beams and (stopping is True or hopeless):
            break
    return ended


@settings(deadline=None, max_examples=25)
@given(seeds, st.sampled_from(LENGTH_PENALTIES), st.sampled_from(STOPPING))
def test_the_widest_beam_finds_the_brute_force_best(
    seed: int, alpha: float, stopping: object
) -> None:
    script = random_script(4, seed)
    _, (found,) = run(
        script, [SOURCE],
        num_beams=64, max_new_tokens=4, length_penalty=alpha, early_stopping=stopping,
    )  # fmt: skip
    scores = {
        tokens: total / len(tokens) ** alpha for tokens, total in every_sequence(script, SOURCE, 4)
    }
    best = max(scores, key=lambda tokens: scores[tokens])
    assert found[0].token_ids == best
    assert found[0].score == pytest.approx(scores[best], abs=1e-5)


@settings(deadline=None, max_examples=15)
@given(seeds, st.floats(0.1, 3.0))
def test_the_widest_beam_finds_the_brute_force_best_with_a_coverage_penalty(
    seed: int, beta: float
) -> None:
    script = random_script(4, seed)
    _, (found,) = run(script, [SOURCE], num_beams=64, max_new_tokens=4, coverage_penalty=beta)
    scores = {
        tokens: total / len(tokens) + coverage(SOURCE, tokens, beta)
        for tokens, total in every_sequence(script, SOURCE, 4)
    }
    best = max(scores, key=lambda tokens: scores[tokens])
    assert found[0].score == pytest.approx(scores[best], abs=1e-4)
    assert found[0].token_ids == best


@settings(deadline=None, max_examples=60)
@given(
    seeds,
    st.integers(2, 5),
    st.sampled_from(LENGTH_PENALTIES),
    st.sampled_from(STOPPING),
    st.integers(1, 8),
    st.floats(-1, 4),
)
def test_beams_equal_the_plain_reference(
    seed: int, beams: int, alpha: float, stopping: object, longest: int, eos_bias: float
) -> None:
    script = random_script(9, seed, eos_bias)
    _, (found,) = run(
        script, [SOURCE],
        num_beams=beams, max_new_tokens=longest, length_penalty=alpha, early_stopping=stopping,
    )  # fmt: skip
    expected = reference_beam(script, SOURCE, beams, longest, alpha, stopping)
    assert [candidate.token_ids for candidate in found] == [tokens for tokens, _ in expected]
    assert [c.score for c in found] == pytest.approx([s for _, s in expected], abs=1e-4)
    assert all(c.finished == (c.token_ids[-1] == EOS) for c in found)


def test_the_three_ways_to_stop_differ_as_documented() -> None:
    # Both beams end at once; "a b b b" is worth more per token, but only once it is written.
    a, b = 3, 4
    table = {
        (): {EOS: 0.4, a: 0.6},
        (a,): {EOS: 0.5, b: 0.5},
        (a, b): {b: 0.9, EOS: 0.1},
        (a, b, b): {b: 0.9, EOS: 0.1},
        (a, b, b, b): {EOS: 1.0},
    }
    texts = {}
    steps = {}
    for stopping in STOPPING:
        updates, (found,) = run(
            table_script(table, 5), [SOURCE],
            num_beams=2, max_new_tokens=5, early_stopping=stopping,
        )  # fmt: skip
        texts[stopping], steps[stopping] = found[0].token_ids, len(updates)
    assert texts[True] == (a, EOS)
    assert steps[True] == 2
    assert texts["never"] == (a, b, b, b, EOS)
    assert steps[True] < steps["never"]
    assert steps[True] <= steps[False] <= steps["never"]


@pytest.mark.parametrize("stopping", STOPPING)
@pytest.mark.parametrize("alpha", LENGTH_PENALTIES)
def test_one_beam_is_the_most_probable_token_each_time(stopping: object, alpha: float) -> None:
    for seed in range(10):
        script = random_script(6, seed, eos_bias=0.5)
        _, (found,) = run(
            script, [SOURCE],
            num_beams=1, max_new_tokens=7, early_stopping=stopping, length_penalty=alpha,
        )  # fmt: skip
        tokens: Ids = ()
        while len(tokens) < 7 and tokens[-1:] != (EOS,):
            tokens = (*tokens, int(script(SOURCE, tokens).argmax()))
        assert [candidate.token_ids for candidate in found] == [tokens]


def test_searches_are_values() -> None:
    options = DecodingOptions(num_beams=2)
    search = Search.begin(options)
    proposals = Proposals(np.array([[3, 4]]), np.log([[0.5, 0.25]]), [0.0])
    first, choice = advance(search, proposals, options, EOS)
    again, _ = advance(search, proposals, options, EOS)
    assert first == again
    assert len(search.live) == 1
    assert choice.token_ids == (3, 4)


def test_a_whole_summary_comes_before_a_better_one_that_was_cut() -> None:
    cut_first = 0
    for seed in range(20):
        asked = {"num_beams": 3, "max_new_tokens": 4}
        (scored,) = run(random_script(6, seed, 1.0), [SOURCE], **asked)[1]
        updates, (found,) = run(random_script(6, seed, 1.0), [SOURCE], manners=OWN, **asked)
        whole = [candidate.finished for candidate in found]
        assert whole == sorted(whole, reverse=True)
        for part in (found[: sum(whole)], found[sum(whole) :]):
            scores = [candidate.score for candidate in part]
            assert scores == sorted(scores, reverse=True)
        assert updates[-1].best[0] == found[0].token_ids
        ended = [candidate for candidate in scored if candidate.finished]
        assert ended == list(found[: len(ended)])
        cut_first += bool(ended) and not scored[0].finished
    assert cut_first  # or nothing was tried


def test_hypotheses_come_best_first_and_never_more_than_beams() -> None:
    for seed in range(10):
        _, found = run(random_script(9, seed, 1.0), [SOURCE, (5, 2)], num_beams=3, max_new_tokens=6)
        for candidates in found:
            scores: Sequence[float] = [candidate.score for candidate in candidates]
            assert scores == sorted(scores, reverse=True)
            assert 1 <= len(scores) <= 3
            assert len({candidate.token_ids for candidate in candidates}) == len(candidates)
