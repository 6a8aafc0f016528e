"""What one visitor may ask of a shared page: one frozen record, each field an environment variable.

What the decoder accepts stands in `model.options`; here is only what depends on who may come and on
what the machine can bear.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "GISTSCOPE_"
LARGEST = 10**12
ZERO_SECONDS = 30  # of a run where it takes the time of a GPU that many Spaces share
SPACE_WORKERS = 2  # the cores of a Space that costs nothing
MOST_WORKERS = 64
MAY_BE_ZERO = ("workers", "trusted_proxies", "metrics_port")


class LimitError(ValueError):
    """Something is over a limit; the message names the value, the limit and its setting."""


@dataclass(frozen=True)
class Limits:
    """Safe defaults for 2 cores and 16 GB. GISTSCOPE_TEXT_CHARACTERS sets `text_characters`, …"""

    text_characters: int = 200_000  # of one text; some 35,000 words
    body_bytes: int = 9_000_000  # of one request; a file, or a text with room for escapes
    upload_bytes: int = 8_000_000  # of one file: a document or a saved run
    document_bytes: int = 5_000_000  # of an uploaded document, as it comes
    document_pages: int = 200  # of a PDF
    document_seconds: int = 20  # of reading a PDF; a page can be written to take for ever
    document_part_bytes: int = 20_000_000  # that one part of a PDF or Word file unpacks to
    document_unpacked_bytes: int = 50_000_000  # of a whole Word file; its pictures count
    document_parts: int = 2_000  # files in a Word file, which is a zip archive
    workers: int = 0  # processes that make runs, each with the models; 0: one run at a time, here
    queue_length: int = 16  # runs that wait; the next one is refused
    run_seconds: int = 120  # of one run; it then ends with what it has
    run_work: int = 6_000_000  # num_beams x max_new_tokens x tokens of the source that are read
    requests_per_minute: int = 300  # of one client; files of the page itself do not count
    trusted_proxies: int = 0  # reverse proxies in front, whose X-Forwarded-For entry counts
    sessions: int = 64  # visitors whose runs are kept; each keeps up to `session.MOST_RUNS`
    stop_seconds: int = 20  # that runs get to end when the server is told to stop
    metrics_port: int = 0  # of the figures for Prometheus, on this machine only; 0 is off

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, low = getattr(self, field.name), 0 if field.name in MAY_BE_ZERO else 1
            if isinstance(value, bool) or not isinstance(value, int):
                raise LimitError(
                    f"{variable(field.name)} must be a whole number, got {value!r:.80}"
                )
            if not low <= value <= LARGEST:
                raise LimitError(
                    f"{variable(field.name)} must be between {low} and {LARGEST}, got {value}"
                )
        if self.workers > MOST_WORKERS:
            raise LimitError(
                f"{variable('workers')} must be at most {MOST_WORKERS}, got {self.workers}"
            )
        if self.metrics_port > 65_535:
            raise LimitError(f"{variable('metrics_port')} must be a port, got {self.metrics_port}")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Limits:
        """The defaults, with whatever the environment sets. Raises `LimitError`."""
        given: dict[str, int] = {}
        for field in dataclasses.fields(cls):
            text = environment.get(variable(field.name), "").strip().replace("_", "")
            if not text:
                continue
            if not text.isascii() or not text.isdecimal() or len(text) > 15:
                raise LimitError(f"{variable(field.name)} must be a whole number, got {text!r:.80}")
            given[field.name] = int(text)
        if environment.get("SPACE_ID"):  # a Space always stands behind one proxy
            given.setdefault("trusted_proxies", 1)
        if environment.get("SPACES_ZERO_GPU"):  # a visitor without an account has few minutes a day
            given.setdefault("run_seconds", ZERO_SECONDS)
        elif environment.get("SPACE_ID"):
            given.setdefault("workers", SPACE_WORKERS)
        return cls(**given)


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()
