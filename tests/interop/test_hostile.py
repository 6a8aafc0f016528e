"""Folders that lie, break off or attack are refused with a reason; nothing is executed."""

from __future__ import annotations

import json
import pickle
import resource
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from model.checkpoint import CheckpointError, load
from model.interop.opening import FAMILIES
from tests.interop.made import CASES

SAFE, PICKLED = "model.safetensors", "pytorch_model.bin"


@pytest.fixture
def folder(pair, tmp_path):
    return Path(shutil.copytree(pair("bart").folder, tmp_path / "bart"))


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change(folder: Path, **tensors: torch.Tensor | None) -> None:
    weights = {**load_file(folder / SAFE), **tensors}
    save_file({name: t for name, t in weights.items() if t is not None}, folder / SAFE)


def pickled(folder: Path) -> Path:
    """The folder's weights as a pickle; returns the file."""
    torch.save(load_file(folder / SAFE), folder / PICKLED)
    (folder / SAFE).unlink()
    return folder / PICKLED


@pytest.fixture(autouse=True)
def no_blow_up(pair):
    """No refusal may take more memory than a small model: 300 MB is far above, and far below."""
    pair("bart"), pair("t5")  # with all that their making imports
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


@pytest.mark.parametrize("is_zip", [True, False])
def test_code_in_a_pickle_is_never_run(folder, is_zip, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    path = pickled(folder)
    torch.save({"a": Bomb()}, path, _use_new_zipfile_serialization=is_zip)
    with pytest.raises(CheckpointError, match=r"pytorch_model.bin is damaged or holds more than"):
        load(folder)
    path.write_bytes(pickle.dumps(Bomb(), protocol=2))
    with pytest.raises(CheckpointError, match=r"pytorch_model.bin is damaged or holds more than"):
        load(folder)
    assert not (tmp_path / "exploded").exists()


def test_a_pickle_of_something_else_is_refused(folder):
    path = pickled(folder)
    for value in (torch.zeros(3), ["a"], {"a": 1}, {1: torch.zeros(2)}):
        torch.save(value, path)
        with pytest.raises(CheckpointError, match=r"must hold (a table of )?tensors"):
            load(folder)


def test_a_tensor_that_claims_more_than_the_file_is_refused(folder):
    path = pickled(folder)
    torch.save({"model.shared.weight": torch.zeros(1).expand(300_000, 8_192)}, path)
    with pytest.raises(CheckpointError, match="claims 9830400000 bytes in a file of"):
        load(folder)


def test_a_compressed_archive_is_refused(folder):
    path = pickled(folder)
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    with pytest.raises(CheckpointError, match="compressed entry"):
        load(folder)


@pytest.mark.parametrize("name", [SAFE, PICKLED])
@pytest.mark.parametrize("keep", [0, 9, 3_000])
def test_weights_that_break_off_are_named(folder, name, keep):
    path = folder / name
    if name == PICKLED:
        pickled(folder)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=name):
        load(folder)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"model.shared.weight": torch.zeros(2, 24)}, r"shared.weight has the shape \[2, 24\]"),
        ({"model.decoder.layers.0.fc1.weight": torch.zeros(40, 25)}, r"fc1.weight has the shape"),
        ({"model.encoder.layers.1.self_attn.k_proj.weight": torch.zeros(48, 24)}, r"k_proj.*48"),
        ({"final_logits_bias": torch.zeros(2, 3)}, r"final_logits_bias has the shape"),
        ({"model.encoder.layers.0.fc2.bias": None}, r"lacks the tensor model.encoder.layers.0.fc2"),
        ({"model.shared.weight": None}, r"lacks the tensor model.shared.weight"),
        ({"model.encoder.layers.9.fc1.weight": torch.zeros(1)}, r"doesn't have: model.encoder.l"),
        ({"model.encoder.layers.0.fc2.bias": torch.full((24,), torch.nan)}, r"no finite numbers"),
        ({"model.encoder.layers.0.fc2.bias": torch.full((24,), torch.inf)}, r"no finite numbers"),
        ({"model.encoder.layers.0.fc2.bias": torch.zeros(24).char()}, r"has the type I8"),
    ],
)  # fmt: skip
def test_wrong_tensors_are_named(folder, tensors, message):
    change(folder, **tensors)
    with pytest.raises(CheckpointError, match=message):
        load(folder)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a": "../../secret.safetensors"}, r"'\.\./\.\./secret.safetensors', which is no"),
        ({"a": "/etc/passwd.safetensors"}, "passwd"),
        ({"a": "sub/one.safetensors"}, "sub/one"),
        ({"a": "..safetensors"}, "no .safetensors file"),
        ({"a": "one.bin"}, r"no \.safetensors file"),
        ({"a": "one\x00.safetensors"}, "one"),
        ({"a": 7}, "'7'"),
        (
            {"a": "model-00001-of-00002.safetensors"},
            r"model-00001-of-00002.safetensors, which is m",
        ),
        ({}, "no weight_map"),
        (["a"], "no weight_map"),
        ({str(n): f"{n}.safetensors" for n in range(300)}, "300 files, the limit is 256"),
    ],
)
def test_an_index_names_files_beside_it_only(folder, table, message):
    (folder / SAFE).unlink()
    (folder / f"{SAFE}.index.json").write_text(json.dumps({"weight_map": table}))
    with pytest.raises(CheckpointError, match=message):
        load(folder)


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
def test_a_wrong_config_is_refused_by_key_and_value(folder, changes, message):
    edit(folder / "config.json", **changes)
    with pytest.raises(CheckpointError, match=rf"config\.json.*{message}"):
        load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"d_kv": 10**6}, "d_kv"),
        ({"relative_attention_num_buckets": 10**6}, "relative_attention_num_buckets"),
        ({"relative_attention_max_distance": 3}, "relative_attention_max_distance"),
        ({"layer_norm_epsilon": "small"}, "layer_norm_epsilon"),
        ({"layer_norm_epsilon": -1}, "norm_epsilon"),
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
def test_wrong_settings_of_writing_are_refused(folder, changes, message):
    edit(folder / "generation_config.json", **changes)
    with pytest.raises(CheckpointError, match=message):
        load(folder)


