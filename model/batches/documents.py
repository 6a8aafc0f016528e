"""What one line of JSONL asks for: a text, perhaps with a style and an id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.batches.jsonl import Line, LineError


@dataclass(frozen=True)
class Form:
    """What the lines of a file must look like."""

    field: str  # that holds the text
    default_style: str | None  # of lines without "style"
    styles: Sequence[str]  # that the model knows


@dataclass(frozen=True)
class Document:
    """One text to summarise."""

    line: Line
    text: str
    style: str | None
    id: str | int | None


def parse_document(line: Line, form: Form) -> Document:
    """The document on a line. Raises `LineError`."""
    values = line.values()
    if form.field not in values:
        raise LineError(f"no field {form.field!r}; it has {', '.join(values)[:200] or 'none'}")
    text = values[form.field]
    if not isinstance(text, str):
        raise LineError(f"{form.field!r} must be a string, got {type(text).__name__}")
    style = values.get("style", form.default_style)
    if style is not None and not isinstance(style, str):
        raise LineError(f"'style' must be a string, got {type(style).__name__}")
    if problem := problem_with(style, form.styles):
        raise LineError(problem)
    return Document(line, text, style, id_of(line))


def problem_with(style: str | None, styles: Sequence[str]) -> str:
    """What is wrong with a style; nothing where the model knows it."""
    if style is None or style in styles:
        return ""
    return f"unknown style {style!r:.80}; this model's styles: {', '.join(styles) or 'none'}"


def id_of(line: Line) -> str | int | None:
    """The line's "id", also of a line that is refused for another reason."""
    id = line.values().get("id")
    if isinstance(id, bool) or not isinstance(id, str | int | None):
        raise LineError(f"'id' must be a string or a whole number, got {type(id).__name__}")
    return id
