"""Contrastive search against its formula, on a scripted model."""

import numpy as np
import pytest

from tests.scripted import EOS, Ids, hidden, random_script, run, table_script

SOURCE = (5, 6, 7, 2)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.8])
def test_contrastive_search_follows_its_formula(alpha: float) -> None:
    script = random_script(9, 4)
    _, (found,) = run(script, [SOURCE], num_beams=1, penalty_alpha=alpha, top_k=4, max_new_tokens=6)

    def unit(prefix: Ids) -> np.ndarray:
        return hidden(prefix) / np.linalg.norm(hidden(prefix))

    tokens: Ids = ()
    while len(tokens) < 6 and tokens[-1:] != (EOS,):
        log_probs = script(SOURCE, tokens)
        best = np.argsort(-log_probs)[:4].tolist()
        said = [unit(tokens[:i]) for i in range(len(tokens) + 1)]
        scores = [
            (1 - alpha) * np.exp(log_probs[token])
            - alpha * max(float(unit((*tokens, token)) @ state) for state in said)
            for token in best
        ]
        # Nothing follows the last token, so its likeness is not asked for.
        last = len(tokens) == 5
        tokens = (*tokens, best[0] if last else best[int(np.argmax(scores))])
    assert found[0].token_ids == tokens


def test_contrastive_search_never_chooses_a_forbidden_candidate() -> None:
    table = {(): {3: 0.6, 4: 0.4}, (3,): {4: 1.0}, (4,): {3: 1.0}}
    _, (found,) = run(
        table_script(table, 6), [SOURCE], num_beams=1, penalty_alpha=1.0, top_k=4, max_new_tokens=4
    )
    assert found[0].finished
    assert set(found[0].token_ids) <= {3, 4, EOS}
