"""Reading pairs from JSONL, CSV or TSV, plain or compressed. Counts what it can't read.

The suffix decides: `.jsonl` (or `.json`), `.csv`, `.tsv`, each also with `.xz`, `.gz` or `.bz2`.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

MAX_FIELD_CHARACTERS = 10_000_000  # of one CSV field; the csv module's own limit is 131,072
OPENERS: dict[str, Callable[..., Any]] = {".xz": lzma.open, ".gz": gzip.open, ".bz2": bz2.open}
FORMATS = (".jsonl", ".json", ".csv", ".tsv")
UNREADABLE = (OSError, EOFError, lzma.LZMAError, zlib.error)


@dataclass(frozen=True)
class Row:
    """One pair; `style` is empty where the data has none."""

    source: str
    target: str
    style: str = ""
    set: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Columns:
    """Names of the columns (or JSON keys), and what stands in for a missing one."""

    source: str = "source"
    target: str = "target"
    style: str = "style"
    set: str = "set"
    licence: str = "licence"
    default_style: str = ""
    default_set: str = "data"
    default_licence: str = ""


def open_text(path: Path) -> IO[str]:
    """The file as UTF-8 text, decompressed by its suffix; broken bytes become U+FFFD."""
    opener = OPENERS.get(path.suffix, open)
    text = opener(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return cast(IO[str], text)


def format_of(path: Path) -> str:
    """The suffix that names the format, below that of the compression."""
    suffix = Path(path.stem).suffix if path.suffix in OPENERS else path.suffix
    if suffix not in FORMATS:
        known, packed = ", ".join(FORMATS), ", ".join(OPENERS)
        raise ValueError(f"{path.name}: the format must be one of {known} (also with {packed})")
    return suffix


def read_rows(path: Path, columns: Columns) -> Iterator[Row | None]:
    """Every row of the file in order; None for each line that holds no usable pair."""
    suffix = format_of(path)
    try:
        with open_text(path) as lines:
            records = _from_json(lines) if "json" in suffix else _from_table(lines, path, columns)
            for record in records:
                yield None if record is None else _to_row(record, columns)
    except UNREADABLE as error:
        raise ValueError(f"{path} can't be read: {error}") from error


def _from_json(lines: Iterable[str]) -> Iterator[Mapping[str, Any] | None]:
    for line in lines:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        yield record if isinstance(record, dict) else None


def _from_table(
    lines: Iterable[str], path: Path, columns: Columns
) -> Iterator[Mapping[str, Any] | None]:
    """Rows under a header line, quoted as Python's csv module and pandas write them."""
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    delimiter = "\t" if format_of(path) == ".tsv" else ","
    reader = csv.DictReader(lines, delimiter=delimiter)
    names = reader.fieldnames or ()
    for name in (columns.source, columns.target):
        if name not in names:
            raise ValueError(f"{path} has no column {name!r}; it has {', '.join(names) or 'none'}")
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None


def _to_row(record: Mapping[str, Any], columns: Columns) -> Row | None:
    source, target = record.get(columns.source), record.get(columns.target)
    if not isinstance(source, str) or not isinstance(target, str):
        return None
    source, target = _clean(source), _clean(target)
    if not source or not target:
        return None
    return Row(
        source,
        target,
        _text(record.get(columns.style)) or columns.default_style,
        _text(record.get(columns.set)) or columns.default_set,
        _text(record.get(columns.licence)) or columns.default_licence,
    )


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _clean(text: str) -> str:
    """Without edges, NUL and lone surrogates (JSON can spell them, UTF-8 can't)."""
    text = text.replace("\x00", "\ufffd").strip()
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
