"""Sources of similar length put together, and padded to one tensor."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

MAX_BATCH_TOKENS = 8_192  # source tokens of one batch, padding included
MAX_BATCH_ROWS = 128  # decoder rows of one batch: sources times beams


def batches_of(lengths: Sequence[int], rows_per_source: int) -> list[list[int]]:
    """The places of `lengths`, shortest first, in batches that keep to both limits.

    >>> batches_of([5000, 10, 4000], rows_per_source=1)
    [[1, 2], [0]]
    """
    batches: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        count = len(batches[-1]) + 1 if batches else 1
        fits = count * lengths[place] <= MAX_BATCH_TOKENS
        if batches and fits and count * rows_per_source <= MAX_BATCH_ROWS:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches


def padded(sequences: Sequence[Sequence[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Ids [B, S] and their mask [B, S], True on real tokens."""
    longest = max(len(sequence) for sequence in sequences)
    ids = torch.full((len(sequences), longest), pad_id, dtype=torch.long)
    mask = torch.zeros((len(sequences), longest), dtype=torch.bool)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.tensor(sequence, dtype=torch.long)
        mask[row, : len(sequence)] = True
    return ids, mask
