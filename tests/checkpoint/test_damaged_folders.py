"""Every damaged, wrong or hostile model folder is refused with a reason."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from model.checkpoint import CheckpointError, load
from tests.checkpoint.conftest import edit_config, edit_weights


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        load(folder)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="nowhere"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize("keep", [0, 7, 200])
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_truncated_file_is_named(folder, name, keep):
    path = folder / name
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=name):
        load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"family": "diffusion"}, "diffusion"),
        ({"family": ["rnn"]}, "family"),
        ({"format": "other"}, "not of a gistscope model"),
        ({"format_version": 2}, "version 2"),
        ({"format_version": "1"}, "version '1'"),
        ({"surprise": 1}, "surprise"),
        ({"dropout": "much"}, "dropout"),
        ({"dropout": 1.5}, "1.5"),
        ({"encoder_layers": True}, "encoder_layers"),
        ({"encoder_layers": 10**6}, "1000000"),
        ({"vocabulary_size": 10**12}, "1000000000000"),
        ({"vocabulary_size": None}, "vocabulary_size"),
        ({"eos_id": 299_999}, "eos_id"),
    ],
)
def test_a_wrong_config_is_refused_by_name(folder, changes, message):
    edit_config(folder, **changes)
    with pytest.raises(CheckpointError, match=message):
        load(folder)


def test_a_config_that_is_no_object_is_refused(folder):
    (folder / "config.json").write_text("[" * 5000)
    with pytest.raises(CheckpointError, match=r"config\.json"):
        load(folder)


def test_the_widest_claim_allocates_nothing(folder, family):
    width = "hidden_size" if family == "rnn" else "width"
    edit_config(folder, vocabulary_size=300_000, encoder_layers=64, **{width: 8192})
    with pytest.raises(CheckpointError, match=r"shape|lacks"):
        load(folder)


def test_wrong_shapes_missing_and_unknown_tensors_are_named(folder):
    edit_weights(folder, lambda weights: weights.update(stray=torch.zeros(1)))
    with pytest.raises(CheckpointError, match="stray"):
        load(folder)
    edit_weights(folder, lambda weights: weights.pop("stray"))
    edit_weights(folder, lambda w: w.update({"embedding.weight": torch.zeros(2, 2)}))
    with pytest.raises(CheckpointError, match=r"embedding.weight has the shape \[2, 2\]"):
        load(folder)
    edit_weights(folder, lambda weights: weights.pop("embedding.weight"))
    with pytest.raises(CheckpointError, match=r"lacks the tensor embedding.weight"):
        load(folder)


@pytest.mark.parametrize(
    ("value", "message"),
    [(torch.nan, "values that are no finite numbers"), (7, "has the type I8")],
)
def test_weights_that_are_no_numbers_are_named(folder, value, message):
    def spoil(weights: dict) -> None:
        kind = torch.int8 if value == 7 else torch.float32
        weights["embedding.weight"] = torch.full_like(weights["embedding.weight"], value).to(kind)

    edit_weights(folder, spoil)
    with pytest.raises(CheckpointError, match=rf"embedding.weight.*{message}"):
        load(folder)


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


def test_pickled_weights_are_never_executed(folder, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (folder / "model.safetensors").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CheckpointError, match=r"model.safetensors"):
        load(folder)
    assert not (tmp_path / "exploded").exists()
