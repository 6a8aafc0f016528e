"""The recurrent family: LSTM or GRU encoder-decoder with attention, copy gate and coverage.

Sutskever et al. 2014, Bahdanau et al. 2015, Luong et al. 2015, See et al. 2017. To the rest of
the house it is a model with one decoder layer and one head.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from model.attention import BahdanauAttention, LuongAttention, attend
from model.config import RNNConfig
from model.layers.bidirectional import BidirectionalEncoder
from model.layers.distribution import OutputDistribution
from model.replay import Performer, Tensors, perform
from model.seq2seq import Memory, Readers, StepOutput
from model.weights.prepacked import layout


@dataclass(frozen=True)
class RNNMemory(Memory):
    """States of both directions, and what the decoder needs of them for every token."""

    keys: Tensor  # [B, S, Q], the attention's view of the states
    initial: tuple[Tensor, ...]  # first decoder state, [B, Q] per layer


@dataclass(frozen=True)
class RNNState:
    """The decoder between two tokens."""

    memory: RNNMemory
    readers: Readers
    hidden: tuple[Tensor, ...]  # [B, Q] per layer
    cells: tuple[Tensor, ...]  # [B, Q] per layer; LSTM only, else empty
    attentional: Tensor  # [B, E], fed into the next step with input feeding
    coverage: Tensor  # [B, S], attention spent so far

    def select(self, rows: Tensor) -> RNNState:
        """Rows [R] of the state, see `DecoderState`."""
        readers, memory = self.readers.select(rows, self.memory)
        return RNNState(
            memory,
            readers,
            tuple(part.index_select(0, rows) for part in self.hidden),
            tuple(part.index_select(0, rows) for part in self.cells),
            self.attentional.index_select(0, rows),
            self.coverage.index_select(0, rows),
        )


@dataclass(frozen=True)
class _Reading:
    """What one decoder step produced, before the vocabulary is looked at."""

    attentional: Tensor  # [B, E]
    weights: Tensor  # [B, S]
    copy_logit: Tensor | None  # [B]


class RNNModel(nn.Module):
    """Encoder-decoder with recurrent layers; meets `Seq2Seq`."""

    def __init__(self, config: RNNConfig) -> None:
        super().__init__()
        self.config = config
        size, embedding = config.hidden_size, config.embedding_size
        cell = nn.LSTMCell if config.cell == "lstm" else nn.GRUCell
        attention = BahdanauAttention if config.attention == "bahdanau" else LuongAttention
        self.embedding = nn.Embedding(config.vocabulary_size, embedding)
        nn.init.normal_(self.embedding.weight, std=embedding**-0.5)
        self.encoder = BidirectionalEncoder(config)
        self.bridge = nn.Linear(2 * size, config.decoder_layers * size)
        self.attention = attention(size, 2 * size, config.coverage)
        inputs = embedding + self._fed_size()
        self.cells = nn.ModuleList(
            cell(inputs if depth == 0 else size, size) for depth in range(config.decoder_layers)
        )
        self.readout = nn.Linear(3 * size, embedding)
        self.copy = nn.Linear(3 * size + embedding, 1) if config.copy_gate else None
        self.output = nn.Linear(embedding, config.vocabulary_size)
        if config.tie_embeddings:
            self.output.weight = self.embedding.weight
        self.dropout = nn.Dropout(config.dropout)
        self.performer: Performer = perform

    def encode(self, ids: Tensor, mask: Tensor) -> RNNMemory:
        """Read sources; see `Seq2Seq`. `mask` must be padded on the right."""
        states, ends = self.encoder(self.embedding(ids), mask)
        initial = self.bridge(ends).tanh().chunk(self.config.decoder_layers, dim=-1)
        return RNNMemory(states, mask, ids, self.attention.keys(states), tuple(initial))

    def start(self, memory: RNNMemory) -> RNNState:
        """The state before the first token, one row per source."""
        states = memory.states
        is_lstm = self.config.cell == "lstm"
        cells = tuple(part.new_zeros(part.shape) for part in memory.initial) if is_lstm else ()
        attentional = states.new_zeros(len(states), self.config.embedding_size)
        coverage = states.new_zeros(states.shape[:2])
        return RNNState(memory, Readers(), memory.initial, cells, attentional, coverage)

    def step(
        self, previous_ids: Tensor, state: RNNState, record: bool = True
    ) -> tuple[StepOutput, RNNState]:
        """One token further; see `Seq2Seq`. Attention is a by-product here, so always returned."""
        memory, layers = state.memory, len(state.hidden)
        source = (memory.states, memory.mask, memory.source_ids, memory.keys)
        recurrent = (state.attentional, state.coverage, *state.hidden, *state.cells)
        inputs = (previous_ids, *source, *recurrent)
        calculate = partial(self._calculate, state.readers)
        kind = (state.readers, layout(state.coverage.numel()))  # a map of attention has such rows
        outputs = self.performer(self, kind, calculate, inputs)
        log_probs, weights, gate, attentional, coverage, *both = outputs
        hidden, cells = tuple(both[:layers]), tuple(both[layers:])
        state = RNNState(memory, state.readers, hidden, cells, attentional, coverage)
        return StepOutput(log_probs, weights[:, None, None, :], gate, attentional), state

    def _calculate(self, readers: Readers, previous_ids: Tensor, *tensors: Tensor) -> Tensors:
        """Log-probs, attention and gate of a step, then what of the state is new."""
        states, mask, source_ids, keys, attentional, coverage, *recurrent = tensors
        layers = self.config.decoder_layers
        memory = RNNMemory(states, mask, source_ids, keys, ())
        past = tuple(recurrent[:layers]), tuple(recurrent[layers:])
        state = RNNState(memory, readers, *past, attentional, coverage)
        reading, state = self._advance(self.embedding(previous_ids), state)
        gate = None if reading.copy_logit is None else reading.copy_logit.sigmoid()
        distribution = OutputDistribution(
            readers.fold(self.output(reading.attentional)),
            None if gate is None else readers.fold(gate),
            readers.fold(reading.weights),
            source_ids,
        )
        changed = (state.attentional, state.coverage, *state.hidden, *state.cells)
        return (readers.unfold(distribution.log_probs()), reading.weights, gate, *changed)

    def forward(self, ids: Tensor, mask: Tensor, target: Tensor) -> Tensor:
        """Log-probabilities [B, T, V] under teacher forcing; see `Seq2Seq`."""
        return self.distribution(ids, mask, target).log_probs()

    def distribution(self, ids: Tensor, mask: Tensor, target: Tensor) -> OutputDistribution:
        """The same before expansion; see `Seq2Seq`."""
        return self.forced(self.encode(ids, mask), target)

    def forced(self, memory: RNNMemory, target: Tensor) -> OutputDistribution:
        """The same of sources read already; the vocabulary is projected once for all places."""
        sources = Readers.of(memory, target).sources(memory)
        state = self.start(memory).select(sources)
        start = torch.full_like(target[:, :1], self.config.decoder_start_id)
        embedded = self.dropout(self.embedding(torch.cat([start, target[:, :-1]], dim=1)))
        reading = self._read_all(embedded, state)
        logits = self.output(self.dropout(reading.attentional))
        gate = None if reading.copy_logit is None else reading.copy_logit.sigmoid()
        ids = memory.source_ids[sources]
        return OutputDistribution(logits, gate, reading.weights, ids, memory.states)

    def _read_all(self, embedded: Tensor, state: RNNState) -> _Reading:
        """All places of embeddings [B, T, E] at once; the reading's tensors gain an axis T."""
        if self._looks_back():
            readings = []
            for place in embedded.unbind(dim=1):
                reading, state = self._advance(place, state)
                readings.append(reading)
            copies = [r.copy_logit for r in readings if r.copy_logit is not None]
            return _Reading(
                torch.stack([reading.attentional for reading in readings], dim=1),
                torch.stack([reading.weights for reading in readings], dim=1),
                torch.stack(copies, dim=1) if copies else None,
            )
        tops = []  # nothing that was looked at enters the recurrence: attend once, for all places
        for place in embedded.unbind(dim=1):
            hidden, cells = self._recur(place, state)
            state = replace(state, hidden=hidden, cells=cells)
            tops.append(hidden[-1])
        memory, readers, top = state.memory, state.readers, torch.stack(tops, dim=1)
        scores = self.attention.scores(readers.join(top), memory.keys, None)
        context, weights = attend(scores, memory.states, memory.mask)
        return self._combine(top, readers.part(context), readers.part(weights), embedded)

    def _looks_back(self) -> bool:
        """Whether a step needs the attention of the one before it."""
        config = self.config
        return config.attention == "bahdanau" or config.input_feeding or config.coverage

    def _advance(self, embedded: Tensor, state: RNNState) -> tuple[_Reading, RNNState]:
        """One recurrent step from embeddings [B, E], without the vocabulary projection."""
        is_bahdanau = self.config.attention == "bahdanau"
        if is_bahdanau:  # looks first, with the state that is; Luong looks afterwards
            context, weights = self._attend(state.hidden[-1], state)
            inputs = torch.cat([embedded, context], dim=-1)
        elif self.config.input_feeding:
            inputs = torch.cat([embedded, state.attentional], dim=-1)
        else:
            inputs = embedded
        hidden, cells = self._recur(inputs, state)
        if not is_bahdanau:
            context, weights = self._attend(hidden[-1], state)
        reading = self._combine(hidden[-1], context, weights, embedded)
        new = RNNState(
            state.memory, state.readers, hidden, cells,
            reading.attentional, state.coverage + weights,
        )  # fmt: skip
        return reading, new

    def _combine(
        self, hidden: Tensor, context: Tensor, weights: Tensor, embedded: Tensor
    ) -> _Reading:
        """State [.., Q], context [.., 2Q] and embedding [.., E] to the attentional vector."""
        features = torch.cat([hidden, context], dim=-1)
        attentional = self.readout(features).tanh()
        logit = None
        if self.copy is not None:
            logit = self.copy(torch.cat([features, embedded], dim=-1)).squeeze(-1)
        return _Reading(attentional, weights, logit)

    def _attend(self, query: Tensor, state: RNNState) -> tuple[Tensor, Tensor]:
        """Context [B, 2Q] and weights [B, S] for one query a row."""
        memory, readers = state.memory, state.readers
        coverage = readers.fold(state.coverage) if self.config.coverage else None
        scores = self.attention.scores(readers.fold(query), memory.keys, coverage)
        context, weights = attend(scores, memory.states, memory.mask)
        return readers.unfold(context), readers.unfold(weights)

    def _recur(
        self, inputs: Tensor, state: RNNState
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """New hidden (and cell) states, [B, Q] per layer."""
        hidden, cells = [], []
        for depth, cell in enumerate(self.cells):
            if state.cells:
                top, memory_cell = cell(inputs, (state.hidden[depth], state.cells[depth]))
                cells.append(memory_cell)
            else:
                top = cell(inputs, state.hidden[depth])
            hidden.append(top)
            inputs = functional.dropout(top, self.config.dropout, self.training)
        return tuple(hidden), tuple(cells)

    def _fed_size(self) -> int:
        """How much besides the embedding enters the first decoder layer."""
        if self.config.attention == "bahdanau":
            return 2 * self.config.hidden_size
        return self.config.embedding_size if self.config.input_feeding else 0
