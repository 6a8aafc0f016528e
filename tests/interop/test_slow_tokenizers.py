"""The older files of a tokenizer give the same ids as its tokenizer.json."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest

from model.interop.sentencepiece import read
from model.interop.slow_tokenizer import convert
from model.untrusted import CheckpointError
from tests.interop.made import TEXTS, backend

HARD = [*TEXTS, "up  and down ☃ 12%", " council", "x"]


def number(value: int) -> bytes:
    """A varint, as protocol buffers write it."""
    groups = [value >> shift & 0x7F for shift in range(0, max(1, value.bit_length()), 7)]
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])


def field(place: int, value: int | float | bytes) -> bytes:
    if isinstance(value, float):
        return number(place << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, int):
        return number(place << 3) + number(value)
    return number(place << 3 | 2) + number(len(value)) + value


def write_pieces(path: Path, pieces: list[tuple[str, float]], **trainer: int) -> None:
    """A SentencePiece file of unigrams, with fields in it that nobody needs."""
    data = b"".join(
        field(1, field(1, text.encode()) + field(2, float(score)) + field(3, 1))
        for text, score in pieces
    )
    settings = {3: trainer.get("algorithm", 1), 40: trainer.get("unknown", 0)}
    data += field(2, b"".join(field(place, value) for place, value in settings.items()))
    path.write_bytes(data + field(3, field(1, b"identity") + field(3, 1)) + field(9, b"more"))


def unigrams(family: str) -> list[tuple[str, float]]:
    """The trained pieces of a family's tokenizer, without its special tokens."""
    made = backend(family)
    special = {token.content for token in made.get_added_tokens_decoder().values()}
    vocabulary = json.loads(made.to_str())["model"]["vocab"]
    return [(text, score) for text, score in vocabulary if text not in special]


def written(ids: list[int], converted) -> str:
    return "".join(converted.id_to_token(id) for id in ids)


def test_vocabulary_and_merges_of_bart(tmp_path):
    made = backend("bart")
    made.model.save(str(tmp_path))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["merges.txt", "vocab.json"]
    converted = convert(tmp_path, "bart")
    for text in TEXTS:
        assert converted.encode(text).ids == made.encode(text).ids


def test_pieces_of_t5(tmp_path):
    pieces = unigrams("t5")
    write_pieces(
        tmp_path / "spiece.model",
        [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *pieces],
        unknown=2,
    )
    converted = convert(tmp_path, "t5")
    assert converted.get_vocab_size() == 3 + len(pieces) + 100
    assert converted.token_to_id("<extra_id_99>") == 3 + len(pieces)
    for text in HARD:
        expected = backend("t5").encode(" ".join(text.split()), add_special_tokens=False).tokens
        assert converted.encode(text, add_special_tokens=False).tokens == expected
    assert converted.encode("x").ids[-1] == 1
    (tmp_path / "tokenizer_config.json").write_text('{"extra_ids": 0}')
    assert convert(tmp_path, "t5").get_vocab_size() == 3 + len(pieces)


def test_pieces_of_pegasus_stand_behind_its_own_tokens(tmp_path):
    pieces = unigrams("pegasus")
    known = [("<s>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *pieces]
    write_pieces(tmp_path / "spiece.model", known, unknown=2)
    converted = convert(tmp_path, "pegasus")
    assert converted.token_to_id("<unk>") == 105
    assert converted.token_to_id(pieces[0][0]) == 106
    assert converted.encode("the ☃").ids[-2:] == [105, 1]


def test_pieces_of_marian_have_the_numbers_of_its_vocabulary(tmp_path):
    pieces = unigrams("marian")
    write_pieces(tmp_path / "source.spm", [("<unk>", 0.0), *pieces])
    names = ["</s>", "<unk>", "▁onlytarget", *(text for text, _ in reversed(pieces)), "<pad>"]
    (tmp_path / "vocab.json").write_text(json.dumps({n: id for id, n in enumerate(names)}))
    converted = convert(tmp_path, "marian")
    for text in TEXTS:
        ids = converted.encode(text, add_special_tokens=False).ids
        assert written(ids, converted) == "▁" + text.replace(" ", "▁")
        assert ids == [names.index(token) for token in backend("marian").encode(text).tokens[:-1]]
    assert converted.encode("a").ids[-1] == 0
    (tmp_path / "vocab.json").write_text('{"</s>": 0, "<unk>": 1, "<pad>": 4000000}')
    with pytest.raises(CheckpointError, match=r"vocab\.json must map tokens to ids below"):
        convert(tmp_path, "marian")


def test_what_to_do_is_said_where_nothing_can_be_read(tmp_path):
    (tmp_path / "sentencepiece.bpe.model").write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"no tokenizer\.json, and sentencepiece.*save_pretr"):
        convert(tmp_path, "mbart")


def test_another_algorithm_is_named(tmp_path):
    write_pieces(tmp_path / "spiece.model", [("<unk>", 0.0), ("a", -1.0)], algorithm=2)
    with pytest.raises(CheckpointError, match="algorithm 2"):
        convert(tmp_path, "t5")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x00", b"\xff" * 40, b"\x0a\xff\xff\xff\x7fab", b"\x0a\x02\x08\x01",
        b"\x0a\x04\x0a\x02\xff\xfe", b"not a model at all", b"\x0b", field(1, field(2, b"ab")),
        field(3, field(2, 7)) + field(1, field(1, b"a")),
    ],
)  # fmt: skip
def test_damaged_pieces_are_refused(tmp_path, data):
    (tmp_path / "spiece.model").write_bytes(data)
    with pytest.raises(CheckpointError, match=r"spiece\.model"):
        read(tmp_path / "spiece.model")


def test_a_damaged_table_of_characters_is_refused_by_name(tmp_path):
    pieces = field(1, field(1, b"<unk>") + field(2, 0.0)) + field(
        1, field(1, b"a") + field(2, -1.0)
    )
    (tmp_path / "spiece.model").write_bytes(pieces + field(3, field(2, b"\xff\xff\xff\xff")))
    with pytest.raises(CheckpointError, match="can't be converted"):
        convert(tmp_path, "t5")


def test_a_pipe_in_a_files_place_holds_nothing_up(tmp_path):
    write_pieces(tmp_path / "source.spm", unigrams("marian"))
    os.mkfifo(tmp_path / "vocab.json")
    with pytest.raises(CheckpointError, match=r"vocab\.json is no regular file"):
        convert(tmp_path, "marian")


def test_files_of_too_many_parts_are_refused(tmp_path):
    (tmp_path / "spiece.model").write_bytes(field(9, 1) * 400_000)
    with pytest.raises(CheckpointError, match="a part of more than 301000 fields"):
        read(tmp_path / "spiece.model")
    (tmp_path / "spiece.model").write_bytes(field(1, field(3, 1) * 17))
    with pytest.raises(CheckpointError, match="a part of more than 16 fields"):
        read(tmp_path / "spiece.model")
    (tmp_path / "vocab.json").write_text(
        '{"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4}'
    )
    (tmp_path / "merges.txt").write_bytes(b"\n" * 700_000)
    with pytest.raises(CheckpointError, match="has 700000 lines, the limit is 600000"):
        convert(tmp_path, "bart")


def test_a_score_that_is_no_number_is_refused(tmp_path):
    write_pieces(tmp_path / "spiece.model", [("a", float("nan"))])
    with pytest.raises(CheckpointError, match="the piece 'a' has the score nan"):
        read(tmp_path / "spiece.model")
