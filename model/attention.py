"""Attention in three kinds, each returning (context, weights). Nothing is kept between calls."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

FORBIDDEN = float("-inf")


class LuongAttention(nn.Module):
    """The "general" score of Luong et al. 2015: query^T W state; coverage adds a learned weight."""

    def __init__(self, query_size: int, memory_size: int, coverage: bool) -> None:
        super().__init__()
        self.key = nn.Linear(memory_size, query_size, bias=False)
        self.coverage = nn.Linear(1, 1, bias=False) if coverage else None
        if self.coverage is not None:
            nn.init.zeros_(self.coverage.weight)

    def keys(self, states: Tensor) -> Tensor:
        """What depends on the source alone: [N, S, D] to [N, S, Q], once per text."""
        return self.key(states)

    def scores(self, query: Tensor, keys: Tensor, coverage: Tensor | None) -> Tensor:
        """Scores [N, K, S] of queries [N, K, Q] against keys [N, S, Q]."""
        scores = query @ keys.transpose(1, 2)
        if self.coverage is not None and coverage is not None:
            scores = scores + self.coverage(coverage.unsqueeze(-1)).squeeze(-1)
        return scores


class BahdanauAttention(nn.Module):
    """The additive score of Bahdanau et al. 2015: v^T tanh(W query + U state + w coverage)."""

    def __init__(self, query_size: int, memory_size: int, coverage: bool) -> None:
        super().__init__()
        self.key = nn.Linear(memory_size, query_size)
        self.query = nn.Linear(query_size, query_size, bias=False)
        self.score = nn.Linear(query_size, 1, bias=False)
        self.coverage = nn.Linear(1, query_size, bias=False) if coverage else None

    def keys(self, states: Tensor) -> Tensor:
        """What depends on the source alone: [N, S, D] to [N, S, Q], once per text."""
        return self.key(states)

    def scores(self, query: Tensor, keys: Tensor, coverage: Tensor | None) -> Tensor:
        """Scores [N, K, S] of queries [N, K, Q] against keys [N, S, Q]."""
        features = self.query(query).unsqueeze(2) + keys.unsqueeze(1)  # [N, K, S, Q]
        if self.coverage is not None and coverage is not None:
            features = features + self.coverage(coverage.unsqueeze(-1))
        return self.score(features.tanh()).squeeze(-1)


def attend(scores: Tensor, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Context [N, K, D] and weights [N, K, S] from scores [N, K, S]; nothing falls on padding."""
    weights = scores.float().masked_fill(~mask.unsqueeze(1), FORBIDDEN).softmax(dim=-1)
    return weights.to(states.dtype) @ states, weights


def split_heads(states: Tensor, heads: int) -> Tensor:
    """[B, T, D] to [B, H, T, D / H]."""
    return states.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge_heads(states: Tensor) -> Tensor:
    """[B, H, T, D / H] to [B, T, D]."""
    return states.transpose(1, 2).flatten(2)


def multi_head(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017), weights not shown: a fused kernel.

    Queries [B, H, T, D / H] over keys and values [B, H, S, D / H] to a context of the queries'
    shape. `bias` broadcasts to [B, H, T, S], is added to the scores and is -inf where looking is
    forbidden; None costs nothing.
    """
    return functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)


def scaled_columns(key: Tensor) -> Tensor:
    """Keys [B, H, S, D / H] as `look` wants them, [B, H, D / H, S]: once per text, not per step."""
    return (key / math.sqrt(key.shape[-1])).transpose(-1, -2).contiguous()


def look(
    query: Tensor, columns: Tensor, value: Tensor, bias: Tensor | None
) -> tuple[Tensor, Tensor]:
    """The same attention with its weights: context [B, H, T, D / H] and weights [B, H, T, S].

    For few queries over a memory that stays, where it takes no longer than the fused kernel;
    `columns` are of `scaled_columns`.
    """
    scores = torch.bmm(query.flatten(0, 1), columns.flatten(0, 1)).unflatten(0, query.shape[:2])
    if bias is not None:
        scores = scores + bias
    weights = scores.float().softmax(dim=-1)
    context = torch.bmm(weights.to(value.dtype).flatten(0, 1), value.flatten(0, 1))
    return context.view_as(query), weights


def padding_bias(mask: Tensor, dtype: torch.dtype) -> Tensor | None:
    """A bias [B, 1, 1, S] that is 0 on real tokens of `mask` [B, S] and -inf on padding.

    None where nothing is padded: kernels are faster without.
    """
    if bool(mask.all()):
        return None
    bias = torch.zeros(mask.shape, dtype=dtype, device=mask.device)
    return bias.masked_fill(~mask, FORBIDDEN)[:, None, None, :]


def causal_bias(length: int, like: Tensor) -> Tensor:
    """A bias [T, T] that forbids looking ahead."""
    full = torch.full((length, length), FORBIDDEN, dtype=like.dtype, device=like.device)
    return full.triu(diagonal=1)
