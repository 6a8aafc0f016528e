"""A SentencePiece .model file: its pieces and settings, read from the protocol buffer it is.

Four fields of the format are needed, which its description fixes for good: 1 holds a piece (1 its
text, 2 its score, 3 its type), 2 the trainer's settings (3 the algorithm, 35 byte fallback, 40 the
unknown piece), 3 the normaliser's (2 the table of characters). All else is skipped.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model.config import MAX_VOCABULARY
from model.untrusted import CheckpointError, read_bytes

MAX_BYTES = 16_000_000
MAX_FIELDS = MAX_VOCABULARY + 1_000  # of the file, or of a part of it
MAX_PIECE_FIELDS = 16
UNIGRAM = 1
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Value = int | bytes


@dataclass(frozen=True)
class Pieces:
    """What such a file holds."""

    texts: tuple[str, ...]
    scores: tuple[float, ...]
    unknown: int
    byte_fallback: bool
    characters: bytes  # precompiled table of the normaliser; empty for none


def read(path: Path) -> Pieces:
    """Read a unigram model. Raises `CheckpointError` for another kind and for damage."""
    content = read_bytes(path, MAX_BYTES)
    try:
        fields = list(_fields(content))
        texts, scores = _pieces([value for number, value in fields if number == 1])
        trainer = _settings(fields, 2)
        characters = _settings(fields, 3).get(2, b"")
    except (IndexError, ValueError, TypeError, struct.error) as error:
        raise CheckpointError(f"{path} is no SentencePiece model: {error}") from error
    algorithm = trainer.get(3, UNIGRAM)
    if algorithm != UNIGRAM:
        raise CheckpointError(f"{path} has the algorithm {algorithm!r:.20}, supported is unigram")
    unknown = trainer.get(40, 0)
    if not isinstance(unknown, int) or not unknown < len(texts) <= MAX_VOCABULARY:
        raise CheckpointError(
            f"{path} has {len(texts)} pieces (of at most {MAX_VOCABULARY}), "
            f"the unknown one is {unknown!r:.20}"
        )
    if not isinstance(characters, bytes):
        raise CheckpointError(f"{path} has no table of characters, but {characters!r:.20}")
    return Pieces(texts, scores, unknown, bool(trainer.get(35, 0)), characters)


def _pieces(encoded: list[Value]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    texts, scores = [], []
    for value in encoded:
        fields = dict(_fields(_bytes(value), MAX_PIECE_FIELDS))
        texts.append(_bytes(fields.get(1, b"")).decode("utf-8"))
        scores.append(struct.unpack("<f", _bytes(fields.get(2, b"\0\0\0\0")))[0])
        if not math.isfinite(scores[-1]):
            raise ValueError(f"the piece {texts[-1]!r:.80} has the score {scores[-1]}")
    return tuple(texts), tuple(scores)


def _settings(fields: list[tuple[int, Value]], number: int) -> dict[int, Value]:
    return dict(_fields(b"".join(_bytes(value) for n, value in fields if n == number)))


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"bytes expected, got {value!r:.20}")
    return value


def _fields(data: bytes, limit: int = MAX_FIELDS) -> Iterator[tuple[int, Value]]:
    """Numbers and values of a message, in order, and at most `limit` of them."""
    place, count = 0, 0
    while place < len(data):
        count += 1
        if count > limit:
            raise ValueError(f"a part of more than {limit} fields")
        key, place = _varint(data, place)
        kind = key & 7
        if kind == VARINT:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        size = {FIXED64: 8, FIXED32: 4}.get(kind, 0)
        if kind == BYTES:
            size, place = _varint(data, place)
        elif not size:
            raise ValueError(f"unknown kind of field: {kind}")
        if place + size > len(data):
            raise ValueError(f"a field of {size} bytes at {place} of {len(data)}")
        yield key >> 3, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, the last one unmarked, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError(f"a number of more than ten bytes at {place}")
