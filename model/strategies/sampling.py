"""Sampling: what reshapes the distribution before a draw, and the draw. Never sees a model.

The filters here meet `filters.Filter`; each leaves at least one token of a row that has any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from model.filters import FORBIDDEN, Filter, Rows, renormalise
from model.options import DecodingOptions


@dataclass(frozen=True)
class Temperature:
    """log_softmax(log_probs / temperature): below 1 sharpens, above 1 flattens."""

    temperature: float
    name: ClassVar[str] = "temperature"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        return renormalise(log_probs / self.temperature)


@dataclass(frozen=True)
class TopK:
    """Only the `k` most probable tokens (Fan et al. 2018), and those equal to the last of them."""

    k: int
    name: ClassVar[str] = "top_k"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        if self.k >= log_probs.shape[-1]:
            return log_probs
        least = log_probs.topk(self.k, dim=-1).values[:, -1:]
        return log_probs.masked_fill(log_probs < least, FORBIDDEN)


@dataclass(frozen=True)
class TopP:
    """The smallest set of most probable tokens that has probability `p` (Holtzman et al. 2020)."""

    p: float
    name: ClassVar[str] = "top_p"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        ordered, places = renormalise(log_probs).exp().sort(dim=-1, descending=True, stable=True)
        return drop_behind(log_probs, ordered, places, self.p)


@dataclass(frozen=True)
class MinP:
    """Only tokens at least `p` times as probable as the most probable (Nguyen et al. 2024)."""

    p: float
    name: ClassVar[str] = "min_p"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        probs = renormalise(log_probs).exp()
        least = self.p * probs.amax(dim=-1, keepdim=True)
        return log_probs.masked_fill(probs < least, FORBIDDEN)


@dataclass(frozen=True)
class TypicalP:
    """The tokens whose surprise is nearest the entropy, up to `mass` (Meister et al. 2023)."""

    mass: float
    name: ClassVar[str] = "typical_p"

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        normalised = renormalise(log_probs)
        probs = normalised.exp()
        entropy = torch.special.entr(probs).sum(dim=-1, keepdim=True)
        distance = (-normalised - entropy).abs()  # [B, V], inf for forbidden tokens
        places = distance.argsort(dim=-1, stable=True)
        return drop_behind(log_probs, probs.gather(-1, places), places, self.mass)


def drop_behind(log_probs: Tensor, ordered: Tensor, places: Tensor, mass: float) -> Tensor:
    """Forbid the tokens that follow, in the given order, those which have `mass` together.

    `ordered` [B, V] are the probabilities of the tokens `places` [B, V].
    """
    before = functional.pad(ordered.cumsum(dim=-1)[:, :-1], (1, 0))  # [B, V], 0 for the first
    drop = torch.zeros_like(places, dtype=torch.bool).scatter(-1, places, before >= mass)
    return log_probs.masked_fill(drop, FORBIDDEN)


def sampling_filters(options: DecodingOptions) -> tuple[Filter, ...]:
    """What reshapes the distribution that is drawn from, in Hugging Face's order."""
    chosen: list[Filter] = []
    if options.temperature != 1.0:
        chosen.append(Temperature(options.temperature))
    if options.top_k > 0:
        chosen.append(TopK(options.top_k))
    if options.top_p < 1.0:
        chosen.append(TopP(options.top_p))
    if options.min_p > 0.0:
        chosen.append(MinP(options.min_p))
    if options.typical_p < 1.0:
        chosen.append(TypicalP(options.typical_p))
    return tuple(chosen)


def draw(log_probs: Tensor, generators: Sequence[torch.Generator]) -> Tensor:
    """One token [B] per row of normalised log-probabilities [B, V], each by its own generator.

    One uniform number a row, looked up in the cumulative distribution: what a source draws does
    not depend on the batch around it.
    """
    uniform = [torch.rand((), generator=source, dtype=torch.float64) for source in generators]
    cumulative = log_probs.double().exp().cumsum(dim=-1)  # [B, V]
    total = cumulative[:, -1:]
    level = torch.stack(uniform).to(log_probs.device).unsqueeze(1) * total
    level = torch.minimum(level, torch.nextafter(total, torch.zeros_like(total)))
    # The first place strictly above the level: a token of probability 0 is never there.
    places = torch.searchsorted(cumulative, level, right=True).squeeze(1)
    return places.clamp_max(log_probs.shape[-1] - 1)
