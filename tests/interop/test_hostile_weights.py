"""Weights that lie, break off or attack are refused with a reason; nothing is executed."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from model.checkpoint import CheckpointError, load
from model.interop.weights import open_weights
from tests.interop.hostile import PICKLED, SAFE, change, pickled

pytestmark = pytest.mark.usefixtures("no_blow_up")


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("exploded"),))


@pytest.mark.parametrize("is_zip", [True, False])
def test_code_in_a_pickle_is_never_run(bart, is_zip, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    path = pickled(bart)
    torch.save({"a": Bomb()}, path, _use_new_zipfile_serialization=is_zip)
    with pytest.raises(CheckpointError, match=r"pytorch_model.bin is damaged or holds more than"):
        load(bart)
    path.write_bytes(pickle.dumps(Bomb(), protocol=2))
    with pytest.raises(CheckpointError, match=r"pytorch_model.bin is damaged or holds more than"):
        load(bart)
    assert not (tmp_path / "exploded").exists()


def test_a_pickle_of_something_else_is_refused(bart):
    path = pickled(bart)
    for value in (torch.zeros(3), ["a"], {"a": 1}, {1: torch.zeros(2)}):
        torch.save(value, path)
        with pytest.raises(CheckpointError, match=r"must hold (a table of )?tensors"):
            load(bart)


def test_a_tensor_that_claims_more_than_the_file_is_refused(bart):
    path = pickled(bart)
    torch.save({"model.shared.weight": torch.zeros(1).expand(300_000, 8_192)}, path)
    with pytest.raises(CheckpointError, match="claims 9830400000 bytes in a file of"):
        load(bart)


def test_a_compressed_archive_is_refused(bart):
    path = pickled(bart)
    with zipfile.ZipFile(path) as archive:
        entries = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    with pytest.raises(CheckpointError, match="compressed entry"):
        load(bart)


@pytest.mark.parametrize("name", [SAFE, PICKLED])
@pytest.mark.parametrize("keep", [0, 9, 3_000])
def test_weights_that_break_off_are_named(bart, name, keep):
    path = bart / name
    if name == PICKLED:
        pickled(bart)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=name):
        load(bart)


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
def test_wrong_tensors_are_named(bart, tensors, message):
    change(bart, **tensors)
    with pytest.raises(CheckpointError, match=message):
        load(bart)


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
def test_an_index_names_files_beside_it_only(bart, table, message):
    (bart / SAFE).unlink()
    (bart / f"{SAFE}.index.json").write_text(json.dumps({"weight_map": table}))
    with pytest.raises(CheckpointError, match=message):
        load(bart)


def zip_of(path: Path, entries: list[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)


START = b"\x80\x02}"
BOMBS = {  # tables whose making takes forever, or all memory, or the stack
    "zeros": START + b"X\x01\0\0\0ac__builtin__\nbytearray\n\x8a\x05\0\0\0\0\x10\x85Rs.",
    "deep": START + b")" + b"\x85" * 300_000 + b"K\x01s.",
    "twice": START + b"]q\0)q\1"
    + b"".join(b"h%ch%c\x86q%c" % (n, n, n + 1) for n in range(1, 60)) + b"K\x01s.",
    "sets": START + b"\x8fs.",
    "pops": b"\x80\x02.",
    "gets": START + b"h\x09s.",
    "cut": START,
}  # fmt: skip


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("name", BOMBS)
def test_a_pickle_is_read_op_by_op_before_it_is_opened(bart, name, is_zip):
    path = pickled(bart)
    if is_zip:
        zip_of(path, [("a/data.pkl", BOMBS[name]), ("a/version", b"3\n")])
    else:
        numbers = b"".join(pickle.dumps(value, protocol=2) for value in (7, 1001, {}))
        path.write_bytes(numbers + BOMBS[name])
    with pytest.raises(CheckpointError, match=r"pytorch_model.bin is damaged or holds more than"):
        load(bart)


def test_an_archive_that_two_readers_read_differently_is_refused(bart):
    path = pickled(bart)
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    for spoilt in (content + b"\0", content[:40] + content, b"PK\x03\x04" + b"\0" * 200):
        path.write_bytes(spoilt)
        with pytest.raises(CheckpointError, match="its directory"):
            load(bart)
    name = next(name for name, _ in entries if name.endswith("data.pkl"))
    zip_of(path, [*entries, (name.upper(), b"")])
    with pytest.raises(CheckpointError, match="two entries of one name"):
        load(bart)


@pytest.mark.parametrize(
    ("shape", "offsets", "message"),
    [
        ([3], [0, 12], "is damaged"),  # behind the end
        ([2**40, 2**40], [0, 4], "is damaged"),
        ([1], [4, 0], "is damaged"),
        ([1], [2, 6], "is damaged"),  # a hole
    ],
)
def test_a_header_that_lies_is_refused(bart, shape, offsets, message):
    header = json.dumps({"a": {"dtype": "F32", "shape": shape, "data_offsets": offsets}}).encode()
    (bart / SAFE).write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 4)
    with pytest.raises(CheckpointError, match=message):
        load(bart)


def test_a_header_of_millions_of_tensors_is_not_read(bart):
    with (bart / SAFE).open("wb") as file:
        file.write((90_000_000).to_bytes(8, "little"))
        file.truncate(90_000_008)
    with pytest.raises(CheckpointError, match="a header of 90000000 bytes, the limit is 5000000"):
        load(bart)


def test_a_file_that_changes_between_a_look_and_a_read_is_refused(bart):
    weights = open_weights([bart / SAFE])
    name = next(iter(weights.shapes))
    assert tuple(weights.read(name).shape) == weights.shapes[name]
    change(bart, **{name: torch.zeros(3, 5, 7)})
    with pytest.raises(CheckpointError, match=f"changed while it was read, at {name}"):
        weights.read(name)
    (bart / SAFE).unlink()
    with pytest.raises(CheckpointError, match=f"is damaged at {name}"):
        weights.read(name)


def test_one_file_under_two_names_is_refused(bart):
    (bart / SAFE).rename(bart / "one.safetensors")
    (bart / "two.safetensors").symlink_to("one.safetensors")
    table = {"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}
    (bart / f"{SAFE}.index.json").write_text(json.dumps(table))
    with pytest.raises(CheckpointError, match="which another file has as well"):
        load(bart)


def test_a_pipe_or_a_device_is_no_weight_file(bart):
    for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        (bart / SAFE).unlink()
        make(bart / SAFE)
        with pytest.raises(CheckpointError, match=r"has neither model\.safetensors nor"):
            load(bart)
