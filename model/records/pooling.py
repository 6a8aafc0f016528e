"""Attention pooled: over layers and heads, and between words or sentences. Numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from model.text.words import Segment

Reduction = int | Literal["mean", "max"] | None  # one layer or head, or all of them; None is "mean"


@dataclass(frozen=True)
class PooledAttention:
    """Attention between segments; a row and its `outside` sum to 1."""

    target: tuple[Segment, ...]
    source: tuple[Segment, ...]
    weights: np.ndarray  # float [len(target), len(source)]
    outside: np.ndarray  # float [len(target)], spent on special tokens and white space


def check_reduction(name: str, value: Reduction, size: int) -> None:
    """Raise ValueError for a layer or head that is none of `size`."""
    if value in (None, "mean", "max"):
        return
    if not isinstance(value, int) or not 0 <= value < size:
        raise ValueError(
            f"{name} must be mean, max or a number between 0 and {size - 1}, got {value!r:.80}"
        )


def reduced(weights: np.ndarray, reduction: Reduction, axis: int) -> np.ndarray:
    """`weights` without one axis."""
    if isinstance(reduction, int):
        return weights.take(reduction, axis=axis)
    pooled: np.ndarray = weights.max(axis=axis) if reduction == "max" else weights.mean(axis=axis)
    return pooled


def pool(
    weights: np.ndarray, target: tuple[Segment, ...], source: tuple[Segment, ...]
) -> PooledAttention:
    """Pool `weights` [T, S]: the sum over a segment's source tokens, the mean over its target's."""
    to_source = np.zeros((weights.shape[1], len(source)), dtype=np.float32)
    for column, segment in enumerate(source):
        to_source[list(segment.tokens), column] = 1.0
    rows = [weights[list(segment.tokens)].mean(axis=0) for segment in target]
    means = np.array(rows, dtype=np.float32).reshape(len(target), weights.shape[1])
    outside = means @ (1.0 - to_source.sum(axis=1))
    return PooledAttention(target, source, means @ to_source, outside)
