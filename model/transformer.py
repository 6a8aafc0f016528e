"""The Transformer family (Vaswani et al. 2017): encoder-decoder, copy gate optional.

See `TransformerConfig` for what makes it a BART, PEGASUS, Marian or T5, `transformer_layers` for
what the layers do and `positions` for how it tells places apart. Decoding is incremental: keys and
values of the source are computed once, those of the target grow by one a step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from model.attention import causal_bias, padding_bias
from model.config import TransformerConfig
from model.layers.distribution import OutputDistribution
from model.layers.past import Past
from model.layers.positions import Embeddings, RelativePositions
from model.layers.transformer_layers import DecoderLayer, EncoderLayer, norm
from model.replay import Performer, Tensors, perform
from model.seq2seq import Memory, Readers, StepOutput

COPY_HEAD = 0  # the head of the last cross-attention that copies (Enarvi et al. 2020)


@dataclass(frozen=True)
class TransformerMemory(Memory):
    """Encoder states and the cross-attention's keys and values of every decoder layer."""

    bias: Tensor | None  # [B, 1, 1, S], -inf on padding; None without any
    keys: tuple[Tensor, ...]  # scaled columns [B, H, D / H, S] per decoder layer
    values: tuple[Tensor, ...]  # [B, H, S, D / H]


@dataclass(frozen=True)
class TransformerState:
    """The decoder between two tokens: what it has said, as keys and values."""

    memory: TransformerMemory
    readers: Readers
    past: Past
    distances: Tensor | None = None  # [1, H, 1, t], biases of the places so far and to come

    def select(self, rows: Tensor) -> TransformerState:
        """Rows [R] of the state, see `DecoderState`."""
        readers, memory = self.readers.select(rows, self.memory)
        return TransformerState(memory, readers, self.past.select(rows), self.distances)


