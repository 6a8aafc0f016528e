"""Damaged copies of sound files, the watch over what a reader of them writes, and the clock."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

CASES = int(os.environ.get("GISTSCOPE_FUZZ_CASES", "12"))  # of each test that fuzzes
ENOUGH = settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# What parsers stumble over: ends and signs of numbers, brackets, nesting, paths, long lengths.
STUMBLING = (
    *(
        b"\x00",
        b"\xff\xff\xff\xff",
        b"-1",
        b"1e999",
        b"NaN",
        b"9" * 400,
        b"null",
        b'"',
        b"[" * 2000,
    ),
    *(
        b"../../../../tmp/x",
        b"\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"{}",
        b"\\ud800",
        b"<!DOCTYPE x>",
    ),
)
PIECES = st.binary(max_size=8) | st.sampled_from(STUMBLING)
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(("put", "over", "cut", "again", "swap")), PIECES),
    min_size=1,
    max_size=6,
)


def mutated(content: bytes, edits: list[tuple[float, str, bytes]]) -> bytes:
    """`content` with some places changed; a place is a share of its length."""
    changed = bytearray(content)
    for share, kind, piece in edits:
        at = int(share * len(changed))
        if kind == "put":
            changed[at:at] = piece
        elif kind == "over":
            changed[at : at + len(piece)] = piece
        elif kind == "cut":
            del changed[at : at + 1 + 40 * len(piece)]
        elif kind == "again":
            changed[at:at] = changed[at // 2 : at]
        else:
            changed[at // 2 : at // 2 + 8], changed[at : at + 8] = (
                changed[at : at + 8],
                changed[at // 2 : at // 2 + 8],
            )
    return bytes(changed[:2_000_000])


_WRITTEN: list[str] | None = None
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.chmod"}


def _note(event: str, values: tuple[Any, ...]) -> None:
    if _WRITTEN is None:
        return
    if event == "open" and isinstance(values[2], int) and values[2] & WRITES:
        _WRITTEN.extend(os.fsdecode(one) for one in values[:1] if not isinstance(one, int))
    elif event in CHANGES:
        _WRITTEN.extend(os.fsdecode(one) for one in values if isinstance(one, str | bytes))
    elif event in ("subprocess.Popen", "os.system"):
        _WRITTEN.append(event)


@contextmanager
def harmless(seconds: float) -> Iterator[None]:
    """What runs inside ends in time, and touches no file outside of the temporary folder."""
    global _WRITTEN
    if not getattr(sys, "_gistscope_hooked", False):
        sys.addaudithook(_note)  # for good: Python has no way back
        sys._gistscope_hooked = True  # type: ignore[attr-defined]
    began, _WRITTEN = time.monotonic(), []
    try:
        yield
    finally:
        written, _WRITTEN = _WRITTEN, None
    inside = str(Path(tempfile.gettempdir()).resolve())
    outside = [path for path in written if not str(Path(path).resolve()).startswith(inside)]
    assert not outside, outside
    assert time.monotonic() - began < seconds, "it took too long"
