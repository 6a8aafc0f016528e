"""A model folder gives back the same model."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from model.checkpoint import build, load, save
from model.config import TransformerConfig
from model.options import DecodingOptions
from tests.checkpoint.conftest import TEXTS, edit_weights, small


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
