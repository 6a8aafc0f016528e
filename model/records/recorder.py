"""Turns one decoding step over a batch into a `Step` per source. Knows neither model nor search.

Recording must stay cheap beside the model: everything is gathered for the whole batch at the few
tokens that are recorded, brought over once, and cut into sources there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model.filters import Filtered
from model.search import Choice
from model.seq2seq import StepOutput
from model.strategies.proposing import Offer, candidate_depth
from model.trace import Step

DIVERSITY = "diversity_penalty"  # the one rule of the search, which no filter applies

Names = tuple[str, ...]


@dataclass(frozen=True)
class Recorder:
    """Makes the record of a run's steps."""

    top_k: int  # candidates per row, besides those chosen
    num_beams: int
    lengths: Sequence[int]  # real tokens of every source

    def steps(
        self,
        output: StepOutput,
        filtered: Filtered,
        offer: Offer,
        choices: Mapping[int, Choice],
        row_counts: Sequence[int],
    ) -> dict[int, Step]:
        """One step per source of `choices`, which had so many rows each in the batch."""
        ends = list(itertools.accumulate(row_counts))
        starts = [end - count for end, count in zip(ends, row_counts, strict=True)]
        parents, tokens = _children(choices.values(), starts)
        candidates = self._candidates(filtered, offer, parents, tokens)
        raw, ranks = _places(filtered.stages[0], candidates, parents, tokens)
        entropy = entropy_bits(filtered.stages[0])
        attention = None
        if (
            output.cross_attention is not None
        ):  # in the record's type; numpy converts ten times slower
            attention = _numpy(output.cross_attention.half())
        gate = None if output.copy_gate is None else _numpy(output.copy_gate)
        steps: dict[int, Step] = {}
        child = 0
        for (source, choice), start, end in zip(choices.items(), starts, ends, strict=True):
            rows, children = slice(start, end), slice(child, child + len(choice.token_ids))
            child = children.stop
            own = candidates.of(rows)
            log_probs, rules = _penalised(own, choice)
            steps[source] = Step(
                parents=np.array(choice.parents, dtype=np.int32),
                token_ids=np.array(choice.token_ids, dtype=np.int32),
                scores=np.array(choice.scores, dtype=np.float32),
                token_log_probs=raw[children],
                ranks=ranks[children],
                top_ids=own.ids.astype(np.int32),
                top_log_probs=own.values[0],
                filtered_log_probs=log_probs,
                entropy=entropy[rows],
                rules=rules,
                cross_attention=(  # a copy: the batch's array is let go
                    None
                    if attention is None
                    else attention[rows, ..., : self.lengths[source]].copy()
                ),
                copy_gate=None if gate is None else gate[rows],
            )
        return steps

    def _candidates(
        self, filtered: Filtered, offer: Offer, parents: np.ndarray, tokens: np.ndarray
    ) -> _Candidates:
        """The `top_k` most probable tokens of every row and those chosen."""
        log_probs = filtered.stages[0]
        depth = min(candidate_depth(self.top_k, self.num_beams), log_probs.shape[-1])
        if filtered.log_probs is log_probs and offer.token_ids.shape[1] >= depth:
            # Nothing was filtered, so the search has looked up the same already.
            top_raw, top_ids = offer.log_probs[:, :depth], offer.token_ids[:, :depth]
        else:
            top_raw, top_ids = log_probs.topk(depth, dim=-1)
        best, best_raw = _numpy(top_ids), _numpy(top_raw)
        ids, outsiders = _with_chosen(best, min(self.top_k, depth), parents, tokens)
        places = torch.from_numpy(ids).to(log_probs.device)
        stages = [*filtered.stages]
        if filtered.log_probs is not stages[-1]:
            stages.append(filtered.log_probs)
        values = _numpy(torch.stack([stage.gather(1, places) for stage in stages]))
        return _Candidates(ids, values, outsiders, filtered.names, best_raw)


