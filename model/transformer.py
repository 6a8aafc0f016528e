"""The Transformer family (Vaswani et al. 2017): encoder-decoder, copy gate optional.

Pre- or post-norm, learned or sinusoidal positions; see `TransformerConfig` for what makes it a
BART, PEGASUS or Marian. Decoding is incremental: keys and values of the source are computed once,
those of the target grow by one a step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.attention import causal_bias, merge_heads, multi_head, padding_bias, split_heads
from model.config import TransformerConfig
from model.distribution import OutputDistribution
from model.seq2seq import Memory, Readers, StepOutput

COPY_HEAD = 0  # the head of the last cross-attention that copies (Enarvi et al. 2020)


@dataclass(frozen=True)
class TransformerMemory(Memory):
    """Encoder states and the cross-attention's keys and values of every decoder layer."""

    bias: Tensor  # [B, 1, 1, S], -inf on padding
    keys: tuple[Tensor, ...]  # [B, H, S, D / H] per decoder layer
    values: tuple[Tensor, ...]


@dataclass(frozen=True)
class TransformerState:
    """The decoder between two tokens: what it has said, as keys and values."""

    memory: TransformerMemory
    readers: Readers
    past: tuple[Tensor, ...]  # [B, 2, H, t, D / H] per layer: keys and values of t tokens

    def select(self, rows: Tensor) -> TransformerState:
        """Rows [R] of the state, see `DecoderState`."""
        readers, memory = self.readers.select(rows, self.memory)
        return TransformerState(
            memory, readers, tuple(part.index_select(0, rows) for part in self.past)
        )


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
        query, key, value = self.qkv(self.enter(0, states)).chunk(3, dim=-1)
        pair = torch.stack([split_heads(key, self.heads), split_heads(value, self.heads)], dim=1)
        return split_heads(query, self.heads), pair

    def attend_self(
        self, states: Tensor, query: Tensor, past: Tensor, bias: Tensor | None
    ) -> Tensor:
        """The residual stream after self-attention over `past` [B, 2, H, t, D / H]."""
        context, _ = multi_head(query, past[:, 0], past[:, 1], bias, record=False)
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


