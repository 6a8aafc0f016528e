"""Step four: a model and the baselines against references, over all, by style and by set.

Deterministic: the same model, data, options and seed give the same figures. Nothing is timed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from model.checkpoint import Checkpoint
from model.options import DecodingOptions
from model.training import metrics
from model.training.baselines import BASELINES
from model.training.examples import Example
from model.training.figures import Figures, Row, mean
from model.training.forced import Pair, Prediction, predict
from model.training.rouge import rouge

MODEL = "model"
REFERENCES = "references"  # their own repetition, novelty and length, to compare with

Progress = Callable[[str, int], None]  # which of STAGES, and for how many examples more
STAGES = ("summaries", "loss", "figures")


class Written(Protocol):
    """What is needed of a `model.summarizer.Result`."""

    @property
    def text(self) -> str: ...


class Writer(Protocol):
    """What is needed of a `model.Summarizer`."""

    @property
    def styles(self) -> tuple[str, ...]: ...

    def summarize_many(
        self, texts: Sequence[str], options: DecodingOptions, style: str | None
    ) -> Sequence[Written]: ...


@dataclass(frozen=True)
class Outcome:
    """What one example gave: the text of every system, and its figures."""

    example: Example
    texts: dict[str, str]  # by system
    figures: dict[str, Figures]  # by system, the references' own among them
    prediction: Prediction  # of the model, over all references


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings:
    """How the work is done; of these only `baselines` changes the table."""

    batch_size: int = 16  # examples that the model handles together
    baselines: bool = True

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {self.batch_size}")


def evaluate(
    checkpoint: Checkpoint,
    writer: Writer,
    examples: Sequence[Example],
    options: DecodingOptions,
    settings: EvaluationSettings = EvaluationSettings(),
    progress: Progress = lambda stage, count: None,
) -> list[Outcome]:
    """Summarise, score and measure every example, in order; `writer` uses `checkpoint`'s model."""
    styles = {example.style: style_for(writer, example.style) for example in examples}
    summaries = write_all(writer, examples, options, settings.batch_size, progress)
    pairs = [
        Pair(example.source, reference, styles[example.style])
        for example in examples
        for reference in example.references
    ]
    predictions = iter(
        predict(checkpoint, pairs, settings.batch_size, lambda count: progress("loss", count))
    )
    outcomes = []
    for example, summary in zip(examples, summaries, strict=True):
        own = (next(predictions) for _ in example.references)
        outcome = measure(example, summary, sum(own, Prediction()), settings.baselines)
        outcomes.append(outcome)
        progress("figures", 1)
    return outcomes


def style_for(writer: Writer, style: str) -> str | None:
    """The style to ask `writer` for; None where the data or the model has none."""
    if not style or not writer.styles:
        return None
    if style not in writer.styles:
        known = ", ".join(writer.styles)
        raise ValueError(f"the data has the style {style!r:.80}; this model's styles: {known}")
    return style


def write_all(
    writer: Writer,
    examples: Sequence[Example],
    options: DecodingOptions,
    batch_size: int,
    progress: Progress = lambda what, count: None,
) -> list[str]:
    """The model's summary of every example, in order."""
    summaries: dict[int, str] = {}
    for style, places in _batches(writer, examples, batch_size):
        texts = [examples[place].source for place in places]
        results = writer.summarize_many(texts, options, style)
        summaries.update(zip(places, (result.text for result in results), strict=True))
        progress("summaries", len(places))
    return [summaries[place] for place in range(len(examples))]


def measure(
    example: Example, summary: str, prediction: Prediction, with_baselines: bool = True
) -> Outcome:
    """The figures of the model's summary, of the baselines and of the references."""
    texts = {MODEL: summary}
    if with_baselines:
        style = example.style
        texts |= {name: write(example.source, style) for name, write in BASELINES.items()}
    figures: dict[str, Figures] = {s: figures_of(text, example) for s, text in texts.items()}
    figures[REFERENCES] = mean([_of_text(text, example.source) for text in example.references])
    return Outcome(example, texts, figures, prediction)


def figures_of(text: str, example: Example) -> dict[str, float]:
    """The figures of one summary of an example."""
    return rouge(text, example.references) | _of_text(text, example.source)


def tabulate(outcomes: Sequence[Outcome]) -> list[Row]:
    """Means over all examples, over the styles, and in every style and set."""
    by_style = _rows_by(outcomes, "style", lambda outcome: outcome.example.style)
    by_set = _rows_by(outcomes, "set", lambda outcome: outcome.example.set)
    return [*_rows(outcomes, "all", "all examples"), *_mean_of(by_style), *by_style, *by_set]


def _batches(
    writer: Writer, examples: Sequence[Example], size: int
) -> Iterator[tuple[str | None, list[int]]]:
    """Places of examples with one style and alike lengths, so that little is padded."""
    places = range(len(examples))
    for style in sorted({example.style for example in examples}):
        alike = [place for place in places if examples[place].style == style]
        alike.sort(key=lambda place: len(examples[place].source))
        for start in range(0, len(alike), size):
            yield style_for(writer, style), alike[start : start + size]


def _of_text(text: str, source: str) -> dict[str, float]:
    """The figures that need no reference."""
    return {
        "repetition": metrics.repetition(text),
        "novelty1": metrics.novelty(text, source, 1),
        "novelty2": metrics.novelty(text, source, 2),
        "unsupported_names": len(metrics.unsupported_names(text, source)),
        "unsupported_numbers": len(metrics.unsupported_numbers(text, source)),
        "words": metrics.length(text),
    }


def _rows_by(outcomes: Sequence[Outcome], part: str, key: Callable[[Outcome], str]) -> list[Row]:
    names = sorted({key(outcome) for outcome in outcomes})
    groups = {name: [outcome for outcome in outcomes if key(outcome) == name] for name in names}
    return [row for name in names for row in _rows(groups[name], part, name or "none")]


def _rows(outcomes: Sequence[Outcome], part: str, name: str) -> list[Row]:
    """One row per system."""
    prediction = sum((outcome.prediction for outcome in outcomes), Prediction())
    rows = []
    for system in outcomes[0].figures:
        figures = mean([outcome.figures[system] for outcome in outcomes])
        if system == MODEL:
            figures |= {
                "loss": prediction.loss,
                "perplexity": prediction.perplexity,
                "accuracy": prediction.accuracy,
            }
        rows.append(Row(part, name, system, len(outcomes), figures))
    return rows


def _mean_of(rows: Sequence[Row]) -> list[Row]:
    """Every style counts the same here, however many examples it has."""
    means = []
    for system in dict.fromkeys(row.system for row in rows):
        alike = [row for row in rows if row.system == system]
        figures = mean([row.figures for row in alike])
        if "loss" in figures:
            figures["perplexity"] = math.exp(min(figures["loss"], 700.0))
        means.append(Row("all", "mean of styles", system, sum(r.examples for r in alike), figures))
    return means
