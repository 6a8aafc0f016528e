"""The layers of the Transformer family: residual blocks of attention and feed-forward maps.

Pre- or post-norm, gated or not, with biases or without, by `TransformerConfig`. Knows nothing of
decoding: what the decoder has said so far is given to its layers as keys and values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn
from torch.nn import functional

from model.attention import look, merge_heads, multi_head, scaled_columns, split_heads
from model.config import TransformerConfig

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": functional.relu,
    "gelu": functional.gelu,
    "gelu_tanh": partial(functional.gelu, approximate="tanh"),
    "silu": functional.silu,
}


def norm(config: TransformerConfig) -> nn.Module:
    """A norm over the width, of the config's kind."""
    kind = nn.RMSNorm if config.norm == "rms" else nn.LayerNorm
    return kind(config.width, eps=config.norm_epsilon)


class FeedForward(nn.Module):
    """Two linear maps with an activation between; a gated one has two maps before it, as one."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        size, bias = config.feed_forward_size, config.biases
        self.is_gated = config.gated
        self.expand = nn.Linear(config.width, (2 if config.gated else 1) * size, bias=bias)
        self.contract = nn.Linear(size, config.width, bias=bias)
        self.activation = ACTIVATIONS[config.activation]
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, states: Tensor) -> Tensor:
        """[B, T, D] to [B, T, D]."""
        inner = self.expand(states)
        if self.is_gated:
            gate, inner = inner.chunk(2, dim=-1)
            inner = self.activation(gate) * inner
        else:
            inner = self.activation(inner)
        return self.contract(self.dropout(inner))


class Block(nn.Module):
    """Residual wiring shared by encoder and decoder layers: norm before or after each part."""

    def __init__(self, config: TransformerConfig, parts: int) -> None:
        super().__init__()
        self.heads = config.heads
        self.is_pre_norm = config.norm_position == "pre"
        self.norms = nn.ModuleList(norm(config) for _ in range(parts))
        inner, bias = config.attention_width, config.biases
        self.qkv = nn.Linear(config.width, 3 * inner, bias=bias)
        self.self_output = nn.Linear(inner, config.width, bias=bias)
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

    def forward(self, states: Tensor, bias: Tensor | None) -> Tensor:
        """[B, S, D] to [B, S, D]; `bias` is added to the attention's scores [B, H, S, S]."""
        query, key, value = self.qkv(self.enter(0, states)).chunk(3, dim=-1)
        heads = self.heads
        context = multi_head(
            split_heads(query, heads), split_heads(key, heads), split_heads(value, heads), bias
        )
        states = self.leave(0, states, self.self_output(merge_heads(context)))
        return self.leave(1, states, self.feed_forward(self.enter(1, states)))


class DecoderLayer(Block):
    """Self-attention over the target so far, cross-attention to the source, feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config, parts=3)
        inner, bias = config.attention_width, config.biases
        self.cross_query = nn.Linear(config.width, inner, bias=bias)
        self.cross_key_value = nn.Linear(config.width, 2 * inner, bias=bias)
        self.cross_output = nn.Linear(inner, config.width, bias=bias)

    def remember(self, memory_states: Tensor) -> tuple[Tensor, Tensor]:
        """Key columns [B, H, D / H, S] and values [B, H, S, D / H] of the source, once per text.

        Here and below D / H stands for the size of a head, which a config may set apart.
        """
        key, value = self.cross_key_value(memory_states).chunk(2, dim=-1)
        columns = scaled_columns(split_heads(key, self.heads))
        return columns, split_heads(value, self.heads).contiguous()

    def project(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Query [B, H, T, D / H] and key-value pair [B, 2, H, T, D / H] of the target."""
        mapped = self.qkv(self.enter(0, states)).unflatten(-1, (3, self.heads, -1))
        mapped = mapped.permute(0, 2, 3, 1, 4)  # [B, 3, H, T, D / H]
        return mapped[:, 0], mapped[:, 1:]

    def attend_self(
        self, states: Tensor, query: Tensor, past: tuple[Tensor, Tensor], bias: Tensor | None
    ) -> Tensor:
        """The residual stream after self-attention over keys and values [B, H, t, D / H]."""
        context = multi_head(query, *past, bias)
        return self.leave(0, states, self.self_output(merge_heads(context)))

    def attend_source(
        self, states: Tensor, source: tuple[Tensor, Tensor, Tensor | None]
    ) -> tuple[Tensor, Tensor]:
        """The stream [B, T, D] after cross-attention, and its weights [B, H, T, S]."""
        query = split_heads(self.cross_query(self.enter(1, states)), self.heads)
        context, weights = look(query, *source)
        return self.leave(1, states, self.cross_output(merge_heads(context))), weights

    def think(self, states: Tensor) -> Tensor:
        """The stream [B, T, D] after the feed-forward part."""
        return self.leave(2, states, self.feed_forward(self.enter(2, states)))
