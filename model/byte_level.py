"""Bytes as GPT-2's printable stand-ins, and bytes as characters. Knows no tokenizer."""

from __future__ import annotations

from collections.abc import Container, Mapping


def decode_bytes(data: bytes) -> tuple[str, list[int]]:
    """The text of `data`, and for every byte the index of the character it is part of."""
    characters: list[str] = []
    character_of: list[int] = []

    def add(valid: bytes) -> None:
        for character in valid.decode("utf-8"):
            character_of.extend([len(characters)] * len(character.encode("utf-8")))
            characters.append(character)

    while data:
        try:
            add(data)
            break
        except UnicodeDecodeError as error:
            add(data[: error.start])
            character_of.extend([len(characters)] * (error.end - error.start))
            characters.append("\ufffd")
            data = data[error.end :]
    return "".join(characters), character_of


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
