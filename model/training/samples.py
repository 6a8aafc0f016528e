"""Summaries of fixed texts, unselected, with what can be said against each without reading it.

A text file's first line names the styles it is summarised in, separated by spaces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.explain.faithfulness import repeats
from model.options import DecodingOptions
from model.summarizer import Result, Summarizer
from model.text.names import unsupported_names, unsupported_numbers
from model.training.figures import markdown_table


@dataclass(frozen=True)
class Text:
    """A text and the styles that suit it."""

    name: str
    styles: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Sample:
    """One summary and its marks."""

    text: str  # name of the text
    style: str
    model: str
    summary: str
    names: tuple[str, ...]  # that the text does not contain
    numbers: tuple[str, ...]
    repeats: int  # runs of three words and more that stood in the summary before
    finished: bool  # False where the length limit cut it


def read_texts(folder: Path) -> list[Text]:
    """Every .txt of a folder, by name. Raises ValueError for one without styles or text."""
    texts = []
    for path in sorted(folder.glob("*.txt")):
        styles, _, text = path.read_text(encoding="utf-8").partition("\n")
        if not styles.split() or not text.strip():
            raise ValueError(f"{path} needs a first line with its styles, then the text")
        texts.append(Text(path.stem, tuple(styles.split()), text.strip()))
    if not texts:
        raise ValueError(f"{folder} has no .txt files")
    return texts


def write_samples(
    summarizers: Sequence[Summarizer],
    texts: Sequence[Text],
    options_of: Callable[[str], DecodingOptions],  # of a style
) -> list[Sample]:
    """A summary of every text in each of its styles by every model, those of one style together."""
    return [
        sample_of(text, style, model.name, model.summarize(text.text, options_of(style), style))
        for text in texts
        for style in text.styles
        for model in summarizers
    ]


def sample_of(text: Text, style: str, model: str, result: Result) -> Sample:
    """A summary, judged against the whole text."""
    return Sample(
        text=text.name,
        style=style,
        model=model,
        summary=result.text,
        names=tuple(unsupported_names(result.text, text.text)),
        numbers=tuple(unsupported_numbers(result.text, text.text)),
        repeats=len(repeats(result.trace)),
        finished=result.trace.hypotheses[0].finished,
    )


def to_markdown(samples: Sequence[Sample]) -> str:
    """A row per summary, and how many of every model's have a mark."""
    rows = [
        [s.text, s.style, s.model, " ".join(s.summary.split()), ", ".join(marks_of(s)) or "–"]
        for s in samples
    ]
    parts = [markdown_table(["text", "style", "model", "summary", "marks"], rows, names=5)]
    counts = []
    for model in dict.fromkeys(sample.model for sample in samples):
        own = [sample for sample in samples if sample.model == model]
        faults = (
            sum(bool(sample.names or sample.numbers) for sample in own),
            sum(bool(sample.repeats) for sample in own),
            sum(not sample.finished for sample in own),
        )
        counts.append([model, str(len(own)), *map(str, faults)])
    head = ["model", "summaries", "unsupported name or number", "repeating", "cut at the limit"]
    return "\n\n".join([*parts, markdown_table(head, counts)])


def marks_of(sample: Sample) -> list[str]:
    """What the table says against a summary."""
    marks = [f"unsupported: {word}" for word in (*sample.names, *sample.numbers)]
    marks += [f"repeats: {sample.repeats}"] if sample.repeats else []
    return marks + ([] if sample.finished else ["cut at the limit"])
