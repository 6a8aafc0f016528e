"""An output of JSON lines that is continued where it stopped. Knows nothing of summaries.

Beside the output lies `OUTPUT.run.json` with the settings it was made with: another run with
other settings would mix two kinds of lines, so it is refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from model.batches.jsonl import Line, LineError, read_lines

FORMAT = "gistscope-batch"
FORMAT_VERSION = 1
ADVICE = "choose another output, or start again with --overwrite"


class ResumeError(ValueError):
    """An output that can't be continued; the message says why and what to do."""


@contextmanager
def opened_output(path: Path, settings: Mapping[str, Any], overwrite: bool) -> Iterator[IO[bytes]]:
    """`path` for appending, behind its last whole line. Raises `ResumeError`.

    Nobody else may write to it meanwhile, and a line that a kill left half-written is cut off.
    """
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as file:
        _lock(file, path)
        if overwrite:
            file.truncate(0)
        if file.seek(0, os.SEEK_END):
            _check_settings(path, settings)
            _cut_half_line(file)
        else:
            _write_settings(path, settings)
        yield file


def finished_records(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of an output, each with its "line" and "digest"."""
    with path.open("rb") as file:
        for line in read_lines(file, str(path)):
            try:
                record = line.values()
            except LineError as error:
                raise ResumeError(f"{path} line {line.number}: {error}; {ADVICE}") from error
            if "line" not in record or "digest" not in record:
                raise ResumeError(f"{path} line {line.number} is not of a batch run; {ADVICE}")
            yield record


def skip_finished(
    lines: Iterator[Line], finished: Iterator[dict[str, Any]], output: Path
) -> Iterator[dict[str, Any]]:
    """Move `lines` behind those that are finished, and yield these records.

    Raises `ResumeError` where the input is no longer the one that the output was made from.
    """
    for record in finished:
        line = next(lines, None)
        if line is None:
            raise ResumeError(f"{output} holds more lines than the input; {ADVICE}")
        if (line.number, line.digest) != (record["line"], record["digest"]):
            raise ResumeError(f"input line {line.number} changed since {output}; {ADVICE}")
        yield record


def settings_path(output: Path) -> Path:
    """Where the settings of an output stand."""
    return output.with_name(output.name + ".run.json")


def _write_settings(output: Path, settings: Mapping[str, Any]) -> None:
    header = {"format": FORMAT, "format_version": FORMAT_VERSION}
    path = settings_path(output)
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_text(json.dumps(header | dict(settings), indent=2) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def _check_settings(output: Path, settings: Mapping[str, Any]) -> None:
    path = settings_path(output)
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ResumeError(f"{output} exists and {path.name} does not; {ADVICE}") from error
    except ValueError as error:
        raise ResumeError(f"{path} is not readable JSON: {error}; {ADVICE}") from error
    header = (before.pop("format", None), before.pop("format_version", None))
    if header != (FORMAT, FORMAT_VERSION):
        raise ResumeError(f"{path} has the format {header}; {ADVICE}")
    now = json.loads(json.dumps(settings))  # tuples become lists, as in the file
    for name in sorted(set(before) | set(now)):
        if before.get(name) != now.get(name):
            raise ResumeError(
                f"{output} was written with {name}={before.get(name)!r:.80}, "
                f"now it is {now.get(name)!r:.80}; {ADVICE}"
            )


def _cut_half_line(file: IO[bytes]) -> None:
    """Truncate behind the last line end and stay there."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - 65_536)
        file.seek(start)
        newline = file.read(end - start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    file.truncate(end)
    file.seek(end)


def _lock(file: IO[bytes], path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has no such lock
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ResumeError(f"another run is writing to {path}") from error
