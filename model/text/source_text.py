"""What counts as a text to summarise. Checked once, before anything counts characters."""

from __future__ import annotations

import re

MAX_CHARACTERS = 1_000_000

UNWRITABLE = re.compile("[\x00\ud800-\udfff]")  # NUL, and halves of characters


class TextError(ValueError):
    """A text that can't be summarised; the message says why."""


def clean_text(text: str, name: str = "text") -> str:
    """The text with NUL and lone surrogates as U+FFFD, so its length stays. Raises `TextError`."""
    if not isinstance(text, str):
        raise TextError(f"the {name} must be str, got {type(text).__name__}")
    if len(text) > MAX_CHARACTERS:
        raise TextError(f"the {name} has {len(text):,} characters, the limit is {MAX_CHARACTERS:,}")
    if not text.strip():
        kind = "is empty" if not text else "has only white space"
        raise TextError(f"the {name} {kind}")
    return UNWRITABLE.sub("\ufffd", text)
