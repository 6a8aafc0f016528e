"""Every filter against a slow reference written from its definition."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from model import filters, sampling
from model.filters import Rows, apply_filters, renormalise, rules
from model.options import DecodingOptions

VOCABULARY = 8
Prefix = tuple[int, ...]

prefixes = st.lists(st.lists(st.integers(0, 4), max_size=9).map(tuple), min_size=1, max_size=4)
seeds = st.integers(0, 2**31)
portions = st.floats(0.01, 1.0)


def for_all(*values: st.SearchStrategy) -> Callable[[Callable], Callable]:
    """`given` without a deadline: torch's first call is slow, and this is no benchmark."""
    return lambda test: settings(deadline=None, max_examples=50)(given(*values)(test))


def distributions(seed: int, rows: int = 3, blocked: bool = False) -> Tensor:
    """Random log-probabilities [B, V]; some tokens impossible when asked for."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(rows, VOCABULARY, generator=generator)
    if blocked:
        logits[:, ::3] = -math.inf
    return renormalise(logits)


def blocked_by(rule: filters.Filter, written: list[Prefix], sources: list[int]) -> list[set[int]]:
    """What a rule forbids per row; asserts that it leaves the rest alone."""
    before = distributions(1, len(written))
    kept = before.clone()
    after = rule(before, Rows(written, sources))
    assert torch.equal(before, kept), "the input was written to"
    allowed = after.isfinite()
    assert torch.equal(after[allowed], before[allowed])
    return [set(row.isinf().nonzero().flatten().tolist()) for row in after]


def ngrams(tokens: Prefix, size: int) -> list[Prefix]:
    return [tokens[i : i + size] for i in range(len(tokens) - size + 1)]


@for_all(prefixes, st.integers(1, 4))
def test_no_repeat_ngram_forbids_exactly_what_would_repeat_one(
    written: list[Prefix], size: int
) -> None:
    found = blocked_by(filters.NoRepeatNgram(size), written, [0] * len(written))
    for prefix, tokens in zip(written, found, strict=True):
        expected = {
            token
            for token in range(VOCABULARY)
            if len(prefix) + 1 >= size and (*prefix, token)[-size:] in ngrams(prefix, size)
        }
        assert tokens == expected


@for_all(prefixes, prefixes, st.integers(1, 4), st.data())
def test_encoder_no_repeat_ngram_forbids_exactly_the_ngrams_of_its_own_source(
    written: list[Prefix], texts: list[Prefix], size: int, data: st.DataObject
) -> None:
    sources = [data.draw(st.integers(0, len(texts) - 1)) for _ in written]
    found = blocked_by(filters.EncoderNoRepeatNgram(size, tuple(texts)), written, sources)
    for prefix, source, tokens in zip(written, sources, found, strict=True):
        expected = {
            token
            for token in range(VOCABULARY)
            if len(prefix) + 1 >= size and (*prefix, token)[-size:] in ngrams(texts[source], size)
        }
        assert tokens == expected


@for_all(prefixes, st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple)))
def test_bad_words_forbid_exactly_their_completion(
    written: list[Prefix], words: list[Prefix]
) -> None:
    found = blocked_by(filters.BadWords(tuple(words)), written, [0] * len(written))
    for prefix, tokens in zip(written, found, strict=True):
        expected = {
            token
            for token in range(VOCABULARY)
            if any((*prefix, token)[-len(word) :] == word for word in words)
        }
        assert tokens == expected


@for_all(prefixes, st.integers(1, 9))
def test_min_new_tokens_forbids_only_the_end_and_only_too_early(
    written: list[Prefix], count: int
) -> None:
    found = blocked_by(filters.MinNewTokens(count, eos_id=2), written, [0] * len(written))
    assert found == [{2} if len(prefix) < count else set() for prefix in written]


@for_all(prefixes, st.floats(0.1, 5))
def test_repetition_penalty_multiplies_the_log_probs_of_written_tokens(
    written: list[Prefix], penalty: float
) -> None:
    before = distributions(2, len(written))
    after = filters.RepetitionPenalty(penalty)(before, Rows(written, [0] * len(written)))
    for row, prefix in enumerate(written):
        for token in range(VOCABULARY):
            factor = penalty if token in prefix else 1.0
            assert after[row, token].item() == pytest.approx(before[row, token].item() * factor)


def test_forced_prefix_leaves_one_token_for_free_and_then_lets_go() -> None:
    before = distributions(3, 3)
    after = filters.ForcedPrefix((4, 6))(before, Rows([(), (4,), (4, 6)], [0, 0, 0]))
    assert after[0].exp().tolist() == [0, 0, 0, 0, 1, 0, 0, 0]
    assert after[1].exp().tolist() == [0, 0, 0, 0, 0, 0, 1, 0]
    assert torch.equal(after[2], before[2])


def check_kept(
    rule: filters.Filter, log_probs: Tensor, keep: Callable[[list[float]], set[int]]
) -> None:
    """The filter keeps what the definition `keep` says of each row's probabilities."""
    after = rule(log_probs, Rows([], []))
    for row, result in zip(log_probs, after, strict=True):
        probs = row.exp().tolist()
        expected = keep(probs)
        assert set(result.isfinite().nonzero().flatten().tolist()) == expected
        assert expected, "a sampling filter must keep a token"
        kept = sorted(expected)
        assert torch.equal(result[kept], row[kept])