class TransformerModel(nn.Module):
    """Encoder-decoder Transformer; meets `Seq2Seq`."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary_size, config.width)
        self.source_embeddings = Embeddings(config, config.max_source_tokens)
        self.target_embeddings = Embeddings(config, config.max_target_tokens)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        norm = nn.LayerNorm if config.final_norm else _no_norm
        self.encoder_norm, self.decoder_norm = norm(config.width), norm(config.width)
        self.copy = nn.Linear(config.width, 1) if config.copy_gate else None
        self.output = nn.Linear(config.width, config.vocabulary_size, bias=config.output_bias)
        if config.tie_embeddings:
            self.output.weight = self.embedding.weight
        self._initialize()

    def encode(self, ids: Tensor, mask: Tensor) -> TransformerMemory:
        """Read sources; see `Seq2Seq`."""
        states = self.source_embeddings(self.embedding(ids))
        bias = padding_bias(mask, states.dtype)
        for layer in self.encoder:
            states = layer(states, bias)
        states = self.encoder_norm(states)
        pairs = [layer.remember(states) for layer in self._decoder_layers()]
        keys, values = tuple(key for key, _ in pairs), tuple(value for _, value in pairs)
        return TransformerMemory(states, mask, ids, bias, keys, values)

    def start(self, memory: TransformerMemory) -> TransformerState:
        """The state before the first token, one row per source."""
        heads = self.config.heads
        empty = memory.states.new_zeros(len(memory.mask), 2, heads, 0, self.config.width // heads)
        return TransformerState(memory, Readers(), (empty,) * self.config.decoder_layers)

    def step(
        self, previous_ids: Tensor, state: TransformerState, record: bool = True
    ) -> tuple[StepOutput, TransformerState]:
        """One token further; see `Seq2Seq`."""
        memory, readers = state.memory, state.readers
        first = state.past[0].shape[3]
        states = self.target_embeddings(self.embedding(previous_ids)[:, None], first)  # [B, 1, D]
        past, recorded = [], []
        for depth, layer in enumerate(self._decoder_layers()):
            query, pair = layer.project(states)
            past.append(torch.cat([state.past[depth], pair], dim=3))
            states = layer.attend_self(states, query, past[-1], None)
            source = (memory.keys[depth], memory.values[depth], memory.bias)
            folded, weights = layer.attend_source(
                readers.fold(states[:, 0]), source, record or self._copies(depth)
            )
            states = layer.think(readers.unfold(folded)[:, None])
            recorded.append(weights)  # [N, H, K, S]
        folded = readers.fold(self.decoder_norm(states)[:, 0])
        distribution = self._read_out(folded, recorded[-1], memory.source_ids)
        gate = distribution.copy_gate
        output = StepOutput(
            readers.unfold(distribution.log_probs()),
            torch.stack([_by_row(w) for w in recorded if w is not None], 1) if record else None,
            None if gate is None else readers.unfold(gate),
            readers.unfold(folded),
        )
        return output, TransformerState(memory, readers, tuple(past))

    def forward(self, ids: Tensor, mask: Tensor, target: Tensor) -> Tensor:
        """Log-probabilities [B, T, V] under teacher forcing; see `Seq2Seq`."""
        return self.distribution(ids, mask, target).log_probs()

    def distribution(self, ids: Tensor, mask: Tensor, target: Tensor) -> OutputDistribution:
        """The same before expansion: one pass over all places of `target` [B, T]."""
        memory = self.encode(ids, mask)
        start = torch.full_like(target[:, :1], self.config.decoder_start_id)
        inputs = torch.cat([start, target[:, :-1]], dim=1)
        states = self.target_embeddings(self.embedding(inputs))
        bias = causal_bias(target.shape[1], states)
        weights = None
        for depth, layer in enumerate(self._decoder_layers()):
            query, pair = layer.project(states)
            states = layer.attend_self(states, query, pair, bias)
            source = (memory.keys[depth], memory.values[depth], memory.bias)
            states, weights = layer.attend_source(states, source, self._copies(depth))
            states = layer.think(states)
        return self._read_out(self.decoder_norm(states), weights, ids)

    def _decoder_layers(self) -> list[DecoderLayer]:
        return cast(list[DecoderLayer], list(self.decoder))

    def _copies(self, depth: int) -> bool:
        """Whether this decoder layer's cross-attention feeds the copy distribution."""
        return self.copy is not None and depth == len(self.decoder) - 1

    def _read_out(
        self, states: Tensor, weights: Tensor | None, source_ids: Tensor
    ) -> OutputDistribution:
        """From states [B, T, D] and the last cross-attention [B, H, T, S] to the distribution."""
        logits = self.output(states)
        if self.copy is None or weights is None:
            return OutputDistribution(logits)
        gate = self.copy(states).squeeze(-1).sigmoid()
        return OutputDistribution(logits, gate, weights[:, COPY_HEAD], source_ids)

    def _initialize(self) -> None:
        """Small normal weights; residual outputs smaller with depth, as in GPT-2."""
        depth = 2 * len(self.encoder) + 3 * len(self.decoder)
        for name, parameter in self.named_parameters():
            if "positions" in name or parameter.dim() < 2:
                continue
            if name in ("embedding.weight", "output.weight"):
                nn.init.normal_(parameter, std=self.config.width**-0.5)
            elif name.endswith(("_output.weight", "contract.weight")):
                nn.init.normal_(parameter, std=0.04 / math.sqrt(depth / 2))
            else:
                nn.init.xavier_uniform_(parameter)


def sinusoids(length: int, width: int) -> Tensor:
    """The fixed table [length, width] of PEGASUS and Marian: sines in one half, cosines behind."""
    rates = 10000.0 ** (-2 * torch.arange(math.ceil(width / 2)) / width)
    angles = torch.arange(length).unsqueeze(1) * rates  # [length, width / 2]
    return torch.cat([angles.sin(), angles.cos()], dim=1)[:, :width].contiguous()


def _by_row(weights: Tensor) -> Tensor:
    """[N, H, K, S] to one row per beam, [B, H, S]."""
    return weights.transpose(1, 2).flatten(0, 1)


def _no_norm(_: int) -> nn.Module:
    return nn.Identity()
