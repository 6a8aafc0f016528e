import json

import numpy as np
import pytest

from model.tokenizer import Tokenizer
from model.training.packing import NO_STYLE, build_tokenizer, is_packed, open_split, pack


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_packed_ids_decode_to_the_texts(tmp_path, tokenizer):
    rows = [
        {"source": "naïve 😀 text", "target": "naïve", "style": "tldr", "set": "a"},
        {"source": "other", "target": "o </s>", "style": "", "set": "b"},
    ]
    write(tmp_path / "train.jsonl", rows)
    write(tmp_path / "valid.jsonl", rows[:1])
    pack(tmp_path, tokenizer)
    split = open_split(tmp_path, "train")
    assert split.source(1).tolist() == list(tokenizer.encode_source("other", None, 9).ids[:-1])
    assert split.target(0).tolist() == tokenizer.encode_prefix("naïve")
    assert [tokenizer.decode(split.source(row).tolist()) for row in range(2)] == [
        "naïve 😀 text", "other",
    ]  # fmt: skip
    assert [tokenizer.decode(split.target(row).tolist()) for row in range(2)] == ["naïve", "o </s>"]
    assert tokenizer.eos_id not in split.target(1)
    assert split.style_ids.tolist() == [tokenizer.style_id("tldr"), NO_STYLE]
    assert [split.group_names[group] for group in split.groups] == [("tldr", "a"), ("", "b")]
    assert isinstance(split.source_ids, np.memmap)
    assert split.source_ids.dtype == np.uint16


def test_an_unknown_style_is_an_error_that_names_the_styles(tmp_path, tokenizer):
    row = {"source": "a", "target": "b", "style": "poem"}
    write(tmp_path / "train.jsonl", [row])
    write(tmp_path / "valid.jsonl", [row])
    with pytest.raises(ValueError, match=r"unknown style 'poem'.*headline"):
        pack(tmp_path, tokenizer)
    assert not is_packed(tmp_path, tokenizer)


def test_data_packed_with_another_tokenizer_is_not_taken(digits, tokenizer):
    assert is_packed(digits, tokenizer)
    assert not is_packed(digits, Tokenizer.train(["other words"] * 9, 275))


def test_data_packed_with_other_first_words_is_not_taken(tmp_path, tokenizer):
    for split in ("train", "valid"):
        write(tmp_path / f"{split}.jsonl", [{"source": "a", "target": "b"}])
    meta = pack(tmp_path, tokenizer) / "meta.json"
    assert is_packed(tmp_path, tokenizer)
    older = {name: v for name, v in json.loads(meta.read_text()).items() if name != "is_spaced"}
    meta.write_text(json.dumps(older), encoding="utf-8")
    assert not is_packed(tmp_path, tokenizer)


def test_as_much_of_a_source_is_packed_as_will_be_read(tmp_path, tokenizer):
    row = {"source": "1 " * 9_000, "target": "1", "style": "tldr"}
    for split in ("train", "valid"):
        write(tmp_path / f"{split}.jsonl", [row])
    pack(tmp_path, tokenizer, 128)
    short = open_split(tmp_path, "train")
    assert is_packed(tmp_path, tokenizer, 400)
    assert not is_packed(tmp_path, tokenizer, 4_000)
    pack(tmp_path, tokenizer, 4_000)
    assert len(short.source(0)) < 5_000 < len(open_split(tmp_path, "train").source(0))
    assert tokenizer.decode(short.source(0).tolist()).startswith("1 1")  # still mapped
    assert is_packed(tmp_path, tokenizer, 128)


def test_data_must_be_prepared_first(tmp_path, tokenizer):
    with pytest.raises(ValueError, match=r"has no train\.jsonl; prepare the data first"):
        pack(tmp_path, tokenizer)
    with pytest.raises(ValueError, match="holds no packed data"):
        open_split(tmp_path, "train")


def test_tokenizer_learns_from_pairs_and_plain_text_in_equal_shares(tmp_path):
    write(tmp_path / "train.jsonl", [{"source": "zebra " * 9, "target": "zebra"}] * 20)
    (tmp_path / "plain.txt").write_text("giraffe giraffe\n\ngiraffe\n" * 20, encoding="utf-8")
    inputs = [tmp_path / "train.jsonl", tmp_path / "plain.txt"]
    built = build_tokenizer(inputs, 300, tmp_path)
    assert [len(ids) for ids in built.encode_batch([" zebra", " giraffe"])] == [1, 1]
    assert Tokenizer.load(tmp_path).encode_batch(["zebra"]) == built.encode_batch(["zebra"])
