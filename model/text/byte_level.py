"""Bytes as GPT-2's printable stand-ins, bytes as characters and as text. Knows no tokenizer."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence

Span = tuple[int, int]

ESCAPED_BYTE = re.compile(r"\\x([89a-f][0-9a-f])")


def decode_bytes(data: bytes) -> tuple[str, list[int]]:
    """The text of `data`, and for every byte the index of the character it is part of."""
    text = data.decode("utf-8", errors="replace")
    character_of: list[int] = []
    for place, character in enumerate(text):
        start = len(character_of)
        size = len(character.encode("utf-8"))
        if character == "\ufffd":
            size = _size_of_first(data[start : start + 4])
        character_of.extend([place] * size)
    return text, character_of


def _size_of_first(data: bytes) -> int:
    """How many of these bytes make one U+FFFD: three that spell it, or those that are broken."""
    try:
        return len(data.decode("utf-8")[0].encode("utf-8"))
    except UnicodeDecodeError as error:
        return error.start or error.end


def text_and_spans(
    pieces: Sequence[bytes], hides_space: bool = False
) -> tuple[str, tuple[Span, ...]]:
    """The text of tokens' bytes, and the characters of it that every token stands for.

    Tokens that hold bytes of one character share its span; a token without bytes has an empty one.
    Where the space before the first word is hidden, a token of it alone has the span of the next,
    as in a source.
    """
    shown = without_first_space(pieces) if hides_space else pieces
    text, character_of = decode_bytes(b"".join(shown))
    spans: list[Span] = []
    position = 0
    for piece, rest in zip(pieces, shown, strict=True):
        if rest or (piece and position < len(character_of)):
            start = character_of[position]
            end = character_of[position + len(rest or b" ") - 1] + 1
            position += len(rest)
            spans.append(trim(text, start, end))
        else:
            here = spans[-1][1] if spans else 0
            spans.append((here, here))
    return text, tuple(spans)


def without_first_space(pieces: Sequence[bytes]) -> Sequence[bytes]:
    """A text's pieces without the space before its first word."""
    first = next((place for place, piece in enumerate(pieces) if piece), len(pieces))
    return [
        piece.removeprefix(b" ") if place == first else piece for place, piece in enumerate(pieces)
    ]


def trim(text: str, start: int, end: int) -> Span:
    """Leave out white space around a word piece; a token of white space alone keeps its span."""
    piece = text[start:end]
    bare = piece.strip()
    if not bare:
        return start, end
    start += len(piece) - len(piece.lstrip())
    return start, start + len(bare)


def written_bytes(piece: bytes) -> str:
    r"""A token's bytes as text; a byte of part of a character as `\xc3`."""
    return piece.decode("utf-8", errors="backslashreplace")


def read_bytes(text: str) -> bytes:
    r"""The inverse of `written_bytes`, but for tokens that really spell out `\xc3`."""
    halves = ESCAPED_BYTE.split(text)  # text, two digits, text, ...
    return b"".join(
        bytes.fromhex(half) if place % 2 else half.encode("utf-8")
        for place, half in enumerate(halves)
    )


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's printable stand-in for every byte, turned round: character to byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    stand_ins = {chr(byte): byte for byte in printable}
    return stand_ins | {chr(256 + place): byte for place, byte in enumerate(others)}


def byte_table(vocabulary: Mapping[str, int], special: Container[int]) -> list[bytes]:
    """The bytes every id stands for; none for special tokens and for gaps between ids."""
    alphabet = _byte_alphabet()
    table = [b""] * (max(vocabulary.values(), default=-1) + 1)
    for token, id in vocabulary.items():
        if id in special:
            continue
        try:
            table[id] = bytes(alphabet[character] for character in token)
        except KeyError as error:
            raise ValueError(f"the token {token!r:.80} is not byte-level") from error
    return table
