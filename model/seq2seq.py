"""The protocol that every model family meets. Search and decoding know only this file.

Letters for shapes, project-wide: B batch (or beam rows), S source, T target, D width, H heads,
L decoder layers, V vocabulary.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor

from model.layers.distribution import OutputDistribution
from model.replay import Performer

SomeMemory = TypeVar("SomeMemory", bound="Memory")


@dataclass(frozen=True)
class Memory:
    """What the encoder made of a batch of sources; families extend it. Never written to again."""

    states: Tensor  # [B, S, D]
    mask: Tensor  # bool [B, S], True on real tokens
    source_ids: Tensor  # [B, S]

    def select(self: SomeMemory, rows: Tensor) -> SomeMemory:
        """The sources `rows` [R] of this memory, in that order."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return type(self)(**{name: _select(value, rows) for name, value in fields.items()})


@dataclass(frozen=True)
class Readers:
    """Which source every decoder row reads, so that the beams of a source share its memory.

    Rows are always kept as N consecutive groups of `per_source`; attention folds a group into
    the target axis of one matrix product instead of copying the memory per beam.
    """

    per_source: int = 1

    @classmethod
    def of(cls, memory: Memory, rows: Tensor) -> Readers:
        """Of `rows` [B, ...], as many in turn for every source of `memory`."""
        return cls(len(rows) // len(memory.mask))

    def sources(self, memory: Memory) -> Tensor:
        """The source [B] that every row reads."""
        places = torch.arange(len(memory.mask), device=memory.mask.device)
        return places.repeat_interleave(self.per_source)

    def fold(self, rows: Tensor) -> Tensor:
        """Rows [B, ...] as [N, K, ...]."""
        return rows.unflatten(0, (-1, self.per_source))

    def unfold(self, groups: Tensor) -> Tensor:
        """Groups [N, K, ...] as rows [B, ...]."""
        return groups.flatten(0, 1)

    def join(self, targets: Tensor) -> Tensor:
        """Rows of whole targets [B, T, ...] as [N, K T, ...]: one after another, for a source."""
        return self.fold(targets).flatten(1, 2)

    def part(self, joined: Tensor) -> Tensor:
        """Joined targets [N, K T, ...] as rows [B, T, ...] again."""
        return self.unfold(joined.unflatten(1, (self.per_source, -1)))

    def select(self, rows: Tensor, memory: SomeMemory) -> tuple[Readers, SomeMemory]:
        """Follow a selection of rows [R]; the memory is copied only where groups change."""
        sources = rows // self.per_source
        kept, counts = sources.unique_consecutive(return_counts=True)
        size = int(counts[0])
        if len(kept) * size != len(rows) or bool((counts != size).any()):
            return Readers(1), memory.select(sources)
        if len(kept) == len(memory.mask) and bool(
            (kept == torch.arange(len(kept), device=kept.device)).all()
        ):
            return Readers(size), memory
        return Readers(size), memory.select(kept)


@dataclass(frozen=True)
class StepOutput:
    """What one decoding step says about the next token of every row."""

    log_probs: Tensor  # [B, V], float32, each row sums to 1 after exp
    cross_attention: Tensor | None = None  # [B, L, H, S], rows sum to 1; None when not recorded
    copy_gate: Tensor | None = None  # [B], probability of copying; None without a copy gate
    hidden: Tensor | None = None  # [B, D], the decoder's last state, for contrastive search
    log_totals: Tensor | None = None  # [B], logits minus log-probs; None where copies are mixed in


State = TypeVar("State", bound="DecoderState")


@runtime_checkable
class DecoderState(Protocol):
    """A value: every step returns a new one, and an old one can be stepped again."""

    def select(self: State, rows: Tensor) -> State:
        """Rows [R] of this state, in that order: tiling, reordering and dropping are all this."""
        ...


@runtime_checkable
class Seq2Seq(Protocol):
    """An encoder-decoder. Nothing of a request lives on it, so one model serves many users."""

    performer: Performer  # of its steps' operations; a `Replay` where the model is only read

    def encode(self, ids: Tensor, mask: Tensor) -> Memory:
        """Read sources `ids` [B, S] where `mask` [B, S] is True."""
        ...

    def start(self, memory: Memory) -> DecoderState:
        """The state before the first target token, one row per source."""
        ...

    def step(
        self, previous_ids: Tensor, state: DecoderState, record: bool = True
    ) -> tuple[StepOutput, DecoderState]:
        """One token further: `previous_ids` [B] (first `decoder_start_id`) to log-probs [B, V].

        `record=False` lets a family leave out the attention weights.
        """
        ...

    def forward(self, ids: Tensor, mask: Tensor, target: Tensor) -> Tensor:
        """Log-probabilities [B, T, V] of every token at every place of `target` [B, T].

        Place t has seen `target[:, :t]`; the family shifts the target right itself.
        """
        ...

    def distribution(self, ids: Tensor, mask: Tensor, target: Tensor) -> OutputDistribution:
        """The same as `forward`, unexpanded: what the training loss needs."""
        ...

    def forced(self, memory: Any, target: Tensor) -> OutputDistribution:
        """The same of sources that are encoded already, as many targets in turn for each."""
        ...


def _select(value: Any, rows: Tensor) -> Any:
    if value is None:
        return None
    if isinstance(value, Tensor):
        return value.index_select(0, rows)
    return tuple(_select(part, rows) for part in value)
