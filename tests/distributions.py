"""Random distributions over a few tokens, and what hypothesis draws of them."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from model.filters import renormalise

VOCABULARY = 8

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
