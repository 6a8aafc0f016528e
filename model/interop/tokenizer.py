"""A foreign tokenizer as ours: what its ids stand for, and what it puts around a text.

Two kinds can be shown character by character: byte-level BPE (BART) and SentencePiece's unigrams
(T5, PEGASUS, mBART, Marian). Text never turns into a special token here, as with our own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tokenizers

from model.config import MAX_VOCABULARY, TransformerConfig
from model.interop.settings import Settings
from model.interop.slow_tokenizer import convert
from model.strategies.manners import Manners
from model.text.byte_level import byte_table
from model.text.conventions import FILE_NAME, MAX_FILE_BYTES, Conventions
from model.text.pipeline import backend_of
from model.tokenizer import Tokenizer
from model.untrusted import CheckpointError

SPACE = "\u2581"  # how SentencePiece writes the space before a word
BYTE = re.compile(r"<0x([0-9A-F]{2})>")
MAX_AROUND = 8  # tokens before a text, and behind it


def read(
    folder: Path, family: str, config: TransformerConfig, manners: Manners, prompt: str
) -> Tokenizer:
    """The folder's tokenizer. Raises `CheckpointError` with the file and the reason."""
    path, parsed, backend = _opened(folder, family)
    backend.no_truncation()  # else the file could cut what is looked at below
    vocabulary = backend.get_vocab(with_added_tokens=True)
    highest = max(vocabulary.values(), default=0)
    if highest >= config.vocabulary_size:
        raise CheckpointError(
            f"{path} has the token {highest}, the model only {config.vocabulary_size}"
        )
    unknown = _unknown(parsed, vocabulary)
    special = _special(backend, vocabulary, config, manners, unknown)
    missing = config.vocabulary_size - highest - 1
    special |= {highest + 1 + n: f"<{highest + 1 + n}>" for n in range(missing)}
    is_spaced = _is_spaced(path, parsed)
    plain = {t.content: id for id, t in backend.get_added_tokens_decoder().items()}
    inner = {token: id for token, id in vocabulary.items() if token not in plain}
    pieces = _spaced_table(inner, special) if is_spaced else _byte_table(path, inner, special)
    pieces += [b""] * (config.vocabulary_size - len(pieces))
    for content, id in plain.items():
        pieces[id] = b"" if id in special else content.encode()
    start, end = _around(path, backend)
    return Tokenizer(
        backend,
        Conventions(
            pieces=pieces,
            special=special,
            eos_id=config.eos_id,
            source_start=start,
            source_end=end,
            target_start=manners.first_ids or start,
            prompt=prompt,
            is_spaced=is_spaced,
            unknown_id=config.pad_id if unknown is None else unknown,
        ),
    )


def _opened(folder: Path, family: str) -> tuple[Path, Mapping[str, Any], tokenizers.Tokenizer]:
    """What is opened, its tokenizer.json, and the library's tokenizer."""
    path = folder / FILE_NAME
    if path.is_file():
        parsed = Settings.read(path, MAX_FILE_BYTES).values
        _check(path, parsed)
    else:
        path, parsed = folder, json.loads(convert(folder, family).to_str())
    try:
        return path, parsed, backend_of(parsed)
    except ValueError as error:
        raise CheckpointError(f"{path} is not usable: {error}") from error


