"""Opening a tokenizer.json that may do nothing to a text which grows it, or never ends.

A pattern can take longer than anybody waits, and a replacement can make gigabytes of a page. So
patterns are those that tokenizers are known to have, and one character becomes one.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

import tokenizers

PARTS = ("normalizer", "pre_tokenizer")
MAX_STEPS = 32
MAX_GROWTH = 64  # bytes that a character of the normaliser's table may become; the usual one has 33
# GPT-2's word pattern with two changes: marks stay with their letters, and every digit is a token
# of its own, so that numbers are copied digit by digit instead of guessed whole.
WORD_PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?[\p{L}\p{M}]+| ?\p{N}| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+"
PATTERNS = {
    WORD_PATTERN,
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",  # GPT-2
    " {2,}",
    r"\s+",
}


def backend_of(parsed: Mapping[str, Any]) -> tokenizers.Tokenizer:
    """The library's tokenizer from a tokenizer.json, whoever wrote it. Raises ValueError."""
    check_pipeline(parsed)
    try:
        return tokenizers.Tokenizer.from_str(json.dumps(parsed))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # what is damaged is a panic there, and no Exception
        raise ValueError(f"{error!s:.200}") from error


def check_pipeline(parsed: Mapping[str, Any]) -> None:
    """Refuse a tokenizer.json by what it does to texts; ValueError names the step."""
    for part in PARTS:
        steps = list(_steps(parsed.get(part)))
        if len(steps) > MAX_STEPS:
            raise ValueError(f"its {part} has {len(steps)} steps, the limit is {MAX_STEPS}")
        for step in steps:
            _check_step(step)


def _steps(value: Any) -> Iterator[Mapping[str, Any]]:
    """The steps of a part, those of sequences one by one."""
    waiting = [value]
    while waiting:
        step = waiting.pop()
        if isinstance(step, dict):
            yield step
            for inner in ("normalizers", "pretokenizers"):
                waiting += step[inner] if isinstance(step.get(inner), list) else []


def _check_step(step: Mapping[str, Any]) -> None:
    pattern = step.get("pattern")
    regex = pattern.get("Regex") if isinstance(pattern, dict) else None
    if regex is not None and regex not in PATTERNS:
        raise ValueError(f"its pattern {regex!r:.80} is none that is supported")
    for name in ("content", "prepend", "replacement"):
        if len(str(step.get(name, ""))) > 1:
            raise ValueError(f"its {name} {step[name]!r:.80} has more than one character")
    if step.get("type") == "Precompiled":
        _check_table(step.get("precompiled_charsmap"))


def _check_table(encoded: Any) -> None:
    """A table of characters: the size of its index, the index, and texts that end with zeros."""
    try:
        table = base64.b64decode(encoded if isinstance(encoded, str) else "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"its table of characters is not usable: {error}") from error
    texts = table[4 + int.from_bytes(table[:4], "little") :]
    longest = max(map(len, texts.split(b"\0")))
    if longest > MAX_GROWTH:
        raise ValueError(
            f"its table of characters makes {longest} bytes of one, the limit is {MAX_GROWTH}"
        )
