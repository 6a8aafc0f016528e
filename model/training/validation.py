"""The loss on held-out rows, style by style, so that a common style can't hide a rare one."""

from __future__ import annotations

import torch

from model.training.averaging import MovingAverage
from model.training.data import Lengths, Limits, balanced_rows, cut_batches
from model.training.packing import PackedSplit
from model.training.stepping import Stepper


@torch.no_grad()
def validation_losses(
    stepper: Stepper, average: MovingAverage, split: PackedSplit
) -> dict[str, float]:
    """Loss per target token of every style with the averaged weights, without smoothing.

    Always the same rows; the workers share the batches and all get the same answer.
    """
    settings, workers = stepper.settings, stepper.workers
    chosen = balanced_rows(split, settings.validation_rows, settings.seed)
    if not chosen:
        raise ValueError("the valid split is empty; validation needs some rows")
    lengths = Lengths.of(split, Limits.of(settings))
    sums = torch.zeros(len(chosen), 2, dtype=torch.float64, device=workers.device)
    stepper.model.eval()
    with average.in_place():
        for place, rows in enumerate(chosen.values()):
            batches = list(cut_batches(rows, lengths, settings.batch_tokens))
            for batch in batches[workers.rank :: workers.count]:
                losses = stepper.losses(split, batch)
                sums[place, 0] += losses.negative_log_likelihood.double()
                sums[place, 1] += float(lengths.target[batch].sum())
    totals = workers.sum(sums).tolist()
    return {style: total / tokens for style, (total, tokens) in zip(chosen, totals, strict=True)}
