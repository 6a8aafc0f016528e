"""How much of an upload is read, and the error that says so."""

from __future__ import annotations

from model.source_text import MAX_CHARACTERS

MAX_FILE_BYTES = 5_000_000
MAX_PAGES = 200  # of a PDF
MAX_SECONDS = 20.0  # of reading one PDF; a page can be written to take for ever
MAX_STREAM_BYTES = 20_000_000  # that one compressed part of a PDF unpacks to
MAX_UNPACKED_BYTES = 50_000_000  # of a Word file, which is a zip archive; pictures count
MAX_MARKUP_BYTES = 20_000_000  # of one part of a Word file that is read
MAX_PARTS = 2_000  # files in that archive

__all__ = [
    "MAX_CHARACTERS",
    "MAX_FILE_BYTES",
    "MAX_MARKUP_BYTES",
    "MAX_PAGES",
    "MAX_PARTS",
    "MAX_SECONDS",
    "MAX_STREAM_BYTES",
    "MAX_UNPACKED_BYTES",
    "UploadError",
]


class UploadError(ValueError):
    """A document that can't be read; the message says why and is meant for people."""
