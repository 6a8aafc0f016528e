"""The same examples summarised in several ways, a row each: options, models or disturbed sources.

ROUGE alone, without baselines and loss: `evaluate` has those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from model.options import DecodingOptions
from model.training.evaluate import Progress, Writer, figures_of, write_all
from model.training.examples import Example
from model.training.figures import Figures, cell, markdown_table, mean

MEAN_COLUMNS = (  # of the mean over the styles: column, head, digits, scale
    ("rougeL", "R-L", 1, 100),
    ("rouge1", "R-1", 1, 100),
    ("rouge2", "R-2", 1, 100),
    ("repetition", "rep", 1, 100),
    ("unsupported_names", "names", 2, 1),
    ("unsupported_numbers", "numbers", 2, 1),
    ("words", "words", 1, 1),
)
NOTE = (
    "By style: ROUGE-L · then the mean of the styles · change: of that mean's ROUGE-L against the "
    "first row, in percent of it · rep: repeated trigrams, percent · names, numbers: per text, not "
    "in the source · words: length"
)


@dataclass(frozen=True)
class Way:
    """A way to summarise."""

    name: str
    writer: Writer
    options: DecodingOptions
    batch_size: int = 16


@dataclass(frozen=True)
class WayFigures:
    """The means of one way to summarise, by style."""

    name: str
    examples: Mapping[str, int]  # how many, by style
    figures: Mapping[str, Figures]  # by style

    @property
    def mean(self) -> Figures:
        """Every style counts the same, however many examples it has."""
        return mean(list(self.figures.values()))


def measure_way(
    way: Way,
    examples: Sequence[Example],
    sources: Sequence[str] | None = None,
    progress: Progress = lambda stage, count: None,
) -> WayFigures:
    """Summarise and measure. `sources` stand in for the examples' own, which figures compare with.

    So a name that only the given source has counts as unsupported.
    """
    given = examples
    if sources is not None:
        pairs = zip(examples, sources, strict=True)
        given = [replace(example, source=source) for example, source in pairs]
    summaries = write_all(way.writer, given, way.options, way.batch_size, progress)
    by_style: dict[str, list[Figures]] = {}
    for example, summary in zip(examples, summaries, strict=True):
        by_style.setdefault(example.style, []).append(figures_of(summary, example))
    styles = sorted(by_style)
    return WayFigures(
        way.name,
        {style: len(by_style[style]) for style in styles},
        {style: mean(by_style[style]) for style in styles},
    )


def to_markdown(rows: Sequence[WayFigures], what: str) -> str:
    """One table, a row per way; the first is what the others are compared with."""
    styles = list(rows[0].figures)
    named = [f"{style or 'none'} ({rows[0].examples[style]})" for style in styles]
    head = [what, *named, *(column[1] for column in MEAN_COLUMNS), "change"]
    lines = []
    for row in rows:
        by_style = [cell(row.figures[style]["rougeL"], 1, 100) for style in styles]
        means = [cell(row.mean[name], digits, scale) for name, _, digits, scale in MEAN_COLUMNS]
        lines.append([row.name, *by_style, *means, _change(row, rows[0])])
    return f"{markdown_table(head, lines)}\n\n{NOTE}"


def to_json(rows: Sequence[WayFigures]) -> list[dict[str, Any]]:
    """The rows as plain values, shares between 0 and 1."""
    return [{**asdict(row), "mean": dict(row.mean)} for row in rows]


def _change(row: WayFigures, first: WayFigures) -> str:
    before = first.mean["rougeL"]
    if row is first or not before:
        return "–"
    return f"{100 * (row.mean['rougeL'] / before - 1):+.1f}"
