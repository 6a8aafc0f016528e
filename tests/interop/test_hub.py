"""Models of the Hub: fetched piece by piece, and no more than they say they are."""

from types import SimpleNamespace

import pytest

from model import DecodingOptions, Summarizer
from model.checkpoint import CheckpointError, load
from model.interop import hub
from tests.interop.hostile import edit
from tests.interop.made import TEXTS

TEXT = TEXTS[0][:60]


def test_a_model_of_the_hub_is_fetched_piece_by_piece(folder, monkeypatch):
    path, asked, said = folder(), [], []

    def snapshot(name, patterns, most):
        assert most < 200_000_000
        asked.append((name, list(patterns)))
        return path

    monkeypatch.setattr(hub, "_snapshot", snapshot)
    opened = Summarizer.load("someone/their-model", said.append)
    assert opened.name == "their-model"
    assert opened.summarize(TEXT, DecodingOptions(max_new_tokens=5)).trace.steps
    assert [name for name, _ in asked] == ["someone/their-model"] * 2
    assert "config.json" in asked[0][1]
    assert not any("safetensors" in p and "index" not in p for p in asked[0][1])
    assert asked[1][1] == ["model.safetensors", "model-*.safetensors"]
    assert len(said) == 1
    assert said[0].startswith("someone/their-model: ")


def test_a_model_of_the_hub_that_is_not_supported_costs_only_its_settings(folder, monkeypatch):
    path, asked = folder(), []
    edit(path / "config.json", model_type="led")
    monkeypatch.setattr(hub, "_snapshot", lambda name, *_: asked.append(name) or path)
    with pytest.raises(CheckpointError, match="led"):
        load("someone/their-model")
    assert len(asked) == 1


def test_no_more_is_fetched_than_the_settings_ask_for(folder, monkeypatch):
    path, fetched = folder(), []

    def download(name, allow_patterns, dry_run=False, revision=None):
        if not dry_run:
            fetched.append(revision)
            return str(path)
        sizes = [5 * 10**12 if "safetensors" in pattern else 10 for pattern in allow_patterns]
        return [SimpleNamespace(file_size=size, commit_hash="abc") for size in sizes]

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    monkeypatch.setattr(hub, "SMALL", ["config.json"])
    with pytest.raises(CheckpointError, match="has 10000000000000 bytes, its settings ask for 1"):
        load("someone/their-model")
    assert fetched == ["abc"]


def test_a_path_is_no_name_of_the_hub(tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "_snapshot", lambda *_: pytest.fail("asked the Hub"))
    for name in (tmp_path / "nowhere", "./some/where", "../up", "one", "a/b/c", "/a/b"):
        with pytest.raises(CheckpointError, match="no model folder"):
            load(name)
