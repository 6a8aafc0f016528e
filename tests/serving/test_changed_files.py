"""Model files that change under a running server: what is open stays, what is not is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from demo.library import Library
from model.checkpoint import CheckpointError
from model.options import DecodingOptions
from tests.demo.made import SOURCE_TEXT, make_model
from tests.interop.made import make

OPTIONS = DecodingOptions(num_beams=2, max_new_tokens=8)


@pytest.mark.parametrize("kind", ["own", "made elsewhere", "pickled"])
def test_a_model_that_is_open_does_not_change_with_its_files(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "tiny"
    if kind == "own":
        make_model(folder)
    else:
        make("bart", folder)
    path = folder / "model.safetensors"
    if kind == "pickled":
        import torch

        torch.save(load_file(path), folder / "pytorch_model.bin")
        path.unlink()
        path = folder / "pytorch_model.bin"
    library = Library([folder])
    before = library.get().summarize(SOURCE_TEXT, OPTIONS)
    with path.open("r+b") as file:  # in place, as a copying program does
        file.seek(path.stat().st_size // 2)
        file.write(bytes(path.stat().st_size // 2))
    after = library.get().summarize(SOURCE_TEXT, OPTIONS)
    assert after.trace.hypotheses == before.trace.hypotheses
    shutil.rmtree(folder)
    assert library.get().summarize(SOURCE_TEXT, OPTIONS).text == before.text


def test_a_model_that_is_gone_before_it_was_opened_is_refused_and_harms_no_other(
    tmp_path: Path,
) -> None:
    kept, gone = make_model(tmp_path / "kept"), make_model(tmp_path / "gone")
    library = Library([kept, gone])
    weights = load_file(gone / "model.safetensors")
    weights.pop(next(iter(weights)))
    save_file(weights, gone / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"model\.safetensors lacks the tensor"):
        library.get("gone")
    shutil.rmtree(gone)
    with pytest.raises(CheckpointError, match=r"no model folder at .*gone"):
        library.get("gone")
    assert library.get("kept").summarize(SOURCE_TEXT, OPTIONS).text
    make_model(gone)
    assert library.get("gone").summarize(SOURCE_TEXT, OPTIONS).text