def accumulate_to(mass: float, order: list[int], probs: list[float]) -> set[int]:
    """Tokens in the given order until they have the mass; the one that reaches it included."""
    kept, total = set(), 0.0
    for token in order:
        if np.float32(total) >= np.float32(mass) or probs[token] == 0:
            break
        kept.add(token)
        total += probs[token]
    return kept


@for_all(seeds, st.integers(1, 10), st.booleans())
def test_top_k_keeps_the_k_most_probable(seed: int, k: int, blocked: bool) -> None:
    def keep(probs: list[float]) -> set[int]:
        order = sorted(range(VOCABULARY), key=lambda token: -probs[token])
        return {token for token in order[:k] if probs[token] > 0}

    check_kept(sampling.TopK(k), distributions(seed, blocked=blocked), keep)


@for_all(seeds, portions, st.booleans())
def test_top_p_keeps_the_smallest_set_with_the_mass(seed: int, p: float, blocked: bool) -> None:
    def keep(probs: list[float]) -> set[int]:
        order = sorted(range(VOCABULARY), key=lambda token: -probs[token])
        return accumulate_to(p, order, probs)

    check_kept(sampling.TopP(p), distributions(seed, blocked=blocked), keep)


@for_all(seeds, st.floats(0.0, 1.0), st.booleans())
def test_min_p_keeps_what_is_near_the_most_probable(seed: int, p: float, blocked: bool) -> None:
    log_probs = distributions(seed, blocked=blocked)

    def keep(probs: list[float]) -> set[int]:
        return {t for t, prob in enumerate(probs) if prob > 0 and prob >= p * max(probs) - 1e-7}

    check_kept(sampling.MinP(p), log_probs, keep)


@for_all(seeds, portions, st.booleans())
def test_typical_p_keeps_the_least_surprising_mass(seed: int, mass: float, blocked: bool) -> None:
    def keep(probs: list[float]) -> set[int]:
        possible = [token for token in range(VOCABULARY) if probs[token] > 0]
        entropy = -sum(probs[t] * math.log(probs[t]) for t in possible)
        order = sorted(possible, key=lambda t: abs(-math.log(probs[t]) - entropy))
        return accumulate_to(mass, order, probs)

    check_kept(sampling.TypicalP(mass), distributions(seed, blocked=blocked), keep)


@for_all(seeds, st.floats(0.05, 20))
def test_temperature_is_the_softmax_of_the_divided_log_probs(seed: int, value: float) -> None:
    log_probs = distributions(seed)
    after = sampling.Temperature(value)(log_probs, Rows([], []))
    weights = log_probs.double().exp() ** (1 / value)
    expected = weights / weights.sum(dim=-1, keepdim=True)
    torch.testing.assert_close(after.double().exp(), expected, atol=1e-5, rtol=1e-4)


@for_all(seeds, portions, portions, portions, st.integers(1, 8), st.floats(0.1, 5))
def test_all_sampling_filters_together_leave_a_distribution(
    seed: int, p: float, min_p: float, mass: float, k: int, temperature: float
) -> None:
    options = DecodingOptions(
        num_beams=1, do_sample=True,
        temperature=temperature, top_k=k, top_p=p, min_p=min_p, typical_p=mass,
    )  # fmt: skip
    chain = sampling.sampling_filters(options)
    final = apply_filters(chain, distributions(seed), Rows([], []), normalise=True).log_probs
    torch.testing.assert_close(final.exp().sum(dim=-1), torch.ones(3))


def test_a_row_with_everything_forbidden_stays_so_through_sampling_filters() -> None:
    options = DecodingOptions(
        num_beams=1, do_sample=True,
        temperature=0.5, top_k=2, top_p=0.5, min_p=0.1, typical_p=0.5,
    )  # fmt: skip
    nothing = torch.full((1, VOCABULARY), -math.inf)
    chain = sampling.sampling_filters(options)
    assert len(chain) == 5
    final = apply_filters(chain, nothing, Rows([], []), normalise=True).log_probs
    assert bool((final == -math.inf).all())


def test_rules_come_in_order_under_their_option_names_and_only_when_asked_for() -> None:
    options = DecodingOptions(
        repetition_penalty=1.2, no_repeat_ngram_size=2, encoder_no_repeat_ngram_size=3,
        min_new_tokens=1,
    )  # fmt: skip
    names = [rule.name for rule in rules(options, 2, [[5, 2]], [[4]], [6])]
    assert names == [
        "repetition_penalty",
        "no_repeat_ngram_size",
        "encoder_no_repeat_ngram_size",
        "bad_words",
        "min_new_tokens",
        "forced_prefix",
    ]
    assert rules(DecodingOptions(no_repeat_ngram_size=0), 2, [[5, 2]]) == ()


def test_the_sources_end_token_is_no_reason_to_go_on() -> None:
    options = DecodingOptions(no_repeat_ngram_size=0, encoder_no_repeat_ngram_size=1)
    (rule,) = rules(options, 2, [[5, 6, 2]])
    assert blocked_by(rule, [()], [0]) == [{5, 6}]


@for_all(seeds)
def test_draws_follow_the_distribution_and_never_hit_the_impossible(seed: int) -> None:
    log_probs = distributions(seed, rows=1, blocked=True)
    many = log_probs.expand(2000, -1)
    generator = torch.Generator().manual_seed(seed)
    drawn = sampling.draw(many, [generator] * 2000)
    shares = torch.bincount(drawn, minlength=VOCABULARY) / 2000
    assert bool((shares[log_probs[0].isinf()] == 0).all())
    torch.testing.assert_close(shares, log_probs[0].exp(), atol=0.06, rtol=0)
