"""Training pairs whose target keeps to its source's wording, as far as is asked.

A small model that learns from references that reword everything rewords as well, and what it then
joins makes no sense; from those that are near their source it learns to shorten. What can't be
learnt from is better left out (Nan et al. 2021, for names that a source lacks; here word pairs).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from model.training.metrics import novelty
from model.training.rows import Row


@dataclass(frozen=True)
class Wording:
    """How much of a target may be new."""

    most_new: float = 1.0  # share of the target's word pairs that the source lacks
    most_new_sets: tuple[str, ...] = ()  # whose rows it is asked of; all where none is named

    def __post_init__(self) -> None:
        if not 0 <= self.most_new <= 1:
            raise ValueError(f"most_new must be in [0, 1], got {self.most_new}")

    def kept(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows whose target is near enough to its source, and those of other sets."""
        for row in rows:
            is_asked = not self.most_new_sets or row.set in self.most_new_sets
            if not is_asked or novelty(row.target, row.source, 2) <= self.most_new:
                yield row
