"""Whether a token of probability 0.8 is right 8 times in 10, and the temperature that mends it.

The model predicts every token of a reference with the true tokens before it (teacher forcing); its
first choice is right if it is the reference's. Guo et al. 2017 for ECE and temperature scaling. A
copy mixture has no logits: the temperature divides log-probabilities, log_softmax(log_probs / T).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

import numpy as np

from model.checkpoint import Checkpoint
from model.training.figures import cell, markdown_table
from model.training.forced import Pair, forced_batches

BINS = 10
# Few, since each needs a sum over the vocabulary for every token; a parabola finds what is between.
TEMPERATURES = tuple(tenths / 10 for tenths in range(5, 18))


@dataclass(frozen=True, eq=False)
class Tokens:
    """What is known of the N target tokens of one style, at G temperatures."""

    temperatures: tuple[float, ...]  # G
    target: np.ndarray  # float [N], log-probability of the right token
    best: np.ndarray  # float [N], log-probability of the first choice
    correct: np.ndarray  # bool [N], whether that was the right one
    normalizers: np.ndarray  # float [N, G], logsumexp(log_probs / T) over the vocabulary

    def confidence(self, temperature: float) -> np.ndarray:
        """Probability of the first choice [N]; a temperature keeps the order of the tokens."""
        return np.exp(self.best / temperature - self._normalizer(temperature))

    def loss(self, temperature: float) -> float:
        """Cross-entropy per token in nats."""
        return float((self._normalizer(temperature) - self.target / temperature).mean())

    def _normalizer(self, temperature: float) -> np.ndarray:
        return self.normalizers[:, self.temperatures.index(temperature)]


@dataclass(frozen=True)
class Bin:
    """The tokens whose probability lies between `low` and `high`."""

    low: float
    high: float
    tokens: int
    confidence: float | None  # their mean probability; None without tokens
    accuracy: float | None  # share of them that was right


@dataclass(frozen=True)
class Calibration:
    """One style, or all of them, at one temperature."""

    name: str
    temperature: float
    tokens: int
    accuracy: float
    confidence: float
    error: float  # expected calibration error: mean |confidence - accuracy| over the bins
    loss: float
    bins: tuple[Bin, ...]


def observe(
    checkpoint: Checkpoint,
    pairs: Mapping[str, Sequence[Pair]],
    temperatures: Sequence[float],
    batch_size: int = 16,
    progress: Callable[[int], None] = lambda pairs: None,
) -> dict[str, Tokens]:
    """Every token of every target, by style."""
    grid = tuple(temperatures)
    return {
        style: _observe_pairs(checkpoint, alike, grid, batch_size, progress)
        for style, alike in pairs.items()
    }


def best_temperature(observed: Mapping[str, Tokens]) -> float:
    """The temperature with the least loss in the mean of the styles, to hundredths.

    The top of the parabola through the three best of an even grid; its end if that is best.
    """
    grid = next(iter(observed.values())).temperatures
    losses = [fmean(tokens.loss(t) for tokens in observed.values()) for t in grid]
    best = losses.index(min(losses))
    if best in (0, len(grid) - 1):
        return grid[best]
    before, here, after = losses[best - 1 : best + 2]
    curve = before - 2 * here + after
    offset = 0.5 * (before - after) / curve if curve > 0 else 0.0
    return round(grid[best] + offset * (grid[best + 1] - grid[best]), 2)


def measure(name: str, parts: Sequence[Tokens], temperature: float) -> Calibration:
    """The reliability of the tokens of one style, or of several together."""
    confidence = np.concatenate([tokens.confidence(temperature) for tokens in parts])
    correct = np.concatenate([tokens.correct for tokens in parts])
    losses = [tokens.loss(temperature) for tokens in parts]
    bins = tuple(reliability(confidence, correct))
    gaps = [b.tokens * abs(b.confidence - b.accuracy) for b in bins if b.tokens]  # type: ignore[operator]
    return Calibration(
        name=name,
        temperature=temperature,
        tokens=len(correct),
        accuracy=float(correct.mean()),
        confidence=float(confidence.mean()),
        error=sum(gaps) / len(correct),
        loss=float(np.average(losses, weights=[len(tokens.correct) for tokens in parts])),
        bins=bins,
    )


def reliability(confidence: np.ndarray, correct: np.ndarray) -> list[Bin]:
    """Equally wide bins of the probability: how many tokens, how sure, how often right."""
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = []
    for place in range(BINS):
        inside = places == place
        count = int(inside.sum())
        means = (float(confidence[inside].mean()), float(correct[inside].mean())) if count else None
        bins.append(Bin(place / BINS, (place + 1) / BINS, count, *(means or (None, None))))
    return bins


def to_markdown(before: Sequence[Calibration], after: Sequence[Calibration]) -> str:
    """Errors by style, and the bins of the last, which holds all; before and after scaling."""
    fitted = after[-1].temperature
    columns = ["conf", "ECE", "loss"]
    head = ["style", "tokens", "acc", *columns, *(f"{name}, T={fitted:g}" for name in columns)]
    lines = [
        [old.name, str(old.tokens), cell(old.accuracy, 1, 100), *_cells(old), *_cells(new)]
        for old, new in zip(before, after, strict=True)
    ]
    pairs = zip(before[-1].bins, after[-1].bins, strict=True)
    bin_lines = [
        [f"{old.low:.1f}–{old.high:.1f}", *_bin_cells(old), *_bin_cells(new)] for old, new in pairs
    ]
    columns = ["tokens", "conf", "right"]
    bin_head = ["probability", *columns, *(f"{name}, T={fitted:g}" for name in columns)]
    return "\n\n".join(
        [
            markdown_table(head, lines),
            "acc: first choice right, percent · conf: its mean probability, percent · ECE: mean "
            "distance of the two over ten bins, percent · loss: in nats per token",
            f"All styles, by the probability of the first choice:\n\n"
            f"{markdown_table(bin_head, bin_lines)}",
        ]
    )


def to_json(found: Sequence[Calibration]) -> list[dict[str, Any]]:
    """The figures as plain values, bins included: what a reliability diagram needs."""
    return [asdict(one) for one in found]


def _observe_pairs(
    checkpoint: Checkpoint,
    pairs: Sequence[Pair],
    temperatures: tuple[float, ...],
    batch_size: int,
    progress: Callable[[int], None],
) -> Tokens:
    columns: list[list[np.ndarray]] = []
    for batch in forced_batches(checkpoint, pairs, batch_size):
        log_probs, target = batch.log_probs[batch.real], batch.target[batch.real]  # [N, V], [N]
        best, chosen = log_probs.max(dim=-1)
        right = log_probs.gather(-1, target.unsqueeze(-1)).squeeze(-1)
        sums = [(log_probs / t).logsumexp(dim=-1).double().numpy() for t in temperatures]
        values = (right.double(), best.double(), chosen == target)
        columns.append([*(value.numpy() for value in values), np.stack(sums, axis=1)])
        progress(len(batch.places))
    return Tokens(temperatures, *(np.concatenate(parts) for parts in zip(*columns, strict=True)))


def _cells(one: Calibration) -> list[str]:
    return [cell(one.confidence, 1, 100), cell(one.error, 1, 100), cell(one.loss, 3)]


def _bin_cells(one: Bin) -> list[str]:
    return [str(one.tokens), cell(one.confidence, 1, 100), cell(one.accuracy, 1, 100)]
