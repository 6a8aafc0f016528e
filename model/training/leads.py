"""How far a model is ahead of the best baseline, and how sure that is. Knows figures only."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from model.training.evaluate import MODEL, REFERENCES, Outcome
from model.training.figures import cell, markdown_table

METRIC = "rougeL"
DRAWS = 1000  # of the bootstrap
PART_NAMES: Mapping[str, Callable[[Outcome], str]] = {
    "style": lambda outcome: outcome.example.style,
    "set": lambda outcome: outcome.example.set,
}
NOTE = (
    "ahead: of the model's mean ROUGE-L over that of the best baseline, relative · "
    f"from, to: where 95 % of {DRAWS} bootstrap draws of the examples lie"
)


@dataclass(frozen=True)
class Lead:
    """A model beside its best baseline on one style or set; the shares are of the baseline's."""

    part: str  # "style" or "set"
    name: str
    examples: int
    score: float
    baseline: str
    baseline_score: float
    ahead: float | None  # None where the baseline scores nothing
    low: float | None
    high: float | None


def leads(outcomes: Sequence[Outcome]) -> list[Lead]:
    """One lead per style and per set; none where no baseline was measured."""
    if not outcomes or not _baselines(outcomes[0]):
        return []
    found = []
    for part, name_of in PART_NAMES.items():
        for name in sorted({name_of(outcome) for outcome in outcomes}):
            found.append(_lead(part, name, [o for o in outcomes if name_of(o) == name]))
    return found


def to_markdown(found: Sequence[Lead]) -> str:
    """A table of the leads and what its columns mean."""
    head = ["part", "n", "model", "best baseline", "its R-L", "ahead %", "from", "to"]
    lines = []
    for lead in found:
        scores = [cell(lead.score, 1, 100), lead.baseline, cell(lead.baseline_score, 1, 100)]
        shares = [cell(share, 0, 100) for share in (lead.ahead, lead.low, lead.high)]
        lines.append([lead.name or "none", str(lead.examples), *scores, *shares])
    return f"## Ahead of the best baseline\n\n{markdown_table(head, lines)}\n\n{NOTE}"


def to_json(found: Sequence[Lead]) -> list[dict[str, Any]]:
    """The leads as plain values."""
    return [asdict(lead) for lead in found]


def _lead(part: str, name: str, outcomes: Sequence[Outcome]) -> Lead:
    scores = {
        system: [outcome.figures[system][METRIC] for outcome in outcomes]
        for system in (MODEL, *_baselines(outcomes[0]))
    }
    best = max(_baselines(outcomes[0]), key=lambda system: fmean(scores[system]))
    own, other = scores[MODEL], scores[best]
    low, high = _interval(own, other)
    ahead = _ahead(fmean(own), fmean(other))
    return Lead(part, name, len(outcomes), fmean(own), best, fmean(other), ahead, low, high)


def _baselines(outcome: Outcome) -> list[str]:
    return [system for system in outcome.figures if system not in (MODEL, REFERENCES)]


def _ahead(score: float, baseline: float) -> float | None:
    return score / baseline - 1 if baseline > 0 else None


def _interval(own: Sequence[float], other: Sequence[float]) -> tuple[float | None, float | None]:
    """The middle 95 % of the leads over examples drawn with replacement, both systems' alike."""
    dice = random.Random(0)
    places = range(len(own))
    draws = []
    for _ in range(DRAWS):
        drawn = dice.choices(places, k=len(places))
        ahead = _ahead(sum(own[i] for i in drawn), sum(other[i] for i in drawn))
        if ahead is None:
            return None, None
        draws.append(ahead)
    draws.sort()
    return draws[round(0.025 * DRAWS)], draws[round(0.975 * DRAWS) - 1]
