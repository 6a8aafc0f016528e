"""Lines of a JSONL file, plain or compressed, or of standard input. Knows bytes, not fields.

Compression is told from the first bytes, not from the name, so that a pipe works too. Nothing
that is read can make memory grow without bound: a line has a largest length.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

MAX_LINE_BYTES = 16 * 2**20  # the longest accepted text with every character escaped fits
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"BZh": bz2.open,
}


class LineError(ValueError):
    """One line that is not a JSON object; the message says why."""


class FileError(ValueError):
    """A file that can't be read on; the message names the file and the line."""


@dataclass(frozen=True)
class Line:
    """One line that is not blank."""

    number: int  # from 1, blank lines counted
    content: bytes  # without the line end; cut when it was too long
    digest: str  # of the whole line, to know it again
    too_long: bool = False

    def values(self) -> dict[str, Any]:
        """The JSON object on this line. Raises `LineError`."""
        if self.too_long:
            raise LineError(f"longer than {MAX_LINE_BYTES} bytes")
        try:
            text = self.content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise LineError(f"not UTF-8: {error.reason} at byte {error.start}") from error
        try:
            values = json.loads(text, parse_constant=_no_constant)
        except RecursionError as error:
            raise LineError("JSON is nested too deeply") from error
        except ValueError as error:
            raise LineError(f"broken JSON: {error}") from error
        if not isinstance(values, dict):
            raise LineError(f"a JSON object is needed, got {type(values).__name__}")
        return values


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """The uncompressed bytes of the file `path`; `-` is standard input."""
    if path == "-":
        yield _uncompressed(sys.stdin.buffer)
        return
    with open(path, "rb") as file:
        yield _uncompressed(file)


def read_lines(stream: IO[bytes], name: str) -> Iterator[Line]:
    """The lines of `stream` that are not blank, in order. Raises `FileError` where it breaks."""
    number = 0
    try:
        while chunk := stream.readline(MAX_LINE_BYTES + 1):
            number += 1
            if number == 1:
                chunk = chunk.removeprefix(BYTE_ORDER_MARK)
            line = _whole_line(stream, chunk, number)
            if line.content.strip():
                yield line
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        reason = str(error) or type(error).__name__
        raise FileError(f"{name} is damaged or cut off after line {number}: {reason}") from error


def _whole_line(stream: IO[bytes], chunk: bytes, number: int) -> Line:
    # The end of a line is no part of it: a last line may lack it now and have it later.
    content = chunk.rstrip(b"\r\n")
    digest = hashlib.sha256(content)
    too_long = len(chunk) > MAX_LINE_BYTES and not chunk.endswith(b"\n")
    rest = chunk
    while too_long and rest and not rest.endswith(b"\n"):
        rest = stream.readline(MAX_LINE_BYTES)
        digest.update(rest.rstrip(b"\r\n"))
    return Line(number, content, digest.hexdigest()[:12], too_long)


def _uncompressed(stream: IO[bytes]) -> IO[bytes]:
    start = cast(Any, stream).peek(6)
    for magic, opener in OPENERS.items():
        if start.startswith(magic):
            return cast(IO[bytes], opener(stream, "rb"))
    return stream


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
