"""A tokenizer's file: what is refused in it, and what in it does not count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import model.tokenizer
from model.tokenizer import Tokenizer, TokenizerError

CORPUS = ["The city council voted on Tuesday.", "日本語"] * 20


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(CORPUS, vocabulary_size=400)


def test_limits_written_into_a_file_do_not_count(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.save(tmp_path)
    path = tmp_path / "tokenizer.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["truncation"] = {
        "direction": "Right",
        "max_length": 2,
        "strategy": "LongestFirst",
        "stride": 0,
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    text = "The city council voted."
    assert Tokenizer.load(path).encode_target(text) == tokenizer.encode_target(text)


def _edited(content: dict, *path: str, value: object) -> str:
    inner = content
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return json.dumps(content)


REGEX = ("pre_tokenizer", "pretokenizers", 1, "pattern", "Regex")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda c: "", "not readable JSON"),
        (lambda c: json.dumps(c)[:2000], "not readable JSON"),
        (lambda c: "[" * 100_000, "not readable JSON: maximum recursion depth"),
        (lambda c: '{"a": [' + '"bc",' * 4_000_001 + "1]}", "4000003 values, the limit is 4000000"),
        (lambda c: "{}", "holds no BPE"),
        (lambda c: _edited(c, "model", "type", value="Unigram"), "holds no BPE"),
        (lambda c: _edited(c, "model", "vocab", "a", value=4_000_000_000), "consecutive ids"),
        (lambda c: _edited(c, "model", "vocab", "a", value="x"), "consecutive ids"),
        (lambda c: _edited(c, "model", "vocab", "日", value=399), "not byte-level"),
        (lambda c: _edited(c, "model", "merges", value=[["qqq", "zzz"]]), "not usable"),
        (lambda c: _edited(c, "normalizer", value={"type": "NFKC"}), "normalizer"),
        (lambda c: _edited(c, "added_tokens", value=[]), "lacks the special tokens"),
        (lambda c: _edited(c, "added_tokens", value=7), "not a table of tokens"),
        (lambda c: _edited(c, "added_tokens", 0, "id", value=4_000_000_000), "consecutive ids"),
        (lambda c: _edited(c, "added_tokens", 0, "id", value=-1), "consecutive ids"),
        (lambda c: _edited(c, *REGEX, value="(a+)+$"), r"its pattern '\(a\+\)\+\$' is none"),
    ],
)
def test_a_broken_file_is_refused_with_its_name(
    tokenizer: Tokenizer, tmp_path: Path, damage: object, reason: str
) -> None:
    tokenizer.save(tmp_path)
    path = tmp_path / "tokenizer.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(damage(content), encoding="utf-8")
    with pytest.raises(TokenizerError, match=reason) as caught:
        Tokenizer.load(tmp_path)
    assert str(path) in str(caught.value)


def test_missing_binary_and_huge_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TokenizerError, match=r"tokenizer\.json can't be read: No such file"):
        Tokenizer.load(tmp_path)
    path = tmp_path / "tokenizer.json"
    path.write_bytes(b"\xff\x00\x80")
    with pytest.raises(TokenizerError, match="not readable JSON"):
        Tokenizer.load(path)
    monkeypatch.setattr(model.tokenizer, "MAX_FILE_BYTES", 2)
    with pytest.raises(TokenizerError, match="has 3 bytes, the limit is 2"):
        Tokenizer.load(path)
