"""Word vectors from a word2vec or GloVe text file into a model's embedding table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from model.tokenizer import Tokenizer
from model.training.rows import UNREADABLE, open_text


@dataclass(frozen=True)
class EmbeddingReport:
    """How many rows of the table got a vector."""

    found: int
    words: int  # of the vocabulary: tokens that can be whole words
    in_file: int

    def __str__(self) -> str:
        return (
            f"{self.found} of {self.words} whole-word tokens found "
            f"among {self.in_file} word vectors"
        )


def load_embeddings(path: Path, model: nn.Module, tokenizer: Tokenizer) -> EmbeddingReport:
    """Initialise the rows of `model.embedding` whose token is a whole word of the file.

    A token with a space before it is a word wherever it stands; one without is looked up too. The
    exact word goes before its lower case. Vectors are scaled to the spread of the table, which
    the layers above were initialised for.
    """
    table = cast(nn.Embedding, model.embedding).weight
    wanted = _words(tokenizer)
    vectors, in_file = _read(path, table.shape[1], {w for names in wanted.values() for w in names})
    chosen = {
        token: next(vectors[word] for word in names if word in vectors)
        for token, names in wanted.items()
        if any(word in vectors for word in names)
    }
    if chosen:
        rows = torch.from_numpy(np.stack(list(chosen.values())))
        _fill(table, list(chosen), rows)
    return EmbeddingReport(len(chosen), len(wanted), in_file)


@torch.no_grad()
def _fill(table: Tensor, tokens: list[int], rows: Tensor) -> None:
    spread = rows.std().clamp_min(1e-8)
    table[tokens] = (rows * (table.std() / spread)).to(table.dtype)


def _words(tokenizer: Tokenizer) -> dict[int, tuple[str, ...]]:
    """For each token that can be a word, the spellings to look for, best first."""
    words = {}
    for token in range(tokenizer.vocabulary_size):
        text = tokenizer.token_text(token)
        word = text.removeprefix(" ")
        if not tokenizer.is_special(token) and word.isalnum():
            words[token] = tuple(dict.fromkeys((word, word.lower())))
    return words


def _read(path: Path, width: int, wanted: set[str]) -> tuple[dict[str, np.ndarray], int]:
    """Vectors of the wanted words, and how many the file has."""
    vectors: dict[str, np.ndarray] = {}
    count = 0
    try:
        with open_text(path) as lines:
            for number, line in enumerate(lines, start=1):
                fields = line.rstrip().split(" ")
                if number == 1 and len(fields) == 2:
                    continue  # word2vec's header: rows and width
                if len(fields) == 1:
                    continue
                # GloVe has a few words with spaces; the vector is always the last `width` fields.
                parts = len(fields) - width
                word = " ".join(fields[: max(0, parts)])
                if parts < 1 or (count == 0 and parts > 1):
                    raise ValueError(
                        f"{path}: line {number} has {len(fields) - 1} numbers, "
                        f"the model's embeddings have {width}"
                    )
                count += 1
                if word in wanted and word not in vectors:
                    vectors[word] = _numbers(fields[-width:], path, number)
    except UNREADABLE as error:
        raise ValueError(f"{path} can't be read: {error}") from error
    return vectors, count


def _numbers(fields: list[str], path: Path, number: int) -> np.ndarray:
    try:
        vector = np.array([float(field) for field in fields], dtype=np.float32)
    except ValueError as error:
        raise ValueError(f"{path}: line {number} is no word vector: {error}") from error
    if not np.isfinite(vector).all():
        raise ValueError(f"{path}: line {number} has a number that is not finite")
    return vector
