"""What the live rows of a run bring from one step to the next. Knows no family, no search.

A value, like the decoder's state in it: stepping and following return new ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model.options import DecodingOptions
from model.seq2seq import DecoderState, Memory, Seq2Seq, StepOutput
from model.strategies.proposing import Stepped, records_attention

# Attention spent on a source token counts as at least this; Wu et al. 2016 leave log(0) open.
COVERAGE_FLOOR = 1e-6


@dataclass(frozen=True)
class Frontier:
    """One row per live hypothesis."""

    state: DecoderState
    previous_ids: Tensor  # [B]
    ahead: Stepped | None = None  # the next step, where the proposer took it already
    coverage: Tensor | None = None  # [B, S], attention spent so far; for the coverage penalty
    history: Tensor | None = None  # [B, t, D], decoder states so far; for contrastive search

    @staticmethod
    def begin(model: Seq2Seq, memory: Memory, start_id: int, options: DecodingOptions) -> Frontier:
        """One row per source and beam group, before the first token."""
        state, mask = model.start(memory), memory.mask
        rows = torch.arange(len(mask), device=mask.device)
        if options.num_beam_groups > 1:
            rows = rows.repeat_interleave(options.num_beam_groups)
            state = state.select(rows)
        coverage = None
        if options.coverage_penalty > 0:
            shape = (len(rows), mask.shape[1])
            coverage = torch.zeros(shape, dtype=torch.float64, device=mask.device)
        return Frontier(state, torch.full_like(rows, start_id), coverage=coverage)

    def step(self, model: Seq2Seq, options: DecodingOptions) -> tuple[StepOutput, Frontier]:
        """What the model says next, unless that is known already; sums up what accumulates."""
        stepped = self.ahead or Stepped(
            *model.step(self.previous_ids, self.state, record=records_attention(options))
        )
        output, coverage, history = stepped.output, self.coverage, self.history
        if coverage is not None:
            if output.cross_attention is None:
                raise ValueError("coverage_penalty needs a model whose steps give cross-attention")
            coverage = coverage + output.cross_attention.mean(dim=(1, 2))  # [B, S]
        if options.penalty_alpha is not None and output.hidden is not None:
            newest = output.hidden.unsqueeze(1)
            history = newest if history is None else torch.cat([history, newest], dim=1)
        return output, Frontier(stepped.state, self.previous_ids, None, coverage, history)

    def coverage_penalty(self, mask: Tensor, sources: Sequence[int], beta: float) -> list[float]:
        """beta * sum over source tokens of log(min(attention spent, 1)), per row.

        `mask` [N, S] has the real tokens of all sources, `sources` [B] those that the rows read.
        """
        if self.coverage is None:
            return [0.0] * len(sources)
        padding = ~mask[torch.tensor(sources, device=mask.device)]
        covered = self.coverage.clamp(COVERAGE_FLOOR, 1.0).log().masked_fill(padding, 0.0)
        penalties: list[float] = (beta * covered.sum(dim=1)).tolist()
        return penalties

    def follow(self, rows: Sequence[int], tokens: Sequence[int], ahead: Stepped | None) -> Frontier:
        """Continue rows [R] with tokens [R]; `ahead` is the step after them, row by row of old."""
        device = self.previous_ids.device
        previous = torch.tensor(tokens, device=device)
        if list(rows) == list(range(len(self.previous_ids))):  # spares a copy of the cache
            return dataclasses.replace(self, previous_ids=previous, ahead=ahead)
        index = torch.tensor(rows, device=device)
        ahead = None if ahead is None else ahead.select(index)
        return Frontier(
            # A step taken ahead carries its own state: the one before it is done with.
            self.state.select(index) if ahead is None else ahead.state,
            previous,
            ahead,
            None if self.coverage is None else self.coverage.index_select(0, index),
            None if self.history is None else self.history.index_select(0, index),
        )
