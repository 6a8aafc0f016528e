"""Logs as one JSON object a line, without anything that a visitor sent.

An error's own message may quote a text: only its type and the places in the code are written.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import SimpleNamespace, TracebackType

FIELDS = ("call", "endpoint", "outcome", "seconds", "tokens", "kind", "address")
# Loggers whose sentences are ours; of all others only the fixed part is written.
OURS = ("demo", "model", "app", "__main__")
MOST_PLACES = 8  # of a traceback, the innermost ones


class JsonFormatter(logging.Formatter):
    """A record as JSON: time, level, logger, message, the named fields, and where it broke."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name.partition(".")[0] in OURS
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if ours else str(record.msg),
        }
        entry |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[0]:
            entry["error"] = record.exc_info[0].__name__
            entry["at"] = _places(record.exc_info[2])
        return json.dumps(entry, ensure_ascii=False)


def configure() -> None:
    """Send every log to standard error in this form. For a process of ours alone; call it last."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(
            logging.WARNING
        )  # no access log: an address may hold what nobody else knows


def hush_gradio() -> None:
    """Log only the type of what Gradio would print: its tracebacks quote the values received."""
    from gradio import queueing, routes

    quiet = SimpleNamespace(print_exc=_log_kind, format_exc=_kind)
    for module in (queueing, routes):
        vars(module)["traceback"] = quiet


def _kind() -> str:
    error = sys.exc_info()[1]
    return type(error).__name__ if error else ""


def _log_kind(*_: object, **__: object) -> None:
    logging.getLogger(__name__).warning("A request was not carried out", extra={"kind": _kind()})


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-MOST_PLACES:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
