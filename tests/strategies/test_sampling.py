"""Every sampling filter against a slow reference written from its definition, and the draw."""

import math
from collections.abc import Callable

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from model.filters import Filter, Rows, apply_filters
from model.options import DecodingOptions
from model.strategies import sampling
from tests.distributions import VOCABULARY, distributions, for_all, portions, seeds


def check_kept(rule: Filter, log_probs: Tensor, keep: Callable[[list[float]], set[int]]) -> None:
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


@for_all(seeds)
def test_draws_follow_the_distribution_and_never_hit_the_impossible(seed: int) -> None:
    log_probs = distributions(seed, rows=1, blocked=True)
    many = log_probs.expand(2000, -1)
    generator = torch.Generator().manual_seed(seed)
    drawn = sampling.draw(many, [generator] * 2000)
    shares = torch.bincount(drawn, minlength=VOCABULARY) / 2000
    assert bool((shares[log_probs[0].isinf()] == 0).all())
    torch.testing.assert_close(shares, log_probs[0].exp(), atol=0.06, rtol=0)
