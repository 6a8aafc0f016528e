"""Diverse beams against a slow, plain reference, on a scripted model."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scripted import Ids, Script, random_script, run

SOURCE = (5, 6, 7, 2)


def reference_groups(
    script: Script, source: Ids, groups: int, size: int, steps: int, penalty: float
) -> list[list[tuple[Ids, float]]]:
    """Diverse beam search without ends: every group's beams after some steps."""
    beams: list[list[tuple[Ids, float]]] = [[((), 0.0)] for _ in range(groups)]
    for _ in range(steps):
        used: list[int] = []
        for group in range(groups):
            children = [
                ((*tokens, token), total + float(log_prob) - penalty * used.count(token))
                for tokens, total in beams[group]
                for token, log_prob in enumerate(script(source, tokens))
            ]
            beams[group] = sorted(children, key=lambda child: -child[1])[:size]
            used += [tokens[-1] for tokens, _ in beams[group]]
    return beams


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 4), st.integers(1, 3), st.floats(0.1, 8))
def test_diverse_groups_equal_the_plain_reference(
    seed: int, groups: int, size: int, penalty: float
) -> None:
    script = random_script(12, seed, eos_bias=-math.inf)
    _, (found,) = run(
        script, [SOURCE],
        num_beams=groups * size, num_beam_groups=groups, diversity_penalty=penalty,
        max_new_tokens=4, length_penalty=0.0,
    )  # fmt: skip
    expected = itertools.chain(*reference_groups(script, SOURCE, groups, size, 4, penalty))
    ranked = sorted(expected, key=lambda hypothesis: -hypothesis[1])
    assert [c.score for c in found] == pytest.approx([s for _, s in ranked], abs=1e-4)
    assert sorted(c.token_ids for c in found) == sorted(tokens for tokens, _ in ranked)


def test_strong_diversity_gives_every_group_another_first_token() -> None:
    _, (found,) = run(
        random_script(12, 1), [SOURCE],
        num_beams=4, num_beam_groups=4, diversity_penalty=50.0, max_new_tokens=5,
    )  # fmt: skip
    assert len({candidate.token_ids[0] for candidate in found}) == 4


def test_a_forced_prefix_costs_later_groups_nothing() -> None:
    updates, (found,) = run(
        random_script(10, 0), [SOURCE], forced_prefix_ids=[7, 6, 5],
        num_beams=4, num_beam_groups=2, diversity_penalty=1.5, max_new_tokens=6,
    )  # fmt: skip
    forced = [update.steps[0] for update in updates[:3]]
    assert [step.scores.tolist() for step in forced] == [[0.0, 0.0]] * 3
    assert not any(
        "diversity_penalty" in names for step in forced for row in step.rules for names in row
    )
    assert len({candidate.token_ids[:4] for candidate in found}) > 1  # kept apart from there on
