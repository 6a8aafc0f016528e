"""The texts an evaluation runs over: equal sources grouped, and a seeded sample per set."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from model.training.rows import Columns, Row, read_rows

USUAL_COLUMNS = Columns()


@dataclass(frozen=True)
class Example:
    """One source and every reference that the data has for it."""

    source: str
    references: tuple[str, ...]
    style: str  # empty where the data has none
    set: str


@dataclass(frozen=True)
class Examples:
    """What is evaluated, and out of how much."""

    chosen: tuple[Example, ...]
    available: int  # examples before the limit
    bad_lines: int  # lines of the file that held no pair


def load_examples(
    path: Path,
    *,
    limit: int | None = None,
    seed: int = 0,
    columns: Columns = USUAL_COLUMNS,
    only: Collection[str] = (),
) -> Examples:
    """The examples of a data file; of every set at most `limit`, drawn by `seed`.

    `only` names styles and sets that are kept; all are when it is empty.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    if not path.is_file():
        raise ValueError(f"no data file at {path}")
    rows = list(read_rows(path, columns))
    grouped = group_by_source(row for row in rows if row is not None)
    if not grouped:
        raise ValueError(f"{path} has no pairs among {len(rows)} lines")
    if only:
        known = {name for example in grouped for name in (example.style, example.set)}
        if unknown := sorted(set(only) - known):
            raise ValueError(f"{path} has no style or set {unknown[0]!r:.80}")
        grouped = [e for e in grouped if e.style in only or e.set in only]
    chosen = grouped if limit is None else sample_per_set(grouped, limit, seed)
    return Examples(tuple(chosen), len(grouped), sum(row is None for row in rows))


def group_by_source(rows: Iterable[Row]) -> list[Example]:
    """One example per source, style and set, in the order of their first rows."""
    references: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        references.setdefault((row.source, row.style, row.set), []).append(row.target)
    return [
        Example(source, tuple(targets), style, name)
        for (source, style, name), targets in references.items()
    ]


def sample_per_set(examples: list[Example], limit: int, seed: int) -> list[Example]:
    """At most `limit` examples of every set, in their order. One set's draw ignores the others."""
    places: dict[str, list[int]] = {}
    for place, example in enumerate(examples):
        places.setdefault(example.set, []).append(place)
    kept: list[int] = []
    for name, all_places in places.items():
        draw = random.Random(f"{seed} {name}")
        kept += draw.sample(all_places, min(limit, len(all_places)))
    return [examples[place] for place in sorted(kept)]
