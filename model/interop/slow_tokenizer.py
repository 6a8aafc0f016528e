"""Folders without tokenizer.json: the older files of BART and of SentencePiece, converted.

How many tokens a family puts before the pieces of its .model file, and which behind, is written in
no file; it is what its tokenizer in `transformers` does.
"""

from __future__ import annotations

from pathlib import Path

import tokenizers
from tokenizers import (
    AddedToken,
    Regex,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from model.config import MAX_VOCABULARY
from model.interop.sentencepiece import Pieces
from model.interop.sentencepiece import read as read_pieces
from model.interop.settings import Settings
from model.text.conventions import FILE_NAME, MAX_FILE_BYTES
from model.untrusted import CheckpointError, read_bytes

BPE_VOCABULARY, BPE_MERGES = "vocab.json", "merges.txt"
PIECES = ("spiece.model", "source.spm")
EXTRA = 100  # tokens that T5 has besides its pieces, unless its settings say otherwise
RARE = 1_000.0  # how much less probable a piece is that a source should not be cut into
Vocabulary = list[tuple[str, float]]


def convert(folder: Path, family: str) -> tokenizers.Tokenizer:
    """A tokenizer from the files that are there, or what to do where none can be read."""
    try:
        if (folder / BPE_VOCABULARY).is_file() and (folder / BPE_MERGES).is_file():
            return _byte_level(folder)
        path = next((folder / name for name in PIECES if (folder / name).is_file()), None)
        if path is not None and family in UNIGRAMS:
            return UNIGRAMS[family](path)
    except (KeyboardInterrupt, SystemExit, CheckpointError):
        raise
    except BaseException as error:  # damaged files make the library panic
        raise CheckpointError(
            f"{folder}: its tokenizer can't be converted: {error!s:.200}"
        ) from error
    there = sorted(p.name for p in folder.iterdir() if p.suffix in (".model", ".spm", ".txt"))
    raise CheckpointError(
        f"{folder} has no {FILE_NAME}"
        + (f", and {', '.join(there)[:200]} can't be converted for {family}" if there else "")
        + "; write one with transformers: "
        "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)"
    )


def _byte_level(folder: Path) -> tokenizers.Tokenizer:
    """BART's byte-level BPE."""
    ids = _ids(folder / BPE_VOCABULARY)
    names = {name: name for name in ("<s>", "<pad>", "</s>", "<unk>", "<mask>") if name in ids}
    if len(names) < 5:
        raise CheckpointError(f"{folder / BPE_VOCABULARY} lacks the special tokens of BART")
    merges = _merges(folder / BPE_MERGES)
    backend = tokenizers.Tokenizer(models.BPE(vocab=ids, merges=merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(name, special=True) for name in names])
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", ids["<s>"]), ("</s>", ids["</s>"])]
    )
    return backend


def _merges(path: Path) -> list[tuple[str, str]]:
    content = read_bytes(path, MAX_FILE_BYTES).decode("utf-8")
    count = content.count("\n")
    if count > 2 * MAX_VOCABULARY:
        raise CheckpointError(f"{path} has {count} lines, the limit is {2 * MAX_VOCABULARY}")
    lines = (line for line in content.split("\n") if not line.startswith("#version"))
    pairs = (line.partition(" ") for line in lines if line.count(" ") == 1)
    return [(first, second) for first, _, second in pairs]


def _ids(path: Path) -> dict[str, int]:
    values = Settings.read(path, MAX_FILE_BYTES).values
    numbers = [id for id in values.values() if isinstance(id, int) and 0 <= id < MAX_VOCABULARY]
    if len(numbers) != len(values):
        raise CheckpointError(f"{path} must map tokens to ids below {MAX_VOCABULARY}")
    return dict(values)


def _t5(path: Path) -> tokenizers.Tokenizer:
    pieces, settings = read_pieces(path), path.parent / "tokenizer_config.json"
    count = EXTRA
    if settings.is_file():
        count = Settings.read(settings, MAX_FILE_BYTES).integer("extra_ids", 0, 1_000, EXTRA)
    extra = [f"<extra_id_{number}>" for number in reversed(range(count))]
    vocabulary = _scored(pieces) + [(name, 0.0) for name in extra]
    special = ["<pad>", "</s>", "<unk>", *extra]
    return _unigram(vocabulary, pieces.unknown, pieces, special, "$A </s>")


def _pegasus(path: Path) -> tokenizers.Tokenizer:
    pieces = read_pieces(path)
    first = ["<pad>", "</s>", "<mask_1>", "<mask_2>", *(f"<unk_{n}>" for n in range(2, 103))]
    vocabulary = [(name, 0.0) for name in first] + _scored(pieces)[2:]
    offset = len(first) - 2
    return _unigram(vocabulary, pieces.unknown + offset, pieces, [*first, "<unk>"], "$A </s>")


def _marian(path: Path) -> tokenizers.Tokenizer:
    """Pieces are scored by source.spm and numbered by vocab.json, which has the target's as well.

    A source is cut into pieces of the target alone only where no other can write it.
    """
    pieces = read_pieces(path)
    ids = _ids(path.parent / BPE_VOCABULARY)
    missing = [name for name in ("</s>", "<unk>", "<pad>") if name not in ids]
    if missing or sorted(ids.values()) != list(range(len(ids))):
        raise CheckpointError(
            f"{path.parent / BPE_VOCABULARY} must number its tokens from 0 without a gap and have "
            f"</s>, <unk> and <pad>"
        )
    scores = dict(zip(pieces.texts, pieces.scores, strict=True))
    names = sorted(ids, key=lambda name: ids[name])
    lowest = min(pieces.scores, default=0.0) - RARE
    vocabulary = [(name, scores.get(name, lowest)) for name in names]
    return _unigram(vocabulary, ids["<unk>"], pieces, ["</s>", "<unk>", "<pad>"], "$A </s>")


def _scored(pieces: Pieces) -> Vocabulary:
    return list(zip(pieces.texts, pieces.scores, strict=True))


def _unigram(
    vocabulary: Vocabulary, unknown: int, pieces: Pieces, special: list[str], around: str
) -> tokenizers.Tokenizer:
    backend = tokenizers.Tokenizer(models.Unigram(vocabulary, unknown, pieces.byte_fallback))
    steps: list[normalizers.Normalizer] = []
    if pieces.characters:
        steps.append(normalizers.Precompiled(pieces.characters))
    steps += [normalizers.Strip(left=False), normalizers.Replace(Regex(" {2,}"), " ")]
    backend.normalizer = normalizers.Sequence(steps)
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    backend.decoder = decoders.Metaspace(prepend_scheme="always")
    known = {name: place for place, (name, _) in enumerate(vocabulary)}
    backend.add_special_tokens(
        [AddedToken(name, special=True) for name in special if name in known]
    )
    named = [word for word in around.split() if word != "$A"]
    backend.post_processor = processors.TemplateProcessing(
        single=around, special_tokens=[(name, known[name]) for name in named]
    )
    return backend


UNIGRAMS = {"t5": _t5, "mt5": _t5, "pegasus": _pegasus, "marian": _marian}
