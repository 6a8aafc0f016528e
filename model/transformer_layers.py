"""The layers of the Transformer family: residual blocks and positions.

Pre- or post-norm, learned or sinusoidal positions, by `TransformerConfig`. Knows nothing of
decoding: what the decoder has said so far is given to its layers as keys and values.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.attention import merge_heads, multi_head, split_heads
from model.config import TransformerConfig


class FeedForward(nn.Module):
    """Two linear maps with an activation between."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.expand = nn.Linear(config.width, config.feed_forward_size)
        self.contract = nn.Linear(config.feed_forward_size, config.width)
        self.activation = getattr(functional, config.activation)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, states: Tensor) -> Tensor:
        """[B, T, D] to [B, T, D]."""
        return self.contract(self.dropout(self.activation(self.expand(states))))


class Block(nn.Module):
    """Residual wiring shared by encoder and decoder layers: norm before or after each part."""

    def __init__(self, config: TransformerConfig, parts: int) -> None:
        super().__init__()
        self.heads = config.heads
        self.is_pre_norm = config.norm_position == "pre"
        self.norms = nn.ModuleList(nn.LayerNorm(config.width) for _ in range(parts))
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.self_output = nn.Linear(config.width, config.width)
        self.feed_forward = FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def enter(self, part: int, states: Tensor) -> Tensor:
        """What part number `part` sees of the residual stream [B, T, D]."""
        return self.norms[part](states) if self.is_pre_norm else states

    def leave(self, part: int, states: Tensor, change: Tensor) -> Tensor:
        """The residual stream after that part added its `change` [B, T, D]."""
        states = states + self.dropout(change)
        return states if self.is_pre_norm else self.norms[part](states)


class EncoderLayer(Block):
    """Self-attention and feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config, parts=2)

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        """[B, S, D] to [B, S, D], nothing looked at where `bias` forbids."""
        query, key, value = self.qkv(self.enter(0, states)).chunk(3, dim=-1)
        heads = self.heads
        context, _ = multi_head(
            split_heads(query, heads), split_heads(key, heads), split_heads(value, heads),
            bias, record=False,
        )  # fmt: skip
        states = self.leave(0, states, self.self_output(merge_heads(context)))
        return self.leave(1, states, self.feed_forward(self.enter(1, states)))


class DecoderLayer(Block):
    """Self-attention over the target so far, cross-attention to the source, feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config, parts=3)
        self.cross_query = nn.Linear(config.width, config.width)
        self.cross_key_value = nn.Linear(config.width, 2 * config.width)
        self.cross_output = nn.Linear(config.width, config.width)

    def remember(self, memory_states: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [B, H, S, D / H] of the source, computed once per text."""
        key, value = self.cross_key_value(memory_states).chunk(2, dim=-1)
        return split_heads(key, self.heads).contiguous(), split_heads(
            value, self.heads
        ).contiguous()

    def project(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Query [B, H, T, D / H] and key-value pair [B, 2, H, T, D / H] of the target."""
        mapped = self.qkv(self.enter(0, states)).unflatten(-1, (3, self.heads, -1))
        mapped = mapped.permute(0, 2, 3, 1, 4)  # [B, 3, H, T, D / H]
        return mapped[:, 0], mapped[:, 1:]

    def attend_self(
        self, states: Tensor, query: Tensor, past: tuple[Tensor, Tensor], bias: Tensor | None
    ) -> Tensor:
        """The residual stream after self-attention over keys and values [B, H, t, D / H]."""
        context, _ = multi_head(query, *past, bias, record=False)
        return self.leave(0, states, self.self_output(merge_heads(context)))

    def attend_source(
        self, states: Tensor, source: tuple[Tensor, Tensor, Tensor], record: bool
    ) -> tuple[Tensor, Tensor | None]:
        """The stream [B, T, D] after cross-attention, and its weights [B, H, T, S] if recorded."""
        key, value, bias = source
        query = split_heads(self.cross_query(self.enter(1, states)), self.heads)
        context, weights = multi_head(query, key, value, bias, record)
        return self.leave(1, states, self.cross_output(merge_heads(context))), weights

    def think(self, states: Tensor) -> Tensor:
        """The stream [B, T, D] after the feed-forward part."""
        return self.leave(2, states, self.feed_forward(self.enter(2, states)))


class Embeddings(nn.Module):
    """Positions and the optional first norm, for one side; the token table is the model's."""

    def __init__(self, config: TransformerConfig, length: int) -> None:
        super().__init__()
        self.offset = config.position_offset
        self.limit = length
        self.scale = math.sqrt(config.width) if config.scale_embeddings else 1.0
        self.norm = nn.LayerNorm(config.width) if config.normalize_embeddings else None
        if config.positions == "learned":
            self.positions = nn.Embedding(length + self.offset, config.width)
            nn.init.normal_(self.positions.weight, std=0.02)
        else:
            table = sinusoids(length, config.width)
            self.positions = nn.Embedding.from_pretrained(table, freeze=True)
            self.offset = 0
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, tokens: Tensor, first: int = 0) -> Tensor:
        """Token vectors [B, T, D] at places first, first + 1, …; T + first stays in the table."""
        if first + tokens.shape[1] > self.limit:
            raise ValueError(
                f"the model has places for {self.limit} tokens, got {first + tokens.shape[1]}"
            )
        start = first + self.offset
        places = self.positions.weight[start : start + tokens.shape[1]]
        states = tokens * self.scale + places
        return self.dropout(states if self.norm is None else self.norm(states))


def sinusoids(length: int, width: int) -> Tensor:
    """The fixed table [length, width] of PEGASUS and Marian: sines in one half, cosines behind.

    A model built for its shapes alone gets a table without values, as of every other tensor.
    """
    table = torch.empty(length, width)
    if table.is_meta:
        return table
    rates = 10000.0 ** (-2 * torch.arange(math.ceil(width / 2)) / width)
    angles = torch.arange(length).unsqueeze(1) * rates  # [length, width / 2]
    return torch.cat([angles.sin(), angles.cos()], dim=1)[:, :width].contiguous()
