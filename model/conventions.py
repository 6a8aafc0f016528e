"""What a tokenizer's ids mean to a model: which steer it, what all others stand for.

Here are the conventions of the tokenizers trained here; `interop` reads those of others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import tokenizers

from model.byte_level import byte_table

PAD, START, END, UNKNOWN, MASK = "<pad>", "<s>", "</s>", "<unk>", "<mask>"
STYLES = ("headline", "title", "tldr", "notes", "summary")
SPECIAL_TOKENS = (PAD, START, END, UNKNOWN, *(f"<{style}>" for style in STYLES), MASK)

FILE_NAME = "tokenizer.json"
MAX_FILE_BYTES = 64_000_000


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


def own_conventions(backend: tokenizers.Tokenizer) -> Conventions:
    """Those of a tokenizer trained here, read off its special tokens."""
    special = {
        id: token.content for id, token in backend.get_added_tokens_decoder().items()
        if token.special
    }  # fmt: skip
    by_name = {name: id for id, name in special.items()}
    missing = [name for name in (PAD, START, END) if name not in by_name]
    if missing:
        raise TokenizerError(f"the tokenizer lacks the special tokens {', '.join(missing)}")
    pieces = byte_table(backend.get_vocab(with_added_tokens=True), special)
    end = by_name[END]
    return Conventions(pieces=pieces, special=special, eos_id=end, source_end=(end,))


def own_backend(content: str) -> tokenizers.Tokenizer:
    """The library's tokenizer from our tokenizer.json. Raises `TokenizerError`."""
    try:
        parsed: Any = json.loads(content)
    except RecursionError as error:
        raise TokenizerError("it is nested too deeply") from error
    model = parsed.get("model") if isinstance(parsed, dict) else None
    if not isinstance(model, dict) or model.get("type") != "BPE":
        raise TokenizerError("it holds no BPE")
    if parsed.get("normalizer") is not None:
        raise TokenizerError("it has a normalizer, which would move characters")
    ids = model.get("vocab")
    # Checked here because ids index a table: one id of 4 billion must not allocate one.
    if not isinstance(ids, dict) or any(id >= 2 * len(ids) + 1000 for id in _numbers(ids)):
        raise TokenizerError("its vocabulary is not a table of tokens to consecutive ids")
    try:
        return tokenizers.Tokenizer.from_str(content)
    except Exception as error:  # the library raises nothing more precise
        raise TokenizerError(str(error)) from error


def _numbers(ids: dict[str, Any]) -> list[int]:
    return [id if isinstance(id, int) else 2 * len(ids) + 1000 for id in ids.values()]
