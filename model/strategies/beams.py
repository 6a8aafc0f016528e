"""The state of a search: hypotheses that live, and those that ended, best first. A value.

Ended ones are ranked by `score`. Where `whole_first` is asked for, which `transformers` doesn't
know, one that ended comes before any that was cut at `max_new_tokens`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from model.options import DecodingOptions


@dataclass(frozen=True)
class Candidate:
    """A hypothesis that ended, before it has text."""

    token_ids: tuple[int, ...]  # with the end token when `finished`
    rows: tuple[int, ...]  # per token j: the child of step j that it is
    log_prob: float  # sum of the log-probs after rules
    score: float  # log_prob / length^length_penalty + coverage penalty
    finished: bool  # False when cut at max_new_tokens, or when every next token was forbidden


@dataclass(frozen=True)
class Partial:
    """A live hypothesis: one row of the decoder's batch."""

    token_ids: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    log_prob: float = 0.0
    score: float = 0.0  # as of a candidate, if it ended here


@dataclass(frozen=True)
class Group:
    """Beams that compete with each other only."""

    size: int
    live: tuple[Partial, ...] = (Partial(),)  # most probable first
    ended: tuple[Candidate, ...] = ()  # best first, at most `size`
    blocked: tuple[Candidate, ...] = ()  # every next token was forbidden; best first


@dataclass(frozen=True)
class Search:
    """The search for one source's summary."""

    groups: tuple[Group, ...]
    whole_first: bool = False  # what ended outranks what was cut, whatever their scores

    @staticmethod
    def begin(options: DecodingOptions, whole_first: bool = False) -> Search:
        """Every group starts with one empty hypothesis."""
        size = options.num_beams // options.num_beam_groups
        groups = tuple(Group(size) for _ in range(options.num_beam_groups))
        return Search(groups, whole_first)

    @property
    def live(self) -> tuple[Partial, ...]:
        """The rows of the next step, group by group; none when the search is over."""
        return tuple(partial for group in self.groups for partial in group.live)

    def hypotheses(self) -> tuple[Candidate, ...]:
        """All that ended, best first; those the rules blocked come last."""
        size = sum(group.size for group in self.groups)
        ended = best_first(
            [c for group in self.groups for c in group.ended], size, self.whole_first
        )
        blocked = best_first([c for group in self.groups for c in group.blocked], size)
        return (*ended, *blocked)[:size]

    def cut(self) -> Search:
        """The search ended here: what is live counts as written, unfinished, by its score alone."""
        return Search(tuple(_cut(group) for group in self.groups))

    def best(self) -> tuple[int, ...]:
        """Tokens of the hypothesis with the best score so far, ended or live."""
        ended = self.hypotheses()
        leading = ended[:1] if ended and (ended[0].finished or not self.live) else ()
        candidates: list[Candidate | Partial] = [*leading, *self.live]
        return max(candidates, key=lambda hypothesis: hypothesis.score).token_ids


def best_first(
    candidates: Iterable[Candidate], size: int, whole_first: bool = False
) -> tuple[Candidate, ...]:
    """The `size` best candidates."""

    def rank(candidate: Candidate) -> tuple[bool, float]:
        return whole_first and not candidate.finished, -candidate.score

    return tuple(sorted(candidates, key=rank))[:size]


def _cut(group: Group) -> Group:
    left = [Candidate(p.token_ids, p.rows, p.log_prob, p.score, False) for p in group.live]
    return replace(group, live=(), ended=best_first((*group.ended, *left), group.size))
