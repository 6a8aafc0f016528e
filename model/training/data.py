"""From packed rows to batches: what is drawn in an epoch, how it is bucketed, cut and padded.

Everything is a function of seed and epoch, so a run resumes anywhere without stored state, and
all workers know one another's batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from model.config import SpecialTokens
from model.training.denoising import Ragged, with_gaps
from model.training.packing import NO_STYLE, PackedSplit
from model.training.settings import Sampling, TrainingSettings

WINDOW_ROWS = 8_192  # rows sorted by length together; more pad less, fewer mix better
SOURCE_EXTRAS = 2  # style and end


class Batch(NamedTuple):
    """Padded on the right."""

    source: Tensor  # [B, S]
    mask: Tensor  # bool [B, S]
    target: Tensor  # [B, T]
    target_mask: Tensor  # bool [B, T]

    def to(self, device: torch.device) -> Batch:
        """The batch on another device."""
        return Batch(*(part.to(device, non_blocking=True) for part in self))


@dataclass(frozen=True)
class Limits:
    """How long rows and batches may be, in tokens with special ones."""

    source: int
    target: int
    batch: int

    @classmethod
    def of(cls, settings: TrainingSettings) -> Limits:
        """The limits that the settings ask for."""
        return cls(settings.max_source_tokens, settings.max_target_tokens, settings.batch_tokens)


@dataclass(frozen=True)
class Lengths:
    """Tokens of every row as it will be read: cut, special tokens included."""

    source: np.ndarray  # int64 [rows]
    target: np.ndarray

    @classmethod
    def of(cls, split: PackedSplit, limits: Limits) -> Lengths:
        """The lengths of all rows of a split."""
        source = np.diff(split.source_offsets) + SOURCE_EXTRAS - (split.style_ids == NO_STYLE)
        target = np.diff(split.target_offsets) + 1
        return cls(np.minimum(source, limits.source), np.minimum(target, limits.target))


def shares(split: PackedSplit, sampling: Sampling) -> np.ndarray:
    """The probability [groups] that a drawn row belongs to each group (style and set).

    Styles share by `style_weights` (all of them must be named, unless the table is empty: then
    they share by their number of rows); sets share their style by rows times `set_weights` (1
    when not named).
    """
    style_weights, set_weights = sampling.style_weights, sampling.set_weights
    counts = np.bincount(split.groups, minlength=len(split.group_names)).astype(float)
    styles = [style for style, _ in split.group_names]
    _check_names("style_weights", style_weights, styles)
    _check_names("set_weights", set_weights, [name for _, name in split.group_names])
    within = counts * [set_weights.get(name, 1.0) for _, name in split.group_names]
    result = within.copy()
    for style in set(styles) if style_weights else ():
        members = [place for place, other in enumerate(styles) if other == style]
        if style not in style_weights and counts[members].any():
            raise ValueError(f"style_weights must name every style of the data, lacks {style!r}")
        total = within[members].sum()
        if total > 0:
            result[members] = within[members] / total * style_weights[style]
    if result.sum() <= 0:
        raise ValueError("style_weights and set_weights leave no row to train on")
    return result / result.sum()


def epoch_rows(
    groups: np.ndarray, shares: np.ndarray, size: int, seed: int, epoch: int
) -> np.ndarray:
    """The rows [about size] of an epoch, in random order.

    Each group is walked through in shuffled rounds that go on in the next epoch, so no row comes
    again before every other of its group has come. A group with less than a row per epoch comes in
    some of them.
    """
    drawn = [np.zeros(0, dtype=np.int64)]
    for group, share in enumerate(shares):
        members = np.flatnonzero(groups == group)
        first, last = (round(float(share) * size * number) for number in (epoch, epoch + 1))
        if not len(members) or first == last:
            continue
        rounds = range(first // len(members), (last - 1) // len(members) + 1)
        order = np.concatenate(
            [np.random.default_rng((seed, group, number)).permutation(members) for number in rounds]
        )
        start = first - rounds[0] * len(members)
        drawn.append(order[start : start + last - first])
    rows = np.concatenate(drawn)
    return np.random.default_rng((seed, len(shares), epoch)).permutation(rows)


def cut_batches(rows: np.ndarray, lengths: Lengths, batch_tokens: int) -> Iterator[np.ndarray]:
    """Rows in batches of at most `batch_tokens` tokens with padding, similar lengths together."""
    for start in range(0, len(rows), WINDOW_ROWS):
        window = rows[start : start + WINDOW_ROWS]
        window = window[np.lexsort((lengths.target[window], lengths.source[window]))]
        first = longest_source = longest_target = 0
        for place, row in enumerate(window):
            longest_source = max(longest_source, int(lengths.source[row]))
            longest_target = max(longest_target, int(lengths.target[row]))
            if (
                place > first
                and (place - first + 1) * (longest_source + longest_target) > batch_tokens
            ):
                yield window[first:place]
                first = place
                longest_source, longest_target = int(lengths.source[row]), int(lengths.target[row])
        yield window[first:]


def epoch_steps(
    batches: list[np.ndarray], per_step: int, seed: int, epoch: int
) -> list[list[np.ndarray]]:
    """Batches grouped to steps of `per_step`, in random order.

    Neighbours in length stay in one step, so that workers wait little for one another; the last
    step is filled up from the front.
    """
    missing = -len(batches) % per_step
    filled = batches + [batches[place % len(batches)] for place in range(missing)]
    steps = [filled[first : first + per_step] for first in range(0, len(filled), per_step)]
    order = np.random.default_rng((seed, epoch, per_step)).permutation(len(steps))
    return [steps[place] for place in order]


def balanced_rows(split: PackedSplit, per_style: int, seed: int) -> dict[str, np.ndarray]:
    """Up to `per_style` rows of each style, for validation; always the same ones."""
    chosen = {}
    for style in sorted({style for style, _ in split.group_names}):
        wanted = [place for place, (other, _) in enumerate(split.group_names) if other == style]
        members = np.flatnonzero(np.isin(split.groups, wanted))
        if len(members):
            chosen[style] = np.random.default_rng(seed).permutation(members)[:per_style]
    return chosen


def collate(
    split: PackedSplit,
    rows: np.ndarray,
    limits: Limits,
    special: SpecialTokens,
    gaps: tuple[int, np.random.Generator] | None = None,
) -> Batch:
    """The rows as padded tensors; a cut target has no end token, a cut source still has.

    With `gaps`, a mark and dice, the sources are read with gaps and without style, and what is
    missing is the target, see `model.training.denoising`.
    """
    none = np.full(len(rows), NO_STYLE)
    styles = none if gaps else np.asarray(split.style_ids[rows])
    room = limits.source - 1 - (styles != NO_STYLE)  # [rows]
    sources = _cut(split.source_ids, split.source_offsets, rows, room)
    if gaps:
        sources, targets = with_gaps(sources, *gaps)
    else:
        targets = _cut(split.target_ids, split.target_offsets, rows, np.array(limits.target))
    source, mask = _ended(sources, special, limits.source, styles)
    target, target_mask = _ended(targets, special, limits.target, none)
    return Batch(source, mask, target, target_mask)


def _cut(ids: np.ndarray, offsets: np.ndarray, rows: np.ndarray, room: np.ndarray) -> Ragged:
    """The ids of every row, as many as it has room for."""
    starts = np.asarray(offsets[rows])
    lengths = np.minimum(np.asarray(offsets[rows + 1]) - starts, room)
    places = starts[:, None] + np.arange(int(lengths.max(initial=0)))
    found = np.asarray(ids[np.minimum(places, len(ids) - 1)])
    return Ragged(found.astype(np.int64), lengths)


def _ended(
    rows: Ragged, special: SpecialTokens, limit: int, styles: np.ndarray
) -> tuple[Tensor, Tensor]:
    """Rows behind their styles, if they have one, with an end token where the limit has room."""
    lengths = np.minimum(rows.lengths, limit)
    opened = (styles != NO_STYLE).astype(np.int64)
    ends = (opened + lengths)[:, None]
    places = np.arange(min(int(ends.max()) + 1, limit))
    ids = np.full((len(ends), len(places)), special.pad_id)
    is_text = (places >= opened[:, None]) & (places < ends)
    ids[is_text] = rows.ids[np.arange(rows.ids.shape[1]) < lengths[:, None]]
    ids[places == ends] = special.eos_id
    ids[places < opened[:, None]] = styles[opened > 0]
    return torch.from_numpy(ids), torch.from_numpy(places <= ends)


def _check_names(table: str, weights: Iterable[str], known: list[str]) -> None:
    unknown = sorted(set(weights) - set(known))
    if unknown:
        have = ", ".join(sorted(set(known)))
        raise ValueError(
            f"{table} names {unknown[0]!r}, which the data doesn't have; it has {have}"
        )
