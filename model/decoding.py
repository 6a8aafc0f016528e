"""The loop: step the model, filter, propose, choose, record, follow. Knows no family and no text.

Streaming is the primitive: `decode` yields after every token, and closing the generator stops it.
Sources of a batch are searched independently; one that is done leaves the batch. Nothing is kept
on the model.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from model.config import SpecialTokens
from model.filters import Filter, Rows, apply_filters
from model.options import LIMITS, DecodingOptions
from model.records.recorder import Recorder
from model.search import Choice, Proposals, advance
from model.seq2seq import Memory, Seq2Seq, StepOutput
from model.strategies.beams import Candidate, Search
from model.strategies.frontier import Frontier
from model.strategies.manners import OWN, Manners
from model.strategies.proposing import Given, Offer, Proposer, Situation, proposer
from model.strategies.rules import rules
from model.strategies.sampling import sampling_filters
from model.trace import Step

__all__ = ["Candidate", "Update", "decode", "force"]


@dataclass(frozen=True)
class Update:
    """What one step over a batch of N sources brought."""

    # Per source; None where it was done before, and throughout when record_top_k is 0.
    steps: tuple[Step | None, ...]
    best: tuple[tuple[int, ...], ...]  # per source, tokens of the best hypothesis so far
    hypotheses: tuple[tuple[Candidate, ...], ...] | None = None  # best first; last update only


@torch.inference_mode()
def decode(
    model: Seq2Seq,
    memory: Memory,
    special: SpecialTokens,
    options: DecodingOptions,
    *,
    bad_words_ids: Sequence[Sequence[int]] = (),
    forced_prefix_ids: Sequence[int] = (),
    manners: Manners = OWN,
    text_rules: Sequence[Filter] = (),
    line_breaks: frozenset[int] = frozenset(),
    over: Callable[[], bool] | None = None,
) -> Iterator[Update]:
    """Write a summary of every source in `memory`, one update per token.

    A prefix takes the place of the first tokens that the model's `manners` ask for. `text_rules`
    are rules that know what tokens say, as the loop doesn't; across `line_breaks`, which are
    tokens, n-grams may come again.
    `over` is asked after every step; once it says yes, the run ends with what it has, unfinished.

    The children of a `Step` are first the rows of the next step, in order, then the hypotheses
    that ended at this step; `Candidate.rows[j]` is a child of step j. Children of a search that
    stops early are left out: nothing continues them.
    """
    if len(forced_prefix_ids) > options.max_new_tokens:
        raise ValueError(
            f"forced_prefix has {len(forced_prefix_ids)} tokens, "
            f"more than max_new_tokens ({options.max_new_tokens})"
        )
    sources = [ids[real].tolist() for ids, real in zip(memory.source_ids, memory.mask, strict=True)]
    filters = rules(
        options,
        special,
        sources,
        bad_words_ids,
        forced_prefix_ids,
        manners,
        text_rules,
        line_breaks,
    )
    if options.do_sample:
        filters += sampling_filters(options)
    proposes = proposer(options, model, len(sources))
    run = _Run(model, memory, special, options, filters, proposes, over, manners.whole_first)
    yield from run.updates([options] * len(sources))


@torch.inference_mode()
def force(
    model: Seq2Seq,
    memory: Memory,
    special: SpecialTokens,
    targets: Sequence[Sequence[int]],
    options: DecodingOptions,
) -> Iterator[Update]:
    """The record of given targets, one per source: what the model thinks of each token.

    No rule applies; of the options only `record_top_k` and what enters the score count. A target
    ends at its first end token, or where it stops without one.
    """
    limit = int(LIMITS["max_new_tokens"].high)
    for target in targets:
        if not 1 <= len(target) <= limit:
            raise ValueError(f"a target must have 1 to {limit} tokens, got {len(target)}")
    if len(targets) != len(memory.mask):
        raise ValueError(f"{len(memory.mask)} sources need as many targets, got {len(targets)}")
    plain = DecodingOptions(
        num_beams=1,
        length_penalty=options.length_penalty,
        coverage_penalty=options.coverage_penalty,
        record_top_k=options.record_top_k,
    )
    run = _Run(model, memory, special, plain, (), Given(targets))
    yield from run.updates([dataclasses.replace(plain, max_new_tokens=len(t)) for t in targets])


@dataclass(frozen=True)
class _Run:
    """One call of `decode` or `force`."""

    model: Seq2Seq
    memory: Memory
    special: SpecialTokens
    options: DecodingOptions
    filters: tuple[Filter, ...]
    proposer: Proposer
    over: Callable[[], bool] | None = None
    whole_first: bool = False

    def updates(self, limits: Sequence[DecodingOptions]) -> Iterator[Update]:
        """Run to the end; `limits` are the options of every source's own search."""
        options, mask = self.options, self.memory.mask
        recorder = Recorder(options.record_top_k, options.num_beams, mask.sum(dim=1).tolist())
        searches = [Search.begin(options, self.whole_first) for _ in limits]
        start_id = self.special.decoder_start_id
        frontier = Frontier.begin(self.model, self.memory, start_id, options)
        while active := [source for source, search in enumerate(searches) if search.live]:
            counts = [len(searches[source].live) for source in active]
            output, frontier = frontier.step(self.model, options)
            rows = _rows(searches, active, output)
            filtered = apply_filters(
                self.filters, output.log_probs, rows, normalise=options.do_sample
            )
            written = [len(prefix) for prefix in rows.prefixes]
            situation = Situation(rows.sources, written, frontier.state, frontier.history)
            offer = self.proposer(filtered.log_probs, situation)
            coverage = frontier.coverage_penalty(mask, rows.sources, options.coverage_penalty)
            choices: dict[int, Choice] = {}
            for source, proposals in zip(active, _split(offer, coverage, counts), strict=True):
                searches[source], choices[source] = advance(
                    searches[source], proposals, limits[source], self.special.eos_id
                )
            steps: dict[int, Step] = {}
            if options.record_top_k > 0:
                steps = recorder.steps(output, filtered, offer, choices, counts)
            if self.over is not None and self.over():
                searches = [search.cut() for search in searches]
            over = not any(search.live for search in searches)
            yield Update(
                tuple(steps.get(source) for source in range(len(searches))),
                tuple(search.best() for search in searches),
                tuple(search.hypotheses() for search in searches) if over else None,
            )
            if not over:
                kept, tokens = _living(list(choices.values()), counts)
                frontier = frontier.follow(kept, tokens, offer.ahead)


