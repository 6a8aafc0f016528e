"""What a tokenizer's ids mean to a model: which steer it, what all others stand for."""

from __future__ import annotations

from dataclasses import dataclass

PAD, START, END, UNKNOWN, MASK = "<pad>", "<s>", "</s>", "<unk>", "<mask>"
STYLES = ("headline", "title", "tldr", "notes", "summary")
SPECIAL_TOKENS = (PAD, START, END, UNKNOWN, *(f"<{style}>" for style in STYLES), MASK)

FILE_NAME = "tokenizer.json"
MAX_FILE_BYTES = 40_000_000


class TokenizerError(ValueError):
    """A tokenizer file that can't be used; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class Conventions:
    """What a model's ids stand for, and what it wants to see around a text."""

    pieces: list[bytes]  # what every id stands for; nothing for a special token
    special: dict[int, str]  # names of the ids that steer the model instead
    eos_id: int
    source_start: tuple[int, ...] = ()  # before every source
    source_end: tuple[int, ...] = ()  # behind it
    target_start: tuple[int, ...] = ()  # before every summary
    prompt: str = ""  # text before every source
    # Words begin with a space, the first of a text as well, which is not shown (SentencePiece).
    is_spaced: bool = False
    unknown_id: int | None = None  # what a special token becomes that a text spells out
