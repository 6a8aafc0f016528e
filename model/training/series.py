"""Names of series before a headline ("Trends on Tuesday: …"), taken off the training targets.

They say where a text appeared, not what is in it; a model learns them as the start of any headline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from model.training.rows import Row

SEPARATOR = ": "
AT_LEAST = 30  # targets of one set that begin with the name
MIN_WORDS = 2  # one word before a colon is the name of a system, not of a series


def without_series(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows; where a target begins with a series' name, only what follows it is left."""
    frequent = Counter((row.set, name) for row in rows if (name := _name(row.target)))
    for row in rows:
        name = _name(row.target)
        if name and frequent[row.set, name] >= AT_LEAST:
            row = replace(row, target=row.target.removeprefix(name + SEPARATOR).strip())
        yield row


def _name(target: str) -> str:
    """What stands before the first colon, "" if nothing does or it is one word."""
    name, colon, _ = target.partition(SEPARATOR)
    return name if colon and len(name.split()) >= MIN_WORDS else ""
