"""Where a token stands: tables of places, fixed sines, or biases by distance (T5)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from model.config import TransformerConfig


class Embeddings(nn.Module):
    """Positions and the optional first norm, for one side; the token table is the model's."""

    def __init__(self, config: TransformerConfig, length: int, norm: nn.Module | None) -> None:
        super().__init__()
        self.offset = config.position_offset if config.positions == "learned" else 0
        self.limit = length
        self.scale = math.sqrt(config.width) if config.scale_embeddings else 1.0
        self.norm = norm
        self.positions: nn.Embedding | None = None
        if config.positions == "learned":
            self.positions = nn.Embedding(length + self.offset, config.width)
            nn.init.normal_(self.positions.weight, std=0.02)
        elif config.positions == "sinusoidal":
            table = sinusoids(length, config.width)
            self.positions = nn.Embedding.from_pretrained(table, freeze=True)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Token vectors [B, T, D] at places 0, 1, …; T stays in the limit."""
        return self.placed(tokens, self.places(0, tokens.shape[1]))

    def places(self, first: int, count: int) -> Tensor | None:
        """The vectors [count, D] of places first, first + 1, …, where places have any.

        Raises ValueError where they leave the limit.
        """
        if first + count > self.limit:
            raise ValueError(f"the model has places for {self.limit} tokens, got {first + count}")
        start = first + self.offset
        return None if self.positions is None else self.positions.weight[start : start + count]

    def placed(self, tokens: Tensor, places: Tensor | None) -> Tensor:
        """Token vectors [B, T, D] with those of their places [T, D]."""
        states = tokens * self.scale
        if places is not None:
            states = states + places
        return self.dropout(states if self.norm is None else self.norm(states))


class RelativePositions(nn.Module):
    """A bias on attention for every distance and head, the same in all layers.

    Near distances have a bucket each, far ones share buckets that widen with the logarithm; from
    `relative_distance` on there is one. An encoder tells before from behind, a decoder has no
    behind.
    """

    def __init__(self, config: TransformerConfig, *, both_ways: bool) -> None:
        super().__init__()
        self.both_ways = both_ways
        self.buckets = config.relative_buckets // (2 if both_ways else 1)  # per direction
        self.distance = config.relative_distance
        self.bias = nn.Embedding(config.relative_buckets, config.heads)
        nn.init.normal_(self.bias.weight, std=0.02)

    def by_distance(self, length: int) -> Tensor:
        """Biases [1, H, 1, 2 * length - 1] of keys from `length` - 1 before to as many behind.

        The last row of any shorter prefix is a slice of it, which a decoder takes at every step.
        """
        reach = length - 1
        offsets = torch.arange(-reach, reach + 1, device=self.bias.weight.device)
        buckets = self._bucket(offsets.abs() if self.both_ways else offsets.neg().clamp_min(0))
        if self.both_ways:
            buckets = buckets + (offsets > 0) * self.buckets
        return self.bias(buckets).t()[None, :, None].contiguous()

    def forward(self, length: int) -> Tensor:
        """Biases [1, H, T, T] of every key for every query."""
        rows = self.by_distance(length).unfold(-1, length, 1)  # [1, H, 1, T, T], last query first
        return rows.squeeze(2).flip(2)

    def _bucket(self, distances: Tensor) -> Tensor:
        """Bucket of every distance of one direction."""
        exact = self.buckets // 2
        # In this order of operations: where a bucket ends, rounding decides.
        share = (distances.clamp_min(1) / exact).log() / math.log(self.distance / exact)
        far = exact + (share * (self.buckets - exact)).long()
        return distances.where(distances < exact, far.clamp_max(self.buckets - 1))


def sinusoids(length: int, width: int) -> Tensor:
    """The fixed table [length, width] of PEGASUS and Marian: sines in one half, cosines behind.

    A model built for its shapes alone gets a table without values, as of every other tensor.
    """
    table = torch.empty(length, width)
    if table.is_meta:
        return table
    halves = torch.arange(math.ceil(width / 2), dtype=torch.float64)
    angles = torch.arange(length).unsqueeze(1) * 10000.0 ** (-2 * halves / width)  # [length, D / 2]
    return torch.cat([angles.sin(), angles.cos()], dim=1)[:, :width].float().contiguous()
