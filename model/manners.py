"""How a checkpoint made elsewhere writes: what no option asks for and every run keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Manners:
    """Rules of one model, in token ids."""

    first_ids: tuple[int, ...] = ()  # every summary begins with these
    banned_ids: tuple[tuple[int, ...], ...] = ()  # sequences that are never written
    ends_at_limit: bool = False  # the last token that max_new_tokens allows is the end token