@dataclass(frozen=True)
class _Candidates:
    """The recorded tokens of some rows of the batch."""

    ids: np.ndarray  # [B, N], the most probable, then chosen outsiders, then what fills up
    values: np.ndarray  # [stages, B, N], from the model's own to what was chosen from
    outsiders: np.ndarray  # [B], how many were chosen besides the most probable
    names: Names  # of the filter between stage i and stage i + 1
    top_raw: np.ndarray  # [B, M], the M largest raw log-probs

    def of(self, rows: slice) -> _Candidates:
        """Those of one source, by raw probability; as many as if it had been alone."""
        outsiders = self.outsiders[rows]
        if not self.outsiders.any():
            ids, values = self.ids[rows], self.values[:, rows]
            return _Candidates(ids, values, outsiders, self.names, self.top_raw[rows])
        width = self.ids.shape[1] - int(self.outsiders.max() - outsiders.max())
        ids, values = self.ids[rows, :width], self.values[:, rows, :width]
        if outsiders.any():
            order = np.argsort(-values[0], axis=1, kind="stable")
            ids = np.take_along_axis(ids, order, 1)
            values = np.take_along_axis(values, order[None], 2)
        return _Candidates(ids, values, outsiders, self.names, self.top_raw[rows])

    def rules(self) -> list[tuple[Names, ...]]:
        """Names [B][N] of the rules that moved each token."""
        count = len(self.names)
        moved = self.values[1 : count + 1] != self.values[:count]  # [rules, B, N]
        untouched: tuple[Names, ...] = ((),) * self.ids.shape[1]
        return [
            tuple(
                tuple(name for name, was_moved in zip(self.names, flags, strict=True) if was_moved)
                for flags in moved[:, row].T.tolist()
            )
            if moved[:, row].any()
            else untouched
            for row in range(len(self.ids))
        ]


def entropy_bits(log_probs: Tensor) -> np.ndarray:
    """Entropy [B] in bits of distributions [B, V]."""
    probs = log_probs.exp()
    nats = -_numpy(torch.linalg.vecdot(probs, log_probs))
    if np.isnan(nats).any():  # 0 * -inf; `entr` knows that as 0, at three times the cost
        nats = _numpy(torch.special.entr(probs).sum(dim=-1))
    return nats / np.float32(math.log(2))


def _children(choices: Iterable[Choice], starts: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Parents (rows of the batch) and tokens of all children, source by source."""
    pairs = list(zip(choices, starts, strict=True))
    parents = [start + parent for choice, start in pairs for parent in choice.parents]
    tokens = [token for choice, _ in pairs for token in choice.token_ids]
    return np.array(parents, dtype=np.int64), np.array(tokens, dtype=np.int64)


def _with_chosen(
    top_ids: np.ndarray, top_k: int, parents: np.ndarray, tokens: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The first `top_k` of each row [B, M], the chosen outsiders, and what fills up the rows.

    Also how many outsiders [B] each row has.
    """
    ids = top_ids[:, :top_k]
    counts = np.zeros(len(ids), dtype=np.int64)
    outside = ~(ids[parents] == tokens[:, None]).any(axis=1)
    if not outside.any():
        return ids, counts
    extras: list[list[int]] = [[] for _ in top_ids]
    for row, token in zip(parents[outside].tolist(), tokens[outside].tolist(), strict=True):
        extras[row].append(token)  # children of a row differ, so no token comes twice
    counts += [len(extra) for extra in extras]
    for row, extra in enumerate(extras):
        spare = [token for token in top_ids[row, top_k:].tolist() if token not in extra]
        extra += spare[: counts.max() - len(extra)]
    return np.concatenate([ids, np.array(extras, dtype=np.int64)], axis=1), counts


def _places(
    log_probs: Tensor, candidates: _Candidates, parents: np.ndarray, tokens: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Raw log-prob and rank of every child: how many tokens are more probable."""
    if not len(parents):
        return np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int32)
    column = (candidates.ids[parents] == tokens[:, None]).argmax(axis=1)
    raw = candidates.values[0][parents, column]
    top = candidates.top_raw[parents]
    ranks = (top > raw[:, None]).sum(axis=1)
    deep = np.flatnonzero(raw < top[:, -1])
    if len(deep):
        rows = log_probs[torch.from_numpy(parents[deep]).to(log_probs.device)]
        values = torch.from_numpy(raw[deep]).to(log_probs.device)
        ranks[deep] = _numpy((rows > values.unsqueeze(1)).sum(dim=1))
    return raw, ranks.astype(np.int32)


def _penalised(
    candidates: _Candidates, choice: Choice
) -> tuple[np.ndarray, tuple[tuple[Names, ...], ...]]:
    """Filtered log-probs and rules of one source's rows, with what diversity took off."""
    log_probs, rules = candidates.values[-1], candidates.rules()
    if not any(choice.penalties):
        return log_probs, tuple(rules)
    log_probs = log_probs.copy()
    for row, penalties in enumerate(choice.penalties):
        taken = [penalties.get(token, 0.0) for token in candidates.ids[row].tolist()]
        log_probs[row] -= np.array(taken)
        rules[row] = tuple(
            (*names, DIVERSITY) if penalty else names
            for names, penalty in zip(rules[row], taken, strict=True)
        )
    return log_probs, tuple(rules)


def _numpy(values: Tensor) -> np.ndarray:
    result: np.ndarray = values.cpu().numpy()
    return result
