"""A run as a file to take along and to load again: the trace's own JSON. Runs no model."""

from __future__ import annotations

import re
import unicodedata

from demo.session import Run
from model.trace import Trace, TraceError

MAX_RUN_BYTES = 8_000_000  # the server takes no larger file either
MOST_NAMED = 6  # words of the summary in a file's name
LONGEST_STEM = 60  # characters
TRACE_ID = "gistscope-trace"  # of the element that holds the trace in a report
EMBEDDED = re.compile(rf'<script type="application/json" id="{TRACE_ID}">(.*?)</script>', re.S)


def run_json(run: Run) -> str:
    """The run's trace as JSON; `Trace.from_json` reads it, too."""
    return run.trace.to_json()


def load_run(text: str) -> Run:
    """The run of a saved JSON file or of an offline report; `ValueError` says what is wrong."""
    if not isinstance(text, str):
        raise ValueError(f"a saved run is text, got {type(text).__name__}")
    # No character takes less than a byte: a text that is too long need not be encoded.
    size = len(text) if len(text) > MAX_RUN_BYTES else len(text.encode("utf-8", "replace"))
    if size > MAX_RUN_BYTES:
        raise ValueError(f"the saved run has {size:,} bytes, the limit is {MAX_RUN_BYTES:,}")
    text = text.removeprefix("\ufeff").lstrip()
    if text.startswith("<"):
        found = EMBEDDED.search(text)
        if not found:
            raise ValueError("this HTML page is no report: it holds no run")
        text = found[1]
    trace = Trace.from_json(text)
    _check_drawable(trace)
    style = f"{trace.source.style} · " if trace.source.style else ""
    return Run(trace, f"{style}from a file")


def file_stem(run: Run) -> str:
    """A name for a run's files, from the first words of its summary: ASCII, no ending."""
    text = run.trace.hypotheses[run.hypothesis].text if run.trace.hypotheses else ""
    plain = unicodedata.normalize("NFKD", text[:400]).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.lower())[:MOST_NAMED]
    return "-".join(["gistscope", *words])[:LONGEST_STEM].rstrip("-")


def _check_drawable(trace: Trace) -> None:
    """A trace can be sound and yet have nothing to show."""
    if not trace.hypotheses:
        raise TraceError("the saved run has no summary (0 hypotheses)")
    for number, hypothesis in enumerate(trace.hypotheses):
        if len(hypothesis.rows) != len(hypothesis.token_ids):
            raise TraceError(
                f"hypotheses[{number}] of the saved run has {len(hypothesis.token_ids)} tokens "
                f"but only {len(hypothesis.rows)} recorded steps; it can't be drawn"
            )
