"""A model on disk: model.safetensors, config.json, tokenizer.json, card.md in one folder.

Folders made elsewhere are opened by `interop`. The registry of our families is here and nowhere
else. Every file is treated as hostile: sizes and shapes are compared before anything is allocated,
and nothing is ever unpickled.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from model.config import ModelConfig, RNNConfig, TransformerConfig, record_from_json
from model.interop import hub
from model.interop.opening import is_foreign, open_folder
from model.interop.weights import open_weights
from model.options import DecodingOptions
from model.rnn import RNNModel
from model.seq2seq import Seq2Seq
from model.strategies.manners import OWN, Manners
from model.tokenizer import Tokenizer
from model.transformer import TransformerModel
from model.untrusted import CheckpointError, read_json
from model.weights.skeleton import skeleton

FORMAT = "gistscope"
FORMAT_VERSION = 1
MAX_CONFIG_BYTES = 1_000_000
MAX_WEIGHT_BYTES = 4_000_000_000
TIED = "output.weight"  # not stored when it is the embedding table itself

FAMILIES: dict[str, tuple[type, type]] = {
    "rnn": (RNNConfig, RNNModel),
    "transformer": (TransformerConfig, TransformerModel),
}


@dataclass(frozen=True)
class Checkpoint:
    """An opened folder."""

    model: Seq2Seq  # float32, in evaluation mode
    config: ModelConfig
    tokenizer: Tokenizer
    name: str  # the folder's
    fingerprint: str  # of weights, config and tokenizer; 16 hexadecimal digits
    # How it writes unless asked otherwise, and in any case.
    defaults: DecodingOptions = field(default_factory=DecodingOptions)
    manners: Manners = OWN
    notes: tuple[str, ...] = ()  # what its folder asks for and Gistscope doesn't do


def family_of(config: ModelConfig) -> str:
    """The family's name as it stands in config.json."""
    return next(name for name, (kind, _) in FAMILIES.items() if isinstance(config, kind))


def build(config: ModelConfig) -> nn.Module:
    """A freshly initialised model of the config's family; it meets `Seq2Seq`."""
    return cast(nn.Module, FAMILIES[family_of(config)][1](config))


def config_to_json(config: ModelConfig) -> dict[str, Any]:
    """The content of config.json."""
    header = {"format": FORMAT, "format_version": FORMAT_VERSION, "family": family_of(config)}
    return header | dataclasses.asdict(config)


def save(
    folder: Path,
    model: nn.Module,
    tokenizer: Tokenizer,
    *,
    card: str = "",
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write the four files; weights are stored as `dtype`. Raises OSError where that fails."""
    config = cast(ModelConfig, model.config)
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in model.state_dict().items()
        if not (name == TIED and config.tie_embeddings)
    }
    try:
        save_file(weights, folder / "model.safetensors")
    except SafetensorError as error:  # how a full disk looks from there
        raise OSError(f"{folder / 'model.safetensors'} could not be written: {error}") from error
    text = json.dumps(config_to_json(config), indent=2)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")
    # The library lets nobody but the owner read what it writes; a model is for others, too.
    shutil.copymode(folder / "config.json", folder / "model.safetensors")
    tokenizer.save(folder)
    (folder / "card.md").write_text(card, encoding="utf-8")


def load(folder: str | Path, tell: Callable[[str], None] | None = None) -> Checkpoint:
    """Open a model folder, or a model of the Hub where no folder has the name.

    `tell` hears how much memory a model made elsewhere needs, before it is read. Raises
    `CheckpointError` with the file and the reason.
    """
    try:
        return _load(folder, tell)
    except RecursionError as error:  # a value that could be read can still be too deep to show
        raise CheckpointError(f"{folder} has a file that is nested too deeply") from error


def _load(folder: str | Path, tell: Callable[[str], None] | None) -> Checkpoint:
    path = Path(folder)
    if not path.is_dir() and hub.is_id(folder):
        path = hub.fetch(str(folder), tell)
        return _of_other(path, str(folder).rpartition("/")[2], None)
    if not path.is_dir():
        raise CheckpointError(f"no model folder at {path}")
    if (path / "config.json").is_file() and is_foreign(path):
        return _of_other(path, path.resolve().name, tell)
    return _load_own(path)


def _of_other(folder: Path, name: str, tell: Callable[[str], None] | None) -> Checkpoint:
    """A checkpoint made elsewhere."""
    opened = open_folder(folder, tell)
    return Checkpoint(
        cast(Seq2Seq, opened.model),
        opened.model.config,
        opened.tokenizer,
        name,
        opened.fingerprint,
        opened.defaults,
        opened.manners,
        opened.notes,
    )


def _load_own(folder: Path) -> Checkpoint:
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        if not (folder / name).is_file():
            raise CheckpointError(f"{folder} has no {name}")
    config = _read_config(folder / "config.json")
    model = skeleton(lambda: build(config))
    weights = _read_weights(folder / "model.safetensors", model, config)
    model.load_state_dict(weights, strict=False, assign=True)
    if config.tie_embeddings:
        model.output.weight = model.embedding.weight  # type: ignore[union-attr]
    try:
        tokenizer = Tokenizer.load(folder)
    except ValueError as error:
        raise CheckpointError(str(error)) from error
    if tokenizer.vocabulary_size > config.vocabulary_size:
        raise CheckpointError(
            f"{folder}/tokenizer.json has {tokenizer.vocabulary_size} tokens, "
            f"the model only {config.vocabulary_size}"
        )
    opened = cast(Seq2Seq, model.eval().requires_grad_(False))
    return Checkpoint(opened, config, tokenizer, folder.resolve().name, _fingerprint(folder))


def _read_config(path: Path) -> ModelConfig:
    values = read_json(path, MAX_CONFIG_BYTES)
    if values.pop("format", None) != FORMAT:
        raise CheckpointError(f"{path} is not of a {FORMAT} model")
    version = values.pop("format_version", None)
    if not isinstance(version, int) or version < 1:
        raise CheckpointError(f"{path} has the format version {version!r:.80}")
    if version > FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format version {version}; this Gistscope reads up to {FORMAT_VERSION}"
        )
    family = values.pop("family", None)
    if not isinstance(family, str) or family not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise CheckpointError(f"{path} names the family {family!r:.80}; known are {known}")
    try:
        return cast(ModelConfig, record_from_json(FAMILIES[family][0], values, str(path)))
    except ValueError as error:
        raise CheckpointError(str(error)) from error


def _read_weights(path: Path, model: nn.Module, config: ModelConfig) -> dict[str, Tensor]:
    """The tensors in float32, after names and shapes were compared with the model's."""
    if path.stat().st_size > MAX_WEIGHT_BYTES:
        raise CheckpointError(f"{path} is larger than {MAX_WEIGHT_BYTES} bytes")
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if config.tie_embeddings:
        expected.pop(TIED)
    weights = open_weights([path])
    _compare(path, expected, weights.shapes)
    return {name: weights.read(name) for name in expected}


def _compare(
    path: Path, expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]
) -> None:
    for name, shape in expected.items():
        if name not in found:
            raise CheckpointError(f"{path} lacks the tensor {name}")
        if found[name] != shape:
            raise CheckpointError(
                f"{path}: {name} has the shape {list(found[name])}, "
                f"config.json asks for {list(shape)}"
            )
    unknown = sorted(set(found) - set(expected))
    if unknown:
        raise CheckpointError(f"{path} has tensors the model doesn't know: {unknown[0]:.80}")


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in ("model.safetensors", "config.json", "tokenizer.json"):
        with (folder / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]
