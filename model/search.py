"""Which hypotheses live on. Works on proposed tokens; never sees a model, tensors or text.

One `Search` per source, and a value: `advance` returns a new one. Every strategy is this search
with other proposals. Greedy, sampling and contrastive search propose for one row; beam search
proposes for K rows, in one group or in several (Vijayakumar et al. 2016).

A hypothesis ends with the end token, at `max_new_tokens`, or where the rules forbid every token.
Endings follow `transformers` token by token: of the 2K best children of a step the K best may
end; ended ones are ranked by `score`, and the K best are kept. The search then stops
- `early_stopping=True`: as soon as K have ended;
- `False`: when K have ended and the best live one, scored as if it ended now, is no better than
  the worst of them;
- `"never"`: the same with the best score it could still reach: at `max_new_tokens` when
  length_penalty > 0, and with every source token covered.
With one beam there is nothing to rank: the first end is the end.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.options import DecodingOptions
from model.strategies.beams import Candidate, Group, Partial, Search, best_first
from model.strategies.ranking import length_score


@dataclass(frozen=True)
class Proposals:
    """What the rows of one source may continue with."""

    token_ids: np.ndarray  # int [K, C]
    log_probs: np.ndarray  # float [K, C], after rules; -inf where nothing is allowed
    coverage: Sequence[float]  # [K], coverage penalty of the row's children, at most 0


@dataclass(frozen=True)
class Choice:
    """The children of one step: first the `live` rows of the next step, then those that ended."""

    parents: tuple[int, ...]  # row before the step, within the source
    token_ids: tuple[int, ...]
    scores: tuple[float, ...]  # sum of log-probs
    live: int
    penalties: tuple[Mapping[int, float], ...]  # per row: what diversity took off which token


@dataclass(frozen=True)
class _Child:
    """A partial hypothesis and one token more."""

    parent: Partial
    parent_row: int
    token_id: int
    log_prob: float
    score: float
    finished: bool

    def live(self, row: int) -> Partial:
        """The child as row `row` of the next step."""
        parent = self.parent
        return Partial(
            (*parent.token_ids, self.token_id), (*parent.rows, row), self.log_prob, self.score
        )

    def ended(self, row: int) -> Candidate:
        """The child as a hypothesis, number `row` among the children of its step."""
        partial = self.live(row)
        return Candidate(partial.token_ids, partial.rows, self.log_prob, self.score, self.finished)


@dataclass(frozen=True)
class _Expansion:
    """What a step makes of one group."""

    live: tuple[_Child, ...] = ()
    ended: tuple[_Child, ...] = ()
    blocked: tuple[Candidate, ...] = ()
    used: tuple[int, ...] = ()  # tokens, not the end, that later groups are kept away from
    penalties: tuple[Mapping[int, float], ...] = ()  # one per row


def advance(
    search: Search, proposals: Proposals, options: DecodingOptions, eos_id: int
) -> tuple[Search, Choice]:
    """Choose the children of one step; rows are those of `search.live`."""
    expansions: list[_Expansion] = []
    chosen: Counter[int] = Counter()  # tokens that earlier groups continue with at this step
    first = 0
    for group in search.groups:
        penalties = {token: options.diversity_penalty * uses for token, uses in chosen.items()}
        expansion = _expand(group, first, proposals, penalties, options, eos_id)
        chosen.update(expansion.used)
        expansions.append(expansion)
        first += len(group.live)
    return _settle(search, expansions)


def final_score(log_prob: float, length: int, coverage: float, options: DecodingOptions) -> float:
    """log_prob / length^length_penalty + coverage; the length counts the end token."""
    return length_score(log_prob, length, options.length_penalty) + coverage


def _expand(
    group: Group,
    first: int,
    proposals: Proposals,
    penalties: Mapping[int, float],
    options: DecodingOptions,
    eos_id: int,
) -> _Expansion:
    """The children of one group, whose rows start at `first`."""
    if not group.live:
        return _Expansion()
    rows = slice(first, first + len(group.live))
    tokens, log_probs = proposals.token_ids[rows], proposals.log_probs[rows].astype(np.float64)
    # Where rules leave a row one token, as in a forced prefix, there is nothing to keep apart.
    has_choice = np.isfinite(log_probs).sum(axis=1) > 1
    for token, penalty in penalties.items():
        log_probs = log_probs - penalty * ((tokens == token) & has_choice[:, None])
    sums = log_probs + np.array([[partial.log_prob] for partial in group.live])
    length = len(group.live[0].token_ids) + 1
    live: list[_Child] = []
    ended: list[_Child] = []
    # 2K candidates: enough to go on with K even when K of them are end tokens.
    order = np.argsort(-sums, axis=None, kind="stable")[: 2 * group.size]
    best = zip(order.tolist(), tokens.flat[order].tolist(), sums.flat[order].tolist(), strict=True)
    for rank, (place, token, total) in enumerate(best):
        if not math.isfinite(total) or (rank >= group.size and len(live) == group.size):
            break
        row = place // sums.shape[1]
        score = final_score(total, length, proposals.coverage[first + row], options)
        child = _Child(group.live[row], first + row, token, total, score, token == eos_id)
        if child.finished or length == options.max_new_tokens:
            if rank < group.size:
                ended.append(child)
        elif len(live) < group.size:
            live.append(child)
    used = tuple(child.token_id for child in (*live, *ended) if not child.finished)
    if _is_over(group, live, ended, options):
        live = []
    blocked = tuple(
        Candidate(partial.token_ids, partial.rows, partial.log_prob, partial.score, False)
        for partial, best_next in zip(group.live, log_probs.max(axis=1).tolist(), strict=True)
        if not math.isfinite(best_next)
    )
    taken = tuple(penalties if free else {} for free in has_choice.tolist())
    return _Expansion(tuple(live), tuple(ended), blocked, used, taken)


def _is_over(
    group: Group, live: list[_Child], ended: list[_Child], options: DecodingOptions
) -> bool:
    """Whether the group stops here; the module's docstring has the three ways."""
    scores = [child.score for child in ended] + [candidate.score for candidate in group.ended]
    scores = sorted(scores, reverse=True)[: group.size]
    if len(scores) < group.size or not live:
        return not live
    if options.early_stopping is True or options.num_beams == 1:
        return True
    attainable = max(child.score for child in live)
    if options.early_stopping == "never":
        most_probable = max(child.log_prob for child in live)
        length = len(live[0].parent.token_ids) + 1
        reached = options.max_new_tokens if options.length_penalty > 0 else length
        attainable = final_score(most_probable, reached, 0.0, options)
    return attainable <= scores[-1]


def _settle(search: Search, expansions: list[_Expansion]) -> tuple[Search, Choice]:
    """Number the children of all groups, the live ones first, and build the next search."""
    living = [child for expansion in expansions for child in expansion.live]
    ending = [child for expansion in expansions for child in expansion.ended]
    live_row, ended_row = 0, len(living)
    groups = []
    for group, expansion in zip(search.groups, expansions, strict=True):
        live = tuple(child.live(live_row + i) for i, child in enumerate(expansion.live))
        ended = [child.ended(ended_row + i) for i, child in enumerate(expansion.ended)]
        live_row, ended_row = live_row + len(live), ended_row + len(ended)
        groups.append(
            replace(
                group,
                live=live,
                ended=best_first((*group.ended, *ended), group.size, search.whole_first),
                blocked=best_first((*group.blocked, *expansion.blocked), group.size),
            )
        )
    children = living + ending
    choice = Choice(
        tuple(child.parent_row for child in children),
        tuple(child.token_id for child in children),
        tuple(child.log_prob for child in children),
        len(living),
        tuple(penalties for expansion in expansions for penalties in expansion.penalties),
    )
    return Search(tuple(groups), search.whole_first), choice
