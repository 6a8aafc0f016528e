"""The error that says why an upload is not read. How much is read: `demo.serving.limits`."""

from __future__ import annotations

from demo.serving.limits import Limits, variable
from model.text.source_text import MAX_CHARACTERS

__all__ = ["MAX_CHARACTERS", "Limits", "UploadError", "limit"]


class UploadError(ValueError):
    """A document that can't be read; the message says why and is meant for people."""


def limit(limits: Limits, field: str) -> str:
    """A limit and its setting, as messages end: "the limit is 200 (GISTSCOPE_DOCUMENT_PAGES)"."""
    return f"the limit is {getattr(limits, field):,} ({variable(field)})"