def _check(path: Path, parsed: Mapping[str, Any]) -> None:
    """Kind and size of the vocabulary, before the library reads it."""
    model = parsed.get("model")
    kind = model.get("type") if isinstance(model, dict) else None
    if not isinstance(model, dict) or kind not in ("BPE", "Unigram"):
        raise CheckpointError(f"{path} holds a {kind!r:.80} model, supported are BPE and Unigram")
    vocabulary = model.get("vocab")
    if not isinstance(vocabulary, dict | list) or not 0 < len(vocabulary) <= MAX_VOCABULARY:
        raise CheckpointError(f"{path} must have a vocabulary of 1 to {MAX_VOCABULARY} tokens")
    added = parsed.get("added_tokens") or []
    if not isinstance(added, list):
        raise CheckpointError(f"{path} has no list of added_tokens, but {added!r:.80}")
    ids: list[Any] = list(vocabulary.values()) if isinstance(vocabulary, dict) else []
    ids += [token.get("id") for token in added if isinstance(token, dict)]
    # Ids index a table: one id of 4 billion must not allocate one.
    if not all(isinstance(id, int) and 0 <= id < 2 * MAX_VOCABULARY for id in ids):
        raise CheckpointError(f"{path} has token ids that are no numbers below {MAX_VOCABULARY}")
    unknown = model.get("unk_id")
    if kind == "Unigram" and not isinstance(unknown, int):
        raise CheckpointError(f"{path} names no unk_id for characters outside its vocabulary")
    if unknown is not None and not (isinstance(unknown, int) and 0 <= unknown < len(vocabulary)):
        raise CheckpointError(f"{path} names the unk_id {unknown!r:.80}, which is no token of it")


def _is_spaced(path: Path, parsed: Mapping[str, Any]) -> bool:
    """Whether tokens are text with a mark for the space before it, or stand for bytes."""
    decoder = parsed.get("decoder") or {}
    kinds = {part.get("type") for part in (decoder, *decoder.get("decoders", ()))}
    if "ByteLevel" in kinds:
        return False
    if kinds & {"Metaspace", "Replace"}:
        return True
    raise CheckpointError(
        f"{path} decodes by {decoder.get('type')!r:.80}, supported are ByteLevel and Metaspace"
    )


def _unknown(parsed: Mapping[str, Any], vocabulary: Mapping[str, int]) -> int | None:
    """The token of what the vocabulary can't write."""
    model = parsed["model"]
    unknown: int | None = model.get("unk_id")
    name = model.get("unk_token")
    return vocabulary.get(name) if unknown is None and isinstance(name, str) else unknown


def _special(
    backend: tokenizers.Tokenizer,
    vocabulary: Mapping[str, int],
    config: TransformerConfig,
    manners: Manners,
    unknown: int | None,
) -> dict[int, str]:
    """Names of the ids that stand for no text: those marked so, and those that steer."""
    added = backend.get_added_tokens_decoder()
    steering = {config.pad_id, config.eos_id, config.decoder_start_id, *manners.first_ids}
    names = {id: token for token, id in vocabulary.items() if id in steering or id == unknown}
    return names | {id: token.content for id, token in added.items() if token.special}


def _byte_table(
    path: Path, vocabulary: Mapping[str, int], special: Mapping[int, str]
) -> list[bytes]:
    try:
        return byte_table(vocabulary, special)
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from error


def _spaced_table(vocabulary: Mapping[str, int], special: Mapping[int, str]) -> list[bytes]:
    """The bytes every id stands for: its text, or one byte of a character it can't write whole."""
    table = [b""] * (max(vocabulary.values(), default=-1) + 1)
    for token, id in vocabulary.items():
        byte = BYTE.fullmatch(token)
        if id not in special:
            table[id] = bytes.fromhex(byte[1]) if byte else token.replace(SPACE, " ").encode()
    return table


def _around(path: Path, backend: tokenizers.Tokenizer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The tokens that the file puts before and behind every text."""
    encoding = backend.encode("a")
    content = [place for place, added in enumerate(encoding.special_tokens_mask) if not added]
    if not content:
        raise CheckpointError(f"{path} makes no token of the text 'a'")
    start, end = encoding.ids[: content[0]], encoding.ids[content[-1] + 1 :]
    if max(len(start), len(end)) > MAX_AROUND:
        raise CheckpointError(
            f"{path} puts {max(len(start), len(end))} tokens around a text, at most {MAX_AROUND}"
        )
    return tuple(start), tuple(end)
