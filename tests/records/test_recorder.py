"""The record of a run: a hypothesis can be followed back through the steps, figure by figure."""

import math

import numpy as np
import pytest

from tests.scripted import (
    EOS,
    SOURCES,
    STRATEGIES,
    attention,
    decoded,
    every_walk,
    gate,
    random_script,
    run,
    walks,
)

strategies = pytest.mark.parametrize("name", sorted(STRATEGIES))


@strategies
def test_token_log_probs_of_every_hypothesis_sum_to_its_log_prob(name: str) -> None:
    for _, candidate, walk in every_walk(name):
        total = 0.0
        for step, row in walk:
            parent = step.parents[row]
            (column,) = np.flatnonzero(step.top_ids[parent] == step.token_ids[row])
            total += float(step.filtered_log_probs[parent, column])
            assert step.scores[row] == pytest.approx(total, abs=1e-4)
        assert candidate.log_prob == pytest.approx(total, abs=1e-4)


@strategies
def test_attention_of_a_hypothesis_follows_its_back_pointers(name: str) -> None:
    for source, candidate, walk in every_walk(name):
        text = SOURCES[source]
        for place, (step, row) in enumerate(walk):
            parent, prefix = step.parents[row], candidate.token_ids[:place]
            assert step.cross_attention is not None
            assert step.copy_gate is not None
            expected = attention(text, prefix, len(text))  # not the padded length
            # The record holds half precision: eleven bits.
            np.testing.assert_allclose(
                step.cross_attention[parent], expected, rtol=2**-11, atol=2**-24
            )
            assert step.copy_gate[parent] == pytest.approx(gate(prefix))


@strategies
def test_raw_figures_are_the_models_own(name: str) -> None:
    script_of = {seed: random_script(10, seed, eos_bias=1.0) for seed in range(4)}
    for seed, script in script_of.items():
        updates, found = decoded(name, seed=seed)
        for source, candidates in enumerate(found):
            for candidate in candidates:
                for place, (step, row) in enumerate(walks(updates, source, candidate)):
                    raw = script(SOURCES[source], candidate.token_ids[:place])
                    parent, token = step.parents[row], step.token_ids[row]
                    assert step.token_log_probs[row] == pytest.approx(raw[token], abs=1e-5)
                    assert step.ranks[row] == (raw > raw[token]).sum()
                    entropy = -(np.exp(raw) * raw).sum() / math.log(2)
                    assert step.entropy[parent] == pytest.approx(entropy, abs=1e-4)
                    ids = step.top_ids[parent]
                    np.testing.assert_allclose(step.top_log_probs[parent], raw[ids], atol=1e-5)


@strategies
def test_the_record_holds_the_most_probable_and_the_chosen_by_raw_probability(name: str) -> None:
    top_k = STRATEGIES[name].get("record_top_k", 4)
    updates, _ = decoded(name)
    for step in (step for update in updates for step in update.steps if step is not None):
        assert (np.diff(step.top_log_probs, axis=1) <= 0).all()
        assert step.top_ids.shape[1] >= top_k
        assert all(len(set(ids)) == len(ids) for ids in step.top_ids.tolist())
        for parent, token in zip(step.parents, step.token_ids, strict=True):
            assert token in step.top_ids[parent]
        changed = step.filtered_log_probs != step.top_log_probs
        named = np.array([[bool(names) for names in row] for row in step.rules])
        # Sampling's last normalisation moves everything and is no rule.
        assert (changed[named] | np.isinf(step.top_log_probs[named])).all()
        if name != "sample":
            assert (changed == named).all()


@strategies
def test_the_first_children_are_the_next_rows_and_the_rest_have_ended(name: str) -> None:
    updates, _ = decoded(name)
    for source in range(len(SOURCES)):
        steps = [update.steps[source] for update in updates]
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            if step is None:
                assert following is None
                continue
            live = 0 if following is None else len(following.entropy)
            ended = step.token_ids[live:]
            assert EOS not in step.token_ids[:live]
            assert following is None or (ended == EOS).all()


def test_the_record_names_the_rule_that_moved_or_blocked_a_token() -> None:
    updates, _ = run(
        random_script(10, 1), [SOURCES[0]],
        num_beams=1, record_top_k=10, max_new_tokens=4, min_new_tokens=4,
        repetition_penalty=1.5, bad_words_ids=[[9]], forced_prefix_ids=[6],
    )  # fmt: skip
    first, second = (update.steps[0] for update in updates[:2])
    assert first is not None
    assert second is not None
    at = {token: i for i, token in enumerate(first.top_ids[0].tolist())}
    assert first.rules[0][at[6]] == ("forced_prefix",)
    assert first.filtered_log_probs[0, at[6]] == 0.0
    assert first.rules[0][at[9]] == ("bad_words",)
    at = {token: i for i, token in enumerate(second.top_ids[0].tolist())}
    assert second.rules[0][at[EOS]] == ("min_new_tokens",)
    assert second.filtered_log_probs[0, at[EOS]] == -math.inf
    assert second.rules[0][at[6]] == ("repetition_penalty",)
    assert second.rules[0][at[5]] == ()


def test_diversity_shows_as_a_rule_of_the_later_groups_only() -> None:
    updates, _ = run(
        random_script(10, 1), [SOURCES[0]],
        num_beams=2, num_beam_groups=2, diversity_penalty=1.5, max_new_tokens=3,
    )  # fmt: skip
    step = updates[0].steps[0]
    assert step is not None
    token = step.token_ids[0]
    (column,) = np.flatnonzero(step.top_ids[1] == token)
    assert step.rules[1][column] == ("diversity_penalty",)
    moved = step.top_log_probs[1, column] - step.filtered_log_probs[1, column]
    assert moved == pytest.approx(1.5)
    assert all(names == () for names in step.rules[0])
