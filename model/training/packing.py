"""Step two and a half: JSONL to token ids in memory-mapped arrays, so that training starts at once.

A split is a folder of `.npy` files: ids of all sources (targets) in a row as uint16, and offsets;
row r is `ids[offsets[r]:offsets[r + 1]]`. Special tokens are added when batches are made.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np

from model.tokenizer import Tokenizer
from model.training.rows import Columns, Row, open_text, read_rows

PACKED = "packed"
VERSION = 1
LARGEST_VOCABULARY = 65_536  # ids are uint16
CHUNK = 2_000  # rows tokenized at once
# Characters of a source that are packed: so many for every token that is read, English has 4 or 5.
CHARACTERS_PER_TOKEN = 15
FEWEST_CHARACTERS = 8_000
NO_STYLE = -1


@dataclass(frozen=True)
class PackedSplit:
    """Rows of one split; the arrays are memory-mapped."""

    source_ids: np.ndarray  # uint16 [all source tokens]
    source_offsets: np.ndarray  # int64 [rows + 1]
    target_ids: np.ndarray  # uint16 [all target tokens]
    target_offsets: np.ndarray  # int64 [rows + 1]
    style_ids: np.ndarray  # int32 [rows], the style's token, NO_STYLE for none
    groups: np.ndarray  # int32 [rows], index into `group_names`
    group_names: tuple[tuple[str, str], ...]  # (style, set)

    def __len__(self) -> int:
        return len(self.style_ids)

    def source(self, row: int) -> np.ndarray:
        """Subword ids of the source."""
        return self.source_ids[self.source_offsets[row] : self.source_offsets[row + 1]]

    def target(self, row: int) -> np.ndarray:
        """Subword ids of the target."""
        return self.target_ids[self.target_offsets[row] : self.target_offsets[row + 1]]


def build_tokenizer(
    paths: Sequence[Path],
    vocabulary_size: int,
    output: Path,
    megabytes: int = 60,
    columns: Columns | None = None,
) -> Tokenizer:
    """Learn a tokenizer from pairs and plain text files and save it as `output`/tokenizer.json.

    Each file gives an equal share of `megabytes`, spread evenly over it. Never pass held-out data.
    """
    if megabytes < 1:
        raise ValueError(f"megabytes must be at least 1, got {megabytes}")
    share = megabytes * 1_000_000 // max(1, len(paths))
    samples = (_sample(path, share, columns or Columns()) for path in paths)
    tokenizer = Tokenizer.train(itertools.chain.from_iterable(samples), vocabulary_size)
    output.mkdir(parents=True, exist_ok=True)
    tokenizer.save(output)
    return tokenizer


def pack(data: Path, tokenizer: Tokenizer, source_tokens: int = 0) -> Path:
    """Tokenize `data`/{train,valid}.jsonl into `data`/packed; returns that folder.

    `source_tokens` of a source will be read: what surely lies behind them is left out.
    """
    if tokenizer.vocabulary_size > LARGEST_VOCABULARY:
        raise ValueError(
            f"packed data holds vocabularies up to {LARGEST_VOCABULARY}, "
            f"got {tokenizer.vocabulary_size}"
        )
    folder = data / PACKED
    (folder / "meta.json").unlink(missing_ok=True)
    groups: dict[tuple[str, str], int] = {}
    for split in ("train", "valid"):
        rows = _chunks(data / f"{split}.jsonl", _characters(source_tokens))
        _pack_split(rows, folder / split, tokenizer, groups)
    meta = {
        "version": VERSION, "tokenizer": fingerprint(tokenizer), "is_spaced": tokenizer.is_spaced,
        "characters": _characters(source_tokens), "groups": [list(name) for name in groups],
    }  # fmt: skip
    # Written last: a folder with meta.json is complete.
    partial = folder / ".meta.json"
    partial.write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / "meta.json")
    return folder


def is_packed(data: Path, tokenizer: Tokenizer, source_tokens: int = 0) -> bool:
    """Whether `data` has been packed with this very tokenizer, as far as sources will be read."""
    path = data / PACKED / "meta.json"
    if not path.is_file():
        return False
    meta = json.loads(path.read_text(encoding="utf-8"))
    texts = [data / f"{split}.jsonl" for split in ("train", "valid")]
    newest = max((text.stat().st_mtime for text in texts if text.is_file()), default=0.0)
    return (
        meta.get("version") == VERSION
        and meta.get("tokenizer") == fingerprint(tokenizer)
        and meta.get("is_spaced", False) == tokenizer.is_spaced
        and meta.get("characters", FEWEST_CHARACTERS) >= _characters(source_tokens)
        and path.stat().st_mtime >= newest
    )


def open_split(data: Path, split: str) -> PackedSplit:
    """The packed arrays of "train" or "valid"."""
    folder = data / PACKED
    if not (folder / "meta.json").is_file():
        raise ValueError(f"{folder} holds no packed data; pack it first")
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    group_names = tuple((style, name) for style, name in meta["groups"])

    def array(name: str) -> np.ndarray:
        return cast(np.ndarray, np.load(folder / split / f"{name}.npy", mmap_mode="r"))

    return PackedSplit(
        array("source_ids"), array("source_offsets"), array("target_ids"), array("target_offsets"),
        array("style_ids"), array("groups"), group_names,
    )  # fmt: skip


def fingerprint(tokenizer: Tokenizer) -> str:
    """What tells one tokenizer from another: a hash of all its tokens in order."""
    tokens = "\0".join(tokenizer.token_text(id) for id in range(tokenizer.vocabulary_size))
    return hashlib.sha256(tokens.encode("utf-8")).hexdigest()[:16]


def _characters(source_tokens: int) -> int:
    return max(FEWEST_CHARACTERS, CHARACTERS_PER_TOKEN * source_tokens)


def _pack_split(
    chunks: Iterable[list[Row]],
    folder: Path,
    tokenizer: Tokenizer,
    groups: dict[tuple[str, str], int],
) -> None:
    sources, targets = _Ids(), _Ids()
    style_ids: list[int] = []
    row_groups: list[int] = []
    for rows in chunks:
        sources.extend(tokenizer.encode_batch([row.source for row in rows], inside=False))
        targets.extend(tokenizer.encode_batch([row.target for row in rows], inside=False))
        for row in rows:
            style_ids.append(tokenizer.style_id(row.style) if row.style else NO_STYLE)
            row_groups.append(groups.setdefault((row.style, row.set), len(groups)))
    folder.mkdir(parents=True, exist_ok=True)
    for name, ids in (("source", sources), ("target", targets)):
        _save(folder / f"{name}_ids.npy", ids.joined())
        _save(folder / f"{name}_offsets.npy", np.cumsum([0, *ids.lengths], dtype=np.int64))
    _save(folder / "style_ids.npy", np.asarray(style_ids, dtype=np.int32))
    _save(folder / "groups.npy", np.asarray(row_groups, dtype=np.int32))


def _save(path: Path, array: np.ndarray) -> None:
    """Written beside and renamed: a run that has the old array mapped keeps it."""
    partial = path.with_name(f".{path.name}")
    np.save(partial, array)
    partial.replace(path)


class _Ids:
    """Token ids of many texts, two bytes each."""

    def __init__(self) -> None:
        self.parts: list[np.ndarray] = []
        self.lengths: list[int] = []

    def extend(self, texts: Iterable[list[int]]) -> None:
        for ids in texts:
            self.parts.append(np.asarray(ids, dtype=np.uint16))
            self.lengths.append(len(ids))

    def joined(self) -> np.ndarray:
        return np.concatenate(self.parts) if self.parts else np.zeros(0, dtype=np.uint16)


def _chunks(path: Path, characters: int) -> Iterator[list[Row]]:
    """The rows of a file, their sources cut to so many characters."""
    if not path.is_file():
        raise ValueError(f"{path.parent} has no {path.name}; prepare the data first")
    read = (row for row in read_rows(path, Columns()) if row is not None)
    rows = (replace(row, source=row.source[:characters]) for row in read)
    while chunk := list(itertools.islice(rows, CHUNK)):
        yield chunk


def _sample(path: Path, limit: int, columns: Columns) -> Iterator[str]:
    """About `limit` bytes of a file's text: every n-th piece, from one end to the other."""
    total = sum(len(text) for text in _texts(path, columns))
    stride = max(1, round(total / max(1, limit)))
    for place, text in enumerate(_texts(path, columns)):
        if place % stride == 0:
            yield text


def _texts(path: Path, columns: Columns) -> Iterator[str]:
    if ".txt" in path.suffixes:
        with open_text(path) as lines:
            yield from (line for line in lines if line.strip())
        return
    for row in read_rows(path, columns):
        if row is not None:
            yield f"{row.source}\n{row.target}"