def test_the_widest_config_allocates_nothing(folder):
    wide = {"d_model": 8_192, "encoder_ffn_dim": 65_536, "decoder_ffn_dim": 65_536}
    deep = {"encoder_layers": 64, "decoder_layers": 64, "vocab_size": 300_000}
    heads = {"encoder_attention_heads": 64, "decoder_attention_heads": 64}
    edit(folder / "config.json", **wide, **deep, **heads)
    with pytest.raises(CheckpointError, match=r"million parameters.*GB are free"):
        load(folder)


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[" * 9_000, b"[1]", b"\xff\xfe", b'"text"'])
def test_a_file_that_is_no_object_is_named(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
        load(folder)


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
    ],
)
def test_a_wrong_tokenizer_is_named(folder, changes, message):
    edit(folder / "tokenizer.json", **changes)
    with pytest.raises(CheckpointError, match=rf"tokenizer\.json.*{message}"):
        load(folder)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(folder):
    parsed = json.loads((folder / "tokenizer.json").read_text())
    parsed["model"]["vocab"]["zz"] = 5_000
    (folder / "tokenizer.json").write_text(json.dumps(parsed))
    with pytest.raises(CheckpointError, match="has the token 5000, the model only"):
        load(folder)


@pytest.mark.parametrize("name", ["config.json", SAFE])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
        load(folder)


def test_a_missing_tokenizer_says_what_to_do(folder):
    (folder / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError, match=r"no tokenizer\.json; write one with transformers"):
        load(folder)


def test_every_family_of_the_registry_is_compared(pair):
    tried = {
        json.loads((pair(case).folder / "config.json").read_text())["model_type"] for case in CASES
    }
    assert tried | {"mt5"} == set(FAMILIES)  # which is T5 under another name
