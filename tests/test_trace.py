"""The trace: what a hypothesis says follows its back-pointers, and the beam tree."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings

from model.records import record
from model.trace import Step, Trace, TraceError
from tests.scripted_traces import (
    any_trace,
    attention_after,
    fingerprint,
    log_probs_after,
    scripted_trace,
)


@pytest.fixture
def trace() -> Trace:
    return scripted_trace()


@given(trace=any_trace)
@settings(deadline=None, max_examples=30)
def test_everything_of_a_hypothesis_follows_its_back_pointers(trace: Trace) -> None:
    for number, hypothesis in enumerate(trace.hypotheses):
        prefixes = [hypothesis.token_ids[:place] for place in range(len(hypothesis.token_ids))]
        raw = [log_probs_after(prefix, 8) for prefix in prefixes]
        chosen = [r[id] for r, id in zip(raw, hypothesis.token_ids, strict=True)]
        np.testing.assert_array_equal(trace.token_log_probs(number), chosen)
        assert trace.token_log_probs(number).sum() == pytest.approx(hypothesis.log_prob, abs=1e-4)
        ranks = [int((r > c).sum()) for r, c in zip(raw, chosen, strict=True)]
        assert trace.ranks(number).tolist() == ranks
        expected = [len(prefix) + prefix[-1:].count(3) for prefix in prefixes]
        assert trace.entropy(number).tolist() == expected
        for place, prefix in enumerate(prefixes):
            weighed = trace.candidates(number, place)
            np.testing.assert_array_equal([a.log_prob for a in weighed], -np.sort(-raw[place]))
            assert [a.token_id for a in weighed if a.chosen] == [hypothesis.token_ids[place]]
            if trace.attention_shape:
                every = attention_after(prefix, 2, 3).astype(np.float32)
                np.testing.assert_array_equal(trace.attention(number, 1, 2)[place], every[1, 2])
            gates = trace.copy_gate(number)
            if gates is not None:
                assert gates[place] == fingerprint((*prefix, -2), 1)[0]


def test_attention_pools_layers_and_heads(trace: Trace) -> None:
    every = np.stack([attention_after((), 2, 3)]).astype(np.float32)[0]
    first = {
        (None, None): every.mean(axis=(0, 1)),
        ("mean", 1): every[:, 1].mean(axis=0),
        (0, "max"): every[0].max(axis=0),
        ("max", "mean"): every.mean(axis=1).max(axis=0),
    }
    for (layer, head), expected in first.items():
        np.testing.assert_allclose(trace.attention(0, layer, head)[0], expected, rtol=1e-6)
    np.testing.assert_allclose(trace.attention(0).sum(axis=1), 1.0, atol=2e-3)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda t: t.attention(99), r"hypothesis must be between 0 and \d+, got 99"),
        (lambda t: t.attention(-1), "got -1"),
        (lambda t: t.attention(0, layer=2), "layer must be mean, max or .* 0 and 1, got 2"),
        (lambda t: t.attention(0, head="min"), "head must be mean, max or .* 0 and 2, got 'min'"),
        (lambda t: t.candidates(0, 50), r"step must be between 0 and \d, got 50"),
        (lambda t: t.pooled_attention(0, "letters"), "unit must be words or sentences"),
    ],
)
def test_what_is_not_there_is_named(trace: Trace, ask: Callable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask(trace)


def test_a_blocked_candidate_says_which_rule_blocked_it(trace: Trace) -> None:
    blocked = trace.candidates(0, 0)[0]
    assert blocked.filtered_log_prob == -np.inf
    assert blocked.rules == ("no_repeat_ngram_size",)
    assert np.isfinite(blocked.log_prob)


def test_a_run_without_attention_says_so() -> None:
    bare = scripted_trace(gated=False, attended=False)
    assert bare.attention_shape is None
    assert bare.copy_gate(0) is None
    with pytest.raises(TraceError, match="recorded no attention"):
        bare.attention(0)


def test_the_tree_leads_from_every_hypothesis_back_to_the_root(trace: Trace) -> None:
    nodes = trace.tree()
    place = {(node.step, node.row): number for number, node in enumerate(nodes)}
    on_a_path = set()
    for hypothesis in trace.hypotheses:
        node = nodes[place[len(hypothesis.rows) - 1, hypothesis.rows[-1]]]
        assert node.state == ("finished" if hypothesis.finished else "live")
        assert node.score == pytest.approx(hypothesis.log_prob, abs=1e-4)
        ids = [node.token_id]
        while node.parent is not None:
            on_a_path.add((node.step, node.row))
            node = nodes[node.parent]
            ids.insert(0, node.token_id)
        on_a_path.add((node.step, node.row))
        assert tuple(ids) == hypothesis.token_ids
    assert {p for p, n in place.items() if nodes[n].state == "pruned"} == set(place) - on_a_path
    assert any(node.state == "pruned" for node in nodes)


def test_the_words_of_a_hypothesis_leave_the_end_token_out(trace: Trace) -> None:
    number = next(n for n, h in enumerate(trace.hypotheses) if h.finished and len(h.rows) > 1)
    hypothesis = trace.hypotheses[number]
    found = trace.words(number)
    assert [word.text for word in found] == hypothesis.text.split()
    assert trace.target_tokens(number)[-1] == "</s>"
    log_probs = trace.token_log_probs(number)
    np.testing.assert_array_equal(trace.word_log_probs(number), log_probs[: len(found)])


def test_compacting_gives_the_types_that_json_has() -> None:
    step = scripted_trace().steps[0]
    wide = {n: getattr(step, n).astype("f8") for n, (t, _) in record.STEP_ARRAYS.items()}
    compacted = record.compact(Step(rules=step.rules, **wide))
    for name, (dtype, _) in record.STEP_ARRAYS.items():
        assert getattr(compacted, name).dtype == np.dtype(dtype)
