"""Calibration: tokens observed under teacher forcing, bins, the fitted temperature."""

from __future__ import annotations

from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from torch import Tensor

from model.tokenizer import Tokenizer
from model.training.calibration import (
    TEMPERATURES,
    Tokens,
    best_temperature,
    measure,
    observe,
    reliability,
    to_json,
    to_markdown,
)
from model.training.forced import Pair
from model.training.reliability import LEFT, SIDE, TOP, reliability_svg


def tokens_of(log_probs: Tensor, target: Tensor, grid: tuple[float, ...]) -> Tokens:
    """Observations of log-probabilities [N, V] and right tokens [N]."""
    best, chosen = log_probs.max(dim=-1)
    right = log_probs.gather(-1, target[:, None])[:, 0]
    sums = torch.stack([(log_probs / t).logsumexp(dim=-1) for t in grid], dim=1)
    return Tokens(grid, right.numpy(), best.numpy(), (chosen == target).numpy(), sums.numpy())


def sharpened(factor: float, count: int = 20_000) -> tuple[Tensor, Tensor]:
    """Targets drawn from random distributions, and these made `factor` times as sharp."""
    dice = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(count, 12, generator=dice)
    target = torch.multinomial(logits.softmax(dim=-1), 1, generator=dice)[:, 0]
    return (factor * logits).log_softmax(dim=-1).double(), target


@pytest.fixture(scope="module")
def opened() -> SimpleNamespace:
    """A model that gives token v at place t the log-probability `table[t][v]`."""
    tokenizer = Tokenizer.train(["the cat sat on the mat", "a dog ran"] * 5, vocabulary_size=300)
    torch.manual_seed(5)
    table = (3 * torch.randn(12, tokenizer.vocabulary_size)).log_softmax(dim=-1)

    def forward(ids: Tensor, mask: Tensor, target: Tensor) -> Tensor:
        return table[: target.shape[1]].expand(len(ids), -1, -1)

    config = SimpleNamespace(max_source_tokens=32, max_target_tokens=12, pad_id=0)
    model = SimpleNamespace(forward=forward, table=table)
    return SimpleNamespace(model=model, config=config, tokenizer=tokenizer)


def test_observed_tokens_are_those_of_the_distributions_at_every_temperature(opened) -> None:
    target = opened.tokenizer.encode_target("the dog")
    pairs = {"title": [Pair("the cat", "the dog", None), Pair("a dog", "the dog", None)]}
    found = observe(opened, pairs, (0.5, 1.0, 2.0), batch_size=2)["title"]
    rows = opened.model.table[: len(target)].repeat(2, 1)  # [N, V]
    assert len(found.correct) == 2 * len(target)
    for temperature in (0.5, 1.0, 2.0):
        scaled = (rows / temperature).log_softmax(dim=-1)
        expected = scaled.exp().max(dim=-1).values.numpy()
        assert found.confidence(temperature) == pytest.approx(expected, rel=1e-4)
        right = scaled[range(len(rows)), target * 2]
        assert found.loss(temperature) == pytest.approx(-float(right.mean()), rel=1e-4)
    assert found.correct.tolist() == (rows.argmax(dim=-1) == torch.tensor(target * 2)).tolist()


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.37])
def test_the_fitted_temperature_undoes_a_wrong_sharpness(factor: float) -> None:
    log_probs, target = sharpened(factor)
    fitted = best_temperature({"title": tokens_of(log_probs, target, TEMPERATURES)})
    assert fitted == pytest.approx(factor, abs=0.03)
    observed = tokens_of(log_probs, target, (1.0, fitted))
    assert measure("title", [observed], fitted).error < 0.015
    if factor != 1.0:
        assert measure("title", [observed], 1.0).error > 0.04


def test_a_temperature_off_the_grid_is_its_end() -> None:
    log_probs, target = sharpened(3.0)
    assert best_temperature({"": tokens_of(log_probs, target, TEMPERATURES)}) == TEMPERATURES[-1]


def test_styles_count_the_same_for_the_temperature() -> None:
    sharp, flat = sharpened(1.4), sharpened(0.7)
    few = tokens_of(*sharp, TEMPERATURES)
    many = tokens_of(flat[0].repeat(5, 1), flat[1].repeat(5), TEMPERATURES)
    once = tokens_of(*flat, TEMPERATURES)
    assert best_temperature({"a": few, "b": many}) == best_temperature({"a": few, "b": once})


def test_bins_hold_the_share_of_right_tokens() -> None:
    bins = reliability(np.array([0.05, 0.81, 0.89, 1.0]), np.array([False, True, False, True]))
    assert [found.tokens for found in bins] == [1, 0, 0, 0, 0, 0, 0, 0, 2, 1]
    assert (bins[8].confidence, bins[8].accuracy) == (pytest.approx(0.85), 0.5)
    assert (bins[1].confidence, bins[1].accuracy) == (None, None)


def test_the_error_is_the_mean_distance_over_the_bins() -> None:
    # Two tokens at 0.75, one right: 0.25 apart. Two at 0.5, one right: 0 apart.
    best = np.log(np.array([0.75, 0.75, 0.5, 0.5]))
    correct = np.array([True, False, True, False])
    found = measure("x", [Tokens((1.0,), best, best, correct, np.zeros((4, 1)))], 1.0)
    assert found.error == pytest.approx(0.125)
    assert (found.tokens, found.accuracy, found.confidence) == (4, 0.5, pytest.approx(0.625))


def test_the_tables_show_both_temperatures_and_every_bin() -> None:
    log_probs, target = sharpened(1.3, count=200)
    observed = tokens_of(log_probs, target, (1.0, 1.3))
    before, after = ([measure("all tokens", [observed], t)] for t in (1.0, 1.3))
    text = to_markdown(before, after)
    assert "| all tokens | 200 |" in text
    assert "ECE, T=1.3" in text
    assert "| 0.9–1.0 |" in text
    assert sum(found["tokens"] for found in to_json(after)[0]["bins"]) == 200


def test_the_diagram_has_a_point_for_every_bin_with_tokens() -> None:
    best = np.log(np.array([0.75, 0.75, 0.5, 0.5]))
    tokens = Tokens((1.0, 2.0), best, best, np.array([True, False, True, False]), np.zeros((4, 2)))
    svg = reliability_svg(measure("x", [tokens], 1.0), measure("<x>", [tokens], 2.0))
    root = ElementTree.fromstring(svg)
    circles = root.findall(".//{*}circle")
    # At T = 2 the square roots, 0.87 and 0.71: two bins again.
    assert len(circles) == 4
    x, y = (float(circles[0].attrib[name]) for name in ("cx", "cy"))
    assert (x, y) == (LEFT + SIDE * 0.5, TOP + SIDE * 0.5)
    assert "T = 2, ECE" in svg