def _living(choices: Sequence[Choice], counts: Sequence[int]) -> tuple[list[int], list[int]]:
    """Rows of the batch that live on, once per child, and the children's tokens."""
    rows: list[int] = []
    tokens: list[int] = []
    first = 0
    for choice, count in zip(choices, counts, strict=True):
        rows += [first + parent for parent in choice.parents[: choice.live]]
        tokens += choice.token_ids[: choice.live]
        first += count
    return rows, tokens


def _rows(searches: Sequence[Search], active: Sequence[int], output: StepOutput) -> Rows:
    """The rows of the batch: the live hypotheses of every active source."""
    pairs = [(source, partial) for source in active for partial in searches[source].live]
    prefixes = [partial.token_ids for _, partial in pairs]
    return Rows(prefixes, [source for source, _ in pairs], output.log_totals)


def _split(offer: Offer, coverage: Sequence[float], counts: Sequence[int]) -> Iterator[Proposals]:
    """Cut an offer for the batch into one per source, which have so many rows each."""
    tokens, log_probs = offer.token_ids.cpu().numpy(), offer.log_probs.cpu().numpy()
    start = 0
    for count in counts:
        rows = slice(start, start + count)
        yield Proposals(tokens[rows], log_probs[rows], coverage[rows])
        start += count
