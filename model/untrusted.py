"""Files of a folder that may come from anyone: read where they are regular, small and shallow."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

# Commas and brackets of a JSON file: about as many values, of some sixty bytes each in memory. The
# largest tokenizer of a supported family has two million.
MAX_MARKS = 4_000_000


class CheckpointError(ValueError):
    """A model folder that can't be opened; the message says which file and why."""


def read_bytes(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes. Raises `CheckpointError`."""
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise CheckpointError(f"{path} is no regular file")
            content = file.read(limit + 1)
    except OSError as error:
        raise CheckpointError(f"{path} can't be read: {error.strerror}") from error
    if len(content) > limit:
        size = max(status.st_size, len(content))
        raise CheckpointError(f"{path} has {size} bytes, the limit is {limit}")
    return content


def read_json(path: Path, limit: int) -> dict[str, Any]:
    """The object in a JSON file of at most `limit` bytes. Raises `CheckpointError`."""
    content = read_bytes(path, limit)
    marks = sum(content.count(mark) for mark in (b",", b"[", b"{"))
    if marks > MAX_MARKS:
        raise CheckpointError(f"{path} has some {marks} values, the limit is {MAX_MARKS}")
    try:
        values = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not readable JSON: {error}") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{path} must hold an object, got {type(values).__name__}")
    return values


def _without_waiting(path: str, flags: int) -> int:
    """A pipe in a file's place would hold up whoever opens it until somebody writes."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
