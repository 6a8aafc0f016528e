"""Figures of an evaluation as rows, as Markdown tables and as JSON. Knows no model and no text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, float]  # by column name; a column that wasn't measured is missing


@dataclass(frozen=True)
class Column:
    """One figure of the table."""

    name: str
    head: str
    digits: int
    scale: int = 1  # 100 shows a share in percent
    meaning: str = ""


COLUMNS = (
    Column("loss", "loss", 3, meaning="cross-entropy per token of the references, in nats"),
    Column("perplexity", "ppl", 1, meaning="exp(loss)"),
    Column("accuracy", "acc", 1, 100, "target tokens that were the first choice, in percent"),
    Column("rouge1", "R-1", 1, 100, "ROUGE F1 with stems, best of the references, in percent"),
    Column("rouge2", "R-2", 1, 100),
    Column("rougeL", "R-L", 1, 100),
    Column("rougeLsum", "R-Lsum", 1, 100, "R-L by sentences; differs where there are several"),
    Column("repetition", "rep", 1, 100, "trigrams that stood in the text before, in percent"),
    Column("novelty1", "new-1", 1, 100, "words that the source does not contain, in percent"),
    Column("novelty2", "new-2", 1, 100, "pairs of words that it does not contain, in percent"),
    Column("unsupported_names", "names", 2, meaning="names per text that the source lacks"),
    Column(
        "unsupported_numbers", "numbers", 2, meaning="numbers per text that it does not contain"
    ),
    Column("words", "words", 1, meaning="length"),
)


@dataclass(frozen=True)
class Row:
    """The means of one system over one part of the data."""

    part: str  # "all", "style" or "set"
    name: str  # which style or set; empty for all
    system: str
    examples: int
    figures: Figures


def mean(figures: Sequence[Figures]) -> dict[str, float]:
    """The mean of every column; all must have the same columns."""
    return {name: math.fsum(f[name] for f in figures) / len(figures) for name in figures[0]}


def to_markdown(rows: Sequence[Row]) -> str:
    """A table for each part, and what the columns mean."""
    blocks = []
    for part, title in (("all", "All"), ("style", "By style"), ("set", "By set")):
        chosen = [row for row in rows if row.part == part]
        if chosen:
            blocks.append(f"## {title}\n\n{_table(chosen)}")
    meanings = [f"- {column.head}: {column.meaning}" for column in COLUMNS if column.meaning]
    return "\n\n".join([*blocks, "\n".join(meanings)])


def to_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as plain values, shares between 0 and 1; infinite figures are null."""
    return [
        {
            "part": row.part,
            "name": row.name,
            "system": row.system,
            "examples": row.examples,
            **{n: value if math.isfinite(value) else None for n, value in row.figures.items()},
        }
        for row in rows
    ]


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], names: int = 1) -> str:
    """A Markdown table; the first `names` columns hold words, the others numbers."""
    sides = ["---"] * names + ["---:"] * (len(head) - names)
    return "\n".join(_line(cells) for cells in (head, sides, *rows))


def cell(value: float | None, digits: int, scale: int = 1) -> str:
    """A figure as it stands in a table; a dash where none was measured."""
    return "–" if value is None else f"{scale * value:.{digits}f}"


def _table(rows: Sequence[Row]) -> str:
    columns = [column for column in COLUMNS if any(column.name in row.figures for row in rows)]
    head = ["part", "system", "n", *(column.head for column in columns)]
    lines = []
    for row in rows:
        cells = [cell(row.figures.get(c.name), c.digits, c.scale) for c in columns]
        lines.append([row.name or "all", row.system, str(row.examples), *cells])
    return markdown_table(head, lines, names=2)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in cells) + " |"
