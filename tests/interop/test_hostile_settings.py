"""Settings and tokenizers that lie, break off or attack are refused by file, key and value."""

from __future__ import annotations

import base64
import json
import os
import shutil
from pathlib import Path

import pytest

from model.checkpoint import CheckpointError, load
from model.interop.opening import FAMILIES
from tests.interop.hostile import SAFE, edit
from tests.interop.made import CASES

pytestmark = pytest.mark.usefixtures("no_blow_up")


def nested(depth: int) -> list:
    """A list in a list in a list …"""
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


def replacing(pattern: object, content: str) -> dict:
    written = pattern if isinstance(pattern, dict) else {"String": pattern}
    return {"type": "Replace", "pattern": written, "content": content}


def table_of(text: bytes) -> dict:
    """A table of characters whose index is empty."""
    encoded = base64.b64encode(b"\0\0\0\0" + text + b"\0").decode()
    return {"type": "Precompiled", "precompiled_charsmap": encoded}


def sequence(*steps: dict) -> dict:
    return {"type": "Sequence", "normalizers": list(steps)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"d_model": 10**9}, r"d_model must be a whole number between 2 and 8192, got 1000000000"),
        ({"vocab_size": 10**12}, "vocab_size"),
        ({"encoder_layers": 10**6}, "encoder_layers"),
        ({"encoder_ffn_dim": 10**8}, "encoder_ffn_dim"),
        ({"max_position_embeddings": 10**10}, "max_position_embeddings"),
        ({"encoder_attention_heads": 7, "decoder_attention_heads": 7}, "width"),
        ({"decoder_attention_heads": 6}, "decoder_attention_heads is supported as 3 alone, got 6"),
        ({"decoder_ffn_dim": 41}, "decoder_ffn_dim"),
        ({"d_model": None}, "d_model"),
        ({"d_model": "24"}, "d_model"),
        ({"d_model": True}, "d_model"),
        ({"d_model": nested(300)}, "d_model"),
        ({"scale_embedding": 1}, "scale_embedding"),
        ({"activation_function": "tanh"}, "activation_function must be one of .*, got 'tanh'"),
        ({"activation_function": ["gelu"]}, "activation_function"),
        ({"normalize_before": True}, "normalize_before is supported as false alone, got True"),
        ({"static_position_embeddings": True}, "static_position_embeddings"),
        ({"is_encoder_decoder": False}, "is_encoder_decoder"),
        ({"quantization_config": {"bits": 4}}, "quantization_config"),
        ({"model_type": "led"}, "model_type must be one of bart, .*, got 'led'"),
        ({"model_type": ["bart"]}, "model_type"),
        ({"pad_token_id": 10**6}, "pad_token_id"),
        ({"eos_token_id": [2, 3]}, "eos_token_id must be one token"),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings"),
    ],
)
def test_a_wrong_config_is_refused_by_key_and_value(bart, changes, message):
    edit(bart / "config.json", **changes)
    with pytest.raises(CheckpointError, match=rf"config\.json.*{message}"):
        load(bart)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"d_kv": 10**6}, "d_kv"),
        ({"relative_attention_num_buckets": 10**6}, "relative_attention_num_buckets"),
        ({"relative_attention_max_distance": 3}, "relative_attention_max_distance"),
        ({"layer_norm_epsilon": "small"}, "layer_norm_epsilon"),
        ({"layer_norm_epsilon": -1}, "norm_epsilon"),
        ({"layer_norm_epsilon": 10**400}, "layer_norm_epsilon must be a number"),
        ({"layer_norm_epsilon": float("nan")}, "layer_norm_epsilon must be a number"),
        ({"feed_forward_proj": "gated-tanh"}, "feed_forward_proj"),
        ({"feed_forward_proj": "fully-gelu"}, "feed_forward_proj"),
    ],
)
def test_a_wrong_config_of_t5_is_refused(pair, tmp_path, changes, message):
    path = Path(shutil.copytree(pair("t5").folder, tmp_path / "t5"))
    edit(path / "config.json", **changes)
    with pytest.raises(CheckpointError, match=message):
        load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bad_words_ids": [[10**9]]}, "bad_words_ids"),
        ({"bad_words_ids": 3}, "bad_words_ids"),
        ({"bad_words_ids": [[1]] * 5_000}, "bad_words_ids"),
        ({"forced_bos_token_id": -1}, "forced_bos_token_id"),
        ({"forced_eos_token_id": 7}, "forced_eos_token_id must be the end token"),
        ({"decoder_start_token_id": 10**7}, "decoder_start_token_id"),
        ({"max_length": "long"}, "max_length"),
        ({"prefix": "x" * 999}, "prefix"),
    ],
)
def test_wrong_settings_of_writing_are_refused(bart, changes, message):
    edit(bart / "generation_config.json", **changes)
    with pytest.raises(CheckpointError, match=message):
        load(bart)


