"""The tensors of a folder, one file or several. Shapes are known before anything is read.

Files are hostile: an index names files of its own folder only, pickles are opened by PyTorch's
restricted reader alone and without a copy, and no tensor may claim more than its file holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from model.interop import pickles
from model.interop.settings import Settings
from model.untrusted import CheckpointError

SAFE, PICKLED = "model.safetensors", "pytorch_model.bin"
INDEX = ".index.json"
MAX_INDEX_BYTES = 5_000_000
MAX_HEADER_BYTES = 5_000_000  # a tensor takes some hundred
MAX_SHARDS = 256
SHARD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}")
FLOATS = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}

Shape = tuple[int, ...]


class Weights:
    """Tensors by name; reading one makes it float32."""

    def __init__(
        self, path: Path, shapes: Mapping[str, Shape], sources: Mapping[str, Path | Tensor]
    ) -> None:
        self.path = path  # the file that messages name
        self.shapes = shapes
        self._sources = sources  # the safetensors file of every name, or the tensor itself

    def read(self, name: str) -> Tensor:
        """One tensor. Raises `CheckpointError` where it is damaged, or holds NaN or infinity."""
        source = self._sources[name]
        try:
            # A copy: what is mapped changes with the file, and ends the process if that is cut.
            if isinstance(source, Tensor):
                tensor = source.to(torch.float32, copy=True)
            else:
                # Opened anew: all that was read of a file stays in memory until it is closed.
                with safe_open(source, framework="pt") as file:
                    tensor = file.get_tensor(name).to(torch.float32, copy=True)
        except (SafetensorError, OSError, RuntimeError) as error:
            raise CheckpointError(f"{self.path} is damaged at {name}: {error}") from error
        if tuple(tensor.shape) != self.shapes[name]:
            raise CheckpointError(f"{self.path} changed while it was read, at {name}")
        if not bool(tensor.sum(dtype=torch.float64).isfinite()):
            raise CheckpointError(f"{self.path}: {name} has values that are no finite numbers")
        return tensor


def find_files(folder: Path) -> list[Path]:
    """The files that hold the folder's weights, safetensors before pickles."""
    for name in (SAFE, PICKLED):
        if (folder / name).is_file():
            return [folder / name]
        if (folder / f"{name}{INDEX}").is_file():
            return _shards(folder / f"{name}{INDEX}", Path(name).suffix)
    raise CheckpointError(f"{folder} has neither {SAFE} nor {PICKLED}, nor an index of either")


def open_weights(files: list[Path]) -> Weights:
    """Open weight files without reading tensors."""
    shapes: dict[str, Shape] = {}
    sources: dict[str, Path | Tensor] = {}
    for path in files:
        opened = _open_safe(path) if path.suffix == ".safetensors" else _open_pickled(path)
        for name, (source, shape) in opened.items():
            if name in shapes:
                raise CheckpointError(f"{path} holds {name:.80}, which another file has as well")
            shapes[name], sources[name] = shape, source
    return Weights(files[0], shapes, sources)


def _shards(index: Path, suffix: str) -> list[Path]:
    """The files of an index; a name with a path in it is refused, a missing file named."""
    table = Settings.read(index, MAX_INDEX_BYTES).values.get("weight_map")
    if not isinstance(table, dict) or not table:
        raise CheckpointError(f"{index} has no weight_map from tensors to files")
    names = {name if isinstance(name, str) else repr(name) for name in table.values()}
    if len(names) > MAX_SHARDS:
        raise CheckpointError(f"{index} names {len(names)} files, the limit is {MAX_SHARDS}")
    for name in sorted(names):
        if not SHARD.fullmatch(name) or ".." in name or not name.endswith(suffix):
            raise CheckpointError(
                f"{index} names {name!r:.80}, which is no {suffix} file beside it"
            )
        if not (index.parent / name).is_file():
            raise CheckpointError(f"{index} names {name}, which is missing")
    return [index.parent / name for name in sorted(names)]


def _open_safe(path: Path) -> dict[str, tuple[Path, Shape]]:
    try:
        _check_header(path)
        with safe_open(path, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            kinds = {name: piece.get_dtype() for name, piece in slices.items()}
            opened = {name: (path, tuple(piece.get_shape())) for name, piece in slices.items()}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged: {error}") from error
    for name, kind in kinds.items():
        if kind not in FLOATS:
            raise CheckpointError(
                f"{path}: {name:.80} has the type {kind}, supported are {', '.join(FLOATS)}"
            )
    return opened


def _check_header(path: Path) -> None:
    """A header may describe millions of empty tensors, each an object of Python's."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
    if size > MAX_HEADER_BYTES:
        raise CheckpointError(
            f"{path} claims a header of {size} bytes, the limit is {MAX_HEADER_BYTES}"
        )


def _open_pickled(path: Path) -> dict[str, tuple[Tensor, Shape]]:
    """Tensors that still lie in the file; older files, which can't be mapped, are read."""
    size = path.stat().st_size
    pickles.check(path)
    is_zip = pickles.is_archive(path)
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except Exception as error:  # a damaged or hostile pickle raises anything
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise CheckpointError(
            f"{path} is damaged or holds more than tensors, and is not opened: {reason:.200}"
        ) from error
    if not isinstance(found, dict):
        raise CheckpointError(f"{path} must hold a table of tensors, got {type(found).__name__}")
    opened: dict[str, tuple[Tensor, Shape]] = {}
    for name, tensor in found.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise CheckpointError(
                f"{path} must hold tensors by name, got {type(tensor).__name__} at {name!r:.80}"
            )
        _check_tensor(path, name, tensor, size)
        opened[name] = (tensor.detach(), tuple(tensor.shape))
    return opened


def _check_tensor(path: Path, name: str, tensor: Tensor, size: int) -> None:
    if tensor.dtype not in FLOATS.values() or tensor.layout != torch.strided:
        raise CheckpointError(
            f"{path}: {name:.80} has the type {tensor.dtype}, supported are {', '.join(FLOATS)}"
        )
    if tensor.device.type != "cpu" or not tensor.is_contiguous() or tensor.nbytes > size:
        raise CheckpointError(
            f"{path}: {name:.80} claims {tensor.nbytes} bytes in a file of {size} bytes"
        )
