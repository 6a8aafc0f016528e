"""A model folder gives back the same model, and every damaged one is refused with a reason."""

from __future__ import annotations

import json
import os
import pickle
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from model.checkpoint import CheckpointError, build, load, save
from model.config import ModelConfig, RNNConfig, TransformerConfig
from model.options import DecodingOptions
from model.tokenizer import Tokenizer

TEXTS = ["the council voted to keep the library open for three more years"] * 3


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(TEXTS, vocabulary_size=300)


def small(family: str, tokenizer: Tokenizer) -> nn.Module:
    size = tokenizer.vocabulary_size
    config: ModelConfig = (
        RNNConfig(vocabulary_size=size, embedding_size=8, hidden_size=6)
        if family == "rnn"
        else TransformerConfig(vocabulary_size=size, width=8, heads=2, feed_forward_size=8)
    )
    torch.manual_seed(0)
    return build(config).eval()


@pytest.fixture(params=["rnn", "transformer"])
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def folder(family: str, tokenizer: Tokenizer, tmp_path: Path) -> Path:
    save(tmp_path / "small", small(family, tokenizer), tokenizer, card="a card")
    return tmp_path / "small"


def edit_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_weights(folder: Path, change: Callable[[dict], None]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors")


def test_a_saved_model_comes_back_the_same(folder, family, tokenizer):
    opened = load(folder)
    ids = torch.tensor([tokenizer.encode_source(TEXTS[0], "headline", 64).ids])
    mask, target = torch.ones_like(ids, dtype=torch.bool), torch.tensor([[5, 6, 2]])
    torch.testing.assert_close(
        opened.model.forward(ids, mask, target),
        small(family, tokenizer).forward(ids, mask, target),
    )
    assert opened.name == "small"
    assert (folder / "card.md").read_text() == "a card"


def test_a_model_trained_here_prefers_whole_summaries(folder):
    assert load(folder).manners.whole_first


def test_fixed_positions_come_back_from_the_folder(tokenizer, tmp_path):
    config = TransformerConfig(
        vocabulary_size=tokenizer.vocabulary_size, width=8, heads=2, feed_forward_size=8,
        positions="sinusoidal",
    )  # fmt: skip
    built = build(config)
    save(tmp_path / "sines", built, tokenizer)
    torch.testing.assert_close(load(tmp_path / "sines").model.state_dict(), built.state_dict())


NEW_SETTINGS = (  # of version 1, but younger than the first models
    "head_size", "gated", "biases", "norm", "norm_epsilon", "relative_buckets",
    "relative_distance", "share_embeddings",
)  # fmt: skip


def test_a_config_from_before_a_setting_means_what_it_meant(folder, family):
    before = load(folder).model.state_dict()
    values = json.loads((folder / "config.json").read_text())
    older = {name: value for name, value in values.items() if name not in NEW_SETTINGS}
    assert (len(values) - len(older)) == (len(NEW_SETTINGS) if family == "transformer" else 0)
    (folder / "config.json").write_text(json.dumps(older))
    torch.testing.assert_close(load(folder).model.state_dict(), before, atol=0, rtol=0)
    assert load(folder).defaults == DecodingOptions()


def test_relative_positions_and_two_tables_come_back_from_the_folder(tokenizer, tmp_path):
    config = TransformerConfig(
        vocabulary_size=tokenizer.vocabulary_size, width=8, heads=2, head_size=3, gated=True,
        feed_forward_size=8, positions="relative", relative_buckets=4, norm="rms", biases=False,
        share_embeddings=False,
    )  # fmt: skip
    built = build(config)
    save(tmp_path / "relative", built, tokenizer)
    opened = load(tmp_path / "relative")
    assert opened.config == config
    torch.testing.assert_close(opened.model.state_dict(), built.state_dict())


def test_tied_embeddings_are_stored_once_and_tied_again(folder):
    assert "output.weight" not in load_file(folder / "model.safetensors")
    model = load(folder).model
    assert model.output.weight is model.embedding.weight


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_everybody_may_read_the_weights_whom_the_umask_lets(family, tokenizer, tmp_path, umask):
    before = os.umask(umask)
    try:
        save(tmp_path / "shared", small(family, tokenizer), tokenizer)
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "shared").iterdir()}
    assert modes == {0o666 & ~umask}


def test_the_fingerprint_follows_every_file(folder):
    before = load(folder).fingerprint
    assert load(folder).fingerprint == before
    edit_weights(folder, lambda weights: weights["embedding.weight"].add_(1e-3))
    assert load(folder).fingerprint != before


def test_half_precision_is_stored_and_opened_as_float32(family, tokenizer, tmp_path):
    save(tmp_path / "half", small(family, tokenizer), tokenizer, dtype=torch.bfloat16)
    stored = load_file(tmp_path / "half" / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.bfloat16}
    assert load(tmp_path / "half").model.embedding.weight.dtype == torch.float32


def test_opening_draws_no_random_numbers_and_building_still_does(folder, family, tokenizer):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    load(folder)
    assert torch.equal(torch.get_rng_state(), before)
    assert small(family, tokenizer).embedding.weight.std() > 0


LOAD = """
import sys
from model.checkpoint import load
before = len(sys.modules)
load(sys.argv[1])
print(len(sys.modules) - before)
"""


def test_opening_imports_no_decompositions(folder):
    found = subprocess.run(
        [sys.executable, "-c", LOAD, str(folder)], capture_output=True, text=True, check=True
    )
    assert int(found.stdout) < 100  # PyTorch's rules for the meta device are eight hundred


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