class TransformerModel(nn.Module):
    """Encoder-decoder Transformer; meets `Seq2Seq`."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary_size, config.width)
        self.source_embedding = (
            None if config.share_embeddings else nn.Embedding(config.vocabulary_size, config.width)
        )
        self.source_embeddings = _embeddings(config, config.max_source_tokens)
        self.target_embeddings = _embeddings(config, config.max_target_tokens)
        self.source_distances = _distances(config, both_ways=True)
        self.target_distances = _distances(config, both_ways=False)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.encoder_norm = norm(config) if config.final_norm else nn.Identity()
        self.decoder_norm = norm(config) if config.final_norm else nn.Identity()
        self.copy = nn.Linear(config.width, 1) if config.copy_gate else None
        self.output = nn.Linear(config.width, config.vocabulary_size, bias=config.output_bias)
        if config.tie_embeddings:
            self.output.weight = self.embedding.weight
        self.performer: Performer = perform
        self._initialize()

    def encode(self, ids: Tensor, mask: Tensor) -> TransformerMemory:
        """Read sources; see `Seq2Seq`."""
        table = self.embedding if self.source_embedding is None else self.source_embedding
        states = self.source_embeddings(table(ids))
        bias = inner = padding_bias(mask, states.dtype)
        if self.source_distances is not None:
            distances = self.source_distances(ids.shape[1])  # [1, H, S, S]
            inner = distances if bias is None else distances + bias
        for layer in self.encoder:
            states = layer(states, inner)
        states = self.encoder_norm(states)
        pairs = [layer.remember(states) for layer in self._decoder_layers()]
        keys, values = tuple(key for key, _ in pairs), tuple(value for _, value in pairs)
        return TransformerMemory(states, mask, ids, bias, keys, values)

    def start(self, memory: TransformerMemory) -> TransformerState:
        """The state before the first token, one row per source."""
        config = self.config
        size = config.attention_width // config.heads
        past = Past.empty(
            len(memory.mask), config.decoder_layers, config.heads, size, like=memory.states
        )
        if self.target_distances is None:
            return TransformerState(memory, Readers(), past)
        distances = self.target_distances.by_distance(config.max_target_tokens)
        return TransformerState(memory, Readers(), past, distances)

    def step(
        self, previous_ids: Tensor, state: TransformerState, record: bool = True
    ) -> tuple[StepOutput, TransformerState]:
        """One token further; see `Seq2Seq`."""
        memory, past = state.memory, state.past.grown()
        places = self.target_embeddings.places(state.past.length, 1)
        bias = None if state.distances is None else _newest(state.distances, past.length)
        source = (memory.source_ids, memory.bias, *memory.keys, *memory.values)
        inputs: Tensors = (previous_ids, places, past.newest, past.shown, bias, *source)
        calculate = partial(self._calculate, state.readers, record)
        kind = (state.readers, record)
        outputs = self.performer(self, kind, calculate, inputs)
        return StepOutput(*outputs), TransformerState(memory, state.readers, past, state.distances)

    def _calculate(
        self,
        readers: Readers,
        record: bool,
        previous_ids: Tensor,
        places: Tensor | None,
        newest: Tensor,
        shown: Tensor,
        bias: Tensor | None,
        source_ids: Tensor,
        padding: Tensor | None,
        *keys_values: Tensor,
    ) -> Tensors:
        """The fields of a `StepOutput`; writes keys and values to `newest`, the last of `shown`."""
        states = self.target_embeddings.placed(self.embedding(previous_ids)[:, None], places)
        depth, recorded = len(self.decoder), []
        for number, layer in enumerate(self._decoder_layers()):
            query, pair = layer.project(states)  # [B, 2, H, 1, D / H]
            newest[:, number].copy_(pair[:, :, :, 0])
            keys, values = shown[:, number].unbind(1)
            states = layer.attend_self(states, query, (keys, values), bias)
            source = (keys_values[number], keys_values[depth + number], padding)
            folded, weights = layer.attend_source(readers.fold(states[:, 0]), source)
            states = layer.think(readers.unfold(folded)[:, None])
            recorded.append(weights)  # [N, H, K, S]
        folded = readers.fold(self.decoder_norm(states)[:, 0])
        distribution = self._read_out(folded, recorded[-1], source_ids)
        gate, log_probs = distribution.copy_gate, distribution.log_probs()
        totals = distribution.logits[..., 0].float() - log_probs[..., 0] if gate is None else None
        return (
            readers.unfold(log_probs),
            torch.stack([_by_row(weights) for weights in recorded], 1) if record else None,
            None if gate is None else readers.unfold(gate),
            readers.unfold(folded),
            None if totals is None else readers.unfold(totals),
        )

    def forward(self, ids: Tensor, mask: Tensor, target: Tensor) -> Tensor:
        """Log-probabilities [B, T, V] under teacher forcing; see `Seq2Seq`."""
        return self.distribution(ids, mask, target).log_probs()

    def distribution(self, ids: Tensor, mask: Tensor, target: Tensor) -> OutputDistribution:
        """The same before expansion; see `Seq2Seq`."""
        return self.forced(self.encode(ids, mask), target)

    def forced(self, memory: TransformerMemory, target: Tensor) -> OutputDistribution:
        """The same of sources read already: one pass over all places of `target` [B, T]."""
        start = torch.full_like(target[:, :1], self.config.decoder_start_id)
        inputs = torch.cat([start, target[:, :-1]], dim=1)
        states = self.target_embeddings(self.embedding(inputs))
        bias = causal_bias(target.shape[1], states)
        if self.target_distances is not None:
            bias = bias + self.target_distances(target.shape[1])
        readers = Readers.of(memory, target)
        for depth, layer in enumerate(self._decoder_layers()):
            query, pair = layer.project(states)
            states = layer.attend_self(states, query, (pair[:, 0], pair[:, 1]), bias)
            source = (memory.keys[depth], memory.values[depth], memory.bias)
            joined, weights = layer.attend_source(readers.join(states), source)
            states = layer.think(readers.part(joined))
        weights = readers.part(weights.transpose(1, 2)).transpose(1, 2)
        source_ids = memory.source_ids[readers.sources(memory)]
        distribution = self._read_out(self.decoder_norm(states), weights, source_ids)
        return replace(distribution, memory=memory.states)

    def _decoder_layers(self) -> list[DecoderLayer]:
        return cast(list[DecoderLayer], list(self.decoder))

    def _read_out(self, states: Tensor, weights: Tensor, source_ids: Tensor) -> OutputDistribution:
        """From states [B, T, D] and the last cross-attention [B, H, T, S] to the distribution."""
        logits = self.output(states)
        if self.copy is None:
            return OutputDistribution(logits)
        gate = self.copy(states).squeeze(-1).sigmoid()
        return OutputDistribution(logits, gate, weights[:, COPY_HEAD], source_ids)

    def _initialize(self) -> None:
        """Small normal weights; residual outputs smaller with depth, as in GPT-2."""
        depth = 2 * len(self.encoder) + 3 * len(self.decoder)
        for name, parameter in self.named_parameters():
            if "positions" in name or "distances" in name or parameter.dim() < 2:
                continue
            if name in ("embedding.weight", "source_embedding.weight", "output.weight"):
                nn.init.normal_(parameter, std=self.config.width**-0.5)
            elif name.endswith(("_output.weight", "contract.weight")):
                nn.init.normal_(parameter, std=0.04 / math.sqrt(depth / 2))
            else:
                nn.init.xavier_uniform_(parameter)


def _by_row(weights: Tensor) -> Tensor:
    """[N, H, K, S] to one row per beam, [B, H, S]."""
    return weights.transpose(1, 2).flatten(0, 1)


def _newest(distances: Tensor, length: int) -> Tensor:
    """From biases by distance [1, H, 1, 2 M - 1] to those of `length` keys for the last of them."""
    now = distances.shape[-1] // 2
    return distances[..., now + 1 - length : now + 1]


def _embeddings(config: TransformerConfig, length: int) -> Embeddings:
    return Embeddings(config, length, norm(config) if config.normalize_embeddings else None)


def _distances(config: TransformerConfig, both_ways: bool) -> RelativePositions | None:
    if config.positions != "relative":
        return None
    return RelativePositions(config, both_ways=both_ways)
