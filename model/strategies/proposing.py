"""What every row may continue with: the one place where strategies differ. Knows no family.

A proposer reads filtered log-probabilities and offers candidates; `search.advance` chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from model.options import DecodingOptions
from model.seq2seq import DecoderState, Seq2Seq, StepOutput
from model.strategies.sampling import draw


@dataclass(frozen=True)
class Stepped:
    """One decoding step of the model: what it said, and the state behind it."""

    output: StepOutput
    state: DecoderState

    def select(self, rows: Tensor) -> Stepped:
        """Rows [R] of both."""

        def part(values: Tensor | None) -> Tensor | None:
            return None if values is None else values.index_select(0, rows)

        output = self.output
        chosen = StepOutput(
            output.log_probs.index_select(0, rows),
            part(output.cross_attention),
            part(output.copy_gate),
            part(output.hidden),
            part(output.log_totals),
        )
        return Stepped(chosen, self.state.select(rows))


@dataclass(frozen=True)
class Offer:
    """Candidates for every row."""

    token_ids: Tensor  # [B, C]
    log_probs: Tensor  # [B, C], -inf where nothing is allowed
    ahead: Stepped | None = None  # the step after the offered token, where it is known already


@dataclass(frozen=True)
class Situation:
    """What a proposer may look at besides the log-probabilities."""

    sources: Sequence[int]  # which source every row belongs to
    lengths: Sequence[int]  # tokens that every row has written
    state: DecoderState
    history: Tensor | None  # [B, t, D], decoder states so far; contrastive search only


class Proposer(Protocol):
    """Offers candidates for the next token."""

    def __call__(self, log_probs: Tensor, situation: Situation) -> Offer:
        """Candidates from filtered log-probabilities [B, V]."""
        ...


@dataclass(frozen=True)
class MostProbable:
    """The best `count` tokens of every row."""

    count: int

    def __call__(self, log_probs: Tensor, situation: Situation) -> Offer:
        best = log_probs.topk(min(self.count, log_probs.shape[-1]), dim=-1)
        return Offer(best.indices, best.values)


@dataclass(frozen=True)
class Drawn:
    """One token drawn from the distribution; a source draws the same in every batch."""

    generators: Sequence[torch.Generator]  # one per source

    def __call__(self, log_probs: Tensor, situation: Situation) -> Offer:
        tokens = draw(log_probs, [self.generators[source] for source in situation.sources])
        return _one_each(tokens, log_probs)


@dataclass(frozen=True)
class Given:
    """The next token of a known target."""

    targets: Sequence[Sequence[int]]  # one per source

    def __call__(self, log_probs: Tensor, situation: Situation) -> Offer:
        places = zip(situation.sources, situation.lengths, strict=True)
        tokens = [self.targets[source][length] for source, length in places]
        return _one_each(torch.tensor(tokens, device=log_probs.device), log_probs)


@dataclass(frozen=True)
class Contrastive:
    """The probable token least like what was said (Su et al. 2022).

    Of the `count` most probable tokens v, the one with the best
    (1 - alpha) * p(v) - alpha * max_j cos(h_v, h_j), where h_v is the decoder's state after v and
    the h_j are those before. At `max_new_tokens` nothing follows and the most probable is taken.
    """

    model: Seq2Seq
    alpha: float
    count: int
    options: DecodingOptions

    def __call__(self, log_probs: Tensor, situation: Situation) -> Offer:
        best = log_probs.topk(min(self.count, log_probs.shape[-1]), dim=-1)  # [B, C]
        if situation.lengths[0] + 1 == self.options.max_new_tokens:
            return Offer(best.indices[:, :1], best.values[:, :1])
        count = best.indices.shape[1]
        rows = torch.arange(len(log_probs), device=log_probs.device)
        looked = Stepped(
            *self.model.step(
                best.indices.flatten(),
                situation.state.select(rows.repeat_interleave(count)),
                record=records_attention(self.options),
            )
        )
        probs = best.values.exp() / log_probs.exp().sum(dim=-1, keepdim=True).clamp_min(1e-30)
        likeness = self._likeness(looked.output.hidden, situation.history, count)
        scores = (1 - self.alpha) * probs - self.alpha * likeness
        column = scores.masked_fill(best.values.isinf(), float("-inf")).argmax(dim=-1)
        chosen = column.unsqueeze(1)
        return Offer(
            best.indices.gather(1, chosen),
            best.values.gather(1, chosen),
            looked.select(rows * count + column),
        )

    @staticmethod
    def _likeness(hidden: Tensor | None, history: Tensor | None, count: int) -> Tensor:
        """The largest cosine [B, C] of each candidate's state with one of the history."""
        if hidden is None or history is None:
            raise ValueError("penalty_alpha needs a model whose steps give hidden states")
        candidates = functional.normalize(hidden.unflatten(0, (-1, count)), dim=-1)  # [B, C, D]
        return (candidates @ functional.normalize(history, dim=-1).mT).amax(dim=-1)


def records_attention(options: DecodingOptions) -> bool:
    """Whether steps must give attention weights."""
    return options.record_top_k > 0 or options.coverage_penalty > 0


def candidate_depth(top_k: int, num_beams: int) -> int:
    """How many of a row's best tokens are looked up: enough for every choice and the record.

    2K children of a group and as many more as other groups can penalise are at most 2K; the
    record fills rows up behind `top_k` with at most as many.
    """
    return top_k + 2 * num_beams


def proposer(options: DecodingOptions, model: Seq2Seq, sources: int) -> Proposer:
    """The proposer of the options' strategy, for one run over so many sources."""
    if options.do_sample:
        generators = [torch.Generator().manual_seed(options.seed) for _ in range(sources)]
        return Drawn(generators)
    if options.penalty_alpha is not None:
        return Contrastive(model, options.penalty_alpha, options.top_k, options)
    return MostProbable(candidate_depth(options.record_top_k, options.num_beams))


def _one_each(tokens: Tensor, log_probs: Tensor) -> Offer:
    column = tokens.unsqueeze(1)
    return Offer(column, log_probs.gather(1, column))