def test_the_widest_config_allocates_nothing(bart):
    wide = {"d_model": 8_192, "encoder_ffn_dim": 65_536, "decoder_ffn_dim": 65_536}
    deep = {"encoder_layers": 64, "decoder_layers": 64, "vocab_size": 300_000}
    heads = {"encoder_attention_heads": 64, "decoder_attention_heads": 64}
    edit(bart / "config.json", **wide, **deep, **heads)
    with pytest.raises(CheckpointError, match=r"million parameters.*GB are free"):
        load(bart)


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[" * 9_000, b"[1]", b"\xff\xfe", b'"text"'])
def test_a_file_that_is_no_object_is_named(bart, name, content):
    (bart / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
        load(bart)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": {"type": "WordPiece", "vocab": {"a": 0}}}, "WordPiece"),
        ({"model": 7}, "supported are BPE and Unigram"),
        ({"decoder": None}, "decodes by None"),
        ({"decoder": {"type": "BPEDecoder", "suffix": "</w>"}}, "BPEDecoder"),
        ({"added_tokens": [{"id": 4 * 10**9, "content": "<x>"}]}, "token ids"),
        ({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "/////w=="}}, "not usable"),
        ({"post_processor": {"type": "Nonsense"}}, "not usable"),
        ({"added_tokens": 5}, "no list of added_tokens"),
        ({"added_tokens": [{"id": -1, "content": "<x>"}]}, "token ids"),
        ({"normalizer": replacing("a", "b" * 50)}, "its content 'b+' has more than one character"),
        ({"normalizer": sequence(replacing({"Regex": "(a+)+$"}, "b"))}, r"its pattern '\(a\+\)"),
        ({"normalizer": {"type": "Prepend", "prepend": "aa"}}, "its prepend 'aa'"),
        ({"normalizer": sequence(*[{"type": "NFKC"}] * 99)}, "100 steps, the limit is 32"),
        ({"normalizer": table_of(b"x" * 297)}, "makes 297 bytes of one, the limit is 64"),
    ],
)
def test_a_wrong_tokenizer_is_named(bart, changes, message):
    edit(bart / "tokenizer.json", **changes)
    with pytest.raises(CheckpointError, match=rf"tokenizer\.json.*{message}"):
        load(bart)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(bart):
    parsed = json.loads((bart / "tokenizer.json").read_text())
    parsed["model"]["vocab"]["zz"] = 5_000
    (bart / "tokenizer.json").write_text(json.dumps(parsed))
    with pytest.raises(CheckpointError, match="has the token 5000, the model only"):
        load(bart)


@pytest.mark.parametrize("name", ["config.json", SAFE])
def test_a_missing_file_is_named(bart, name):
    (bart / name).unlink()
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
        load(bart)


def test_a_missing_tokenizer_says_what_to_do(bart):
    (bart / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError, match=r"no tokenizer\.json; write one with transformers"):
        load(bart)


def test_a_value_that_is_too_deep_to_show_is_refused(bart):
    text = (bart / "config.json").read_text()
    for depth in range(850, 1_000, 3):  # somewhere here it can be read and not be written
        spoilt = text.replace('"d_model": 24', f'"d_model": {"[" * depth}{"]" * depth}')
        (bart / "config.json").write_text(spoilt)
        with pytest.raises(CheckpointError, match=r"d_model|nested too deeply|not readable JSON"):
            load(bart)


def test_unknown_tokens_that_are_none_are_refused(pair, tmp_path):
    path = Path(shutil.copytree(pair("t5").folder, tmp_path / "t5"))
    parsed = json.loads((path / "tokenizer.json").read_text())
    for id in (10**9, -1, "x", None):
        edit(path / "tokenizer.json", model=parsed["model"] | {"unk_id": id})
        with pytest.raises(CheckpointError, match="unk_id"):
            load(path)


def test_a_pipe_and_a_loop_are_no_settings(bart):
    (bart / "config.json").unlink()
    for make in (os.mkfifo, lambda path: path.symlink_to(path)):
        make(bart / "config.json")
        with pytest.raises(CheckpointError, match=r"has no config\.json"):
            load(bart)
        (bart / "config.json").unlink()


def test_every_family_of_the_registry_is_compared(pair):
    tried = {
        json.loads((pair(case).folder / "config.json").read_text())["model_type"] for case in CASES
    }
    assert tried | {"mt5"} == set(FAMILIES)  # which is T5 under another name
