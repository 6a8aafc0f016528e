"""What the page says of a model: how much it reads and writes, and what it doesn't do here."""

from __future__ import annotations

from typing import Any

from demo.messages import message
from model.summarizer import Summarizer


def about(summarizer: Summarizer) -> dict[str, Any]:
    """A model in a line, and what its folder asks for and Gistscope doesn't do."""
    config = summarizer.config
    reads, writes = f"{config.max_source_tokens:,}", f"{config.max_target_tokens:,}"
    says = [
        message("Reads {reads} tokens at once, writes up to {writes}.", reads=reads, writes=writes)
    ]
    if not summarizer.styles:
        says.append(message("It has no styles to choose from."))
    return {"says": says, "notes": list(summarizer.notes)}
