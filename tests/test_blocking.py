"""What becomes of a hypothesis whose every next token the rules forbid."""

import itertools

import numpy as np
import pytest

from tests.scripted import EOS, Ids, random_script, run, table_script

SOURCE = (5, 6, 7, 2)

BLOCKING = [
    {"num_beams": 1},
    {"num_beams": 3},
    {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.0},
    {"num_beams": 1, "do_sample": True, "temperature": 0.7, "top_p": 0.9},
    {"num_beams": 1, "penalty_alpha": 0.5, "top_k": 3},
]


@pytest.mark.parametrize("strategy", BLOCKING)
def test_a_hypothesis_whose_every_next_token_is_forbidden_ends_there(strategy: dict) -> None:
    # Two words, no end token: once both are written, unigram blocking leaves nothing.
    table = {
        prefix: {3: 0.6, 4: 0.4} for n in range(9) for prefix in itertools.product((3, 4), repeat=n)
    }
    updates, (found,) = run(
        table_script(table, 6), [SOURCE], no_repeat_ngram_size=1, max_new_tokens=8, **strategy
    )
    assert len(updates) == 3
    assert updates[-1].steps[0].token_ids.size == 0
    assert found
    for candidate in found:
        assert sorted(candidate.token_ids) == [3, 4]
        assert not candidate.finished
        assert np.isfinite(candidate.log_prob)


def test_a_blocked_hypothesis_ranks_behind_those_that_ended() -> None:
    table: dict[Ids, dict[int, float]] = {
        (): {3: 0.9, 4: 0.1},
        (3,): {3: 1.0},  # forbidden by unigram blocking
        (4,): {5: 0.5, EOS: 0.5},
    }
    _, (found,) = run(table_script(table, 6), [SOURCE], num_beams=3, no_repeat_ngram_size=1)
    assert found[0].finished
    assert (found[-1].token_ids, found[-1].finished) == ((3,), False)
    assert found[-1].score > found[0].score


def test_everything_forbidden_at_once_gives_an_empty_unfinished_hypothesis() -> None:
    words = [[token] for token in range(6)]
    _, (found,) = run(random_script(6), [SOURCE], num_beams=2, bad_words_ids=words)
    assert [(c.token_ids, c.log_prob, c.finished) for c in found] == [((), 0.0, False)]
