"""From foreign tensors to our Transformer's, after every name and shape was compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from model.config import TransformerConfig
from model.interop.family import Family, Names
from model.interop.settings import Settings
from model.interop.weights import Weights
from model.layers.positions import sinusoids
from model.transformer import TransformerModel
from model.untrusted import CheckpointError
from model.weights.skeleton import skeleton

TABLES = {"source": "source_embedding.weight", "target": "embedding.weight"}
OUTPUT = "output.weight"


def load(
    family: Family, config: TransformerConfig, settings: Settings, weights: Weights
) -> TransformerModel:
    """The model, in evaluation mode."""
    names = family.names(config, weights.shapes)
    sides, config = _tables(names, family, config, settings, weights)
    model = skeleton(lambda: TransformerModel(config))
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    sources = {ours: _sources(ours, names, sides) for ours in expected}
    if config.tie_embeddings:
        del expected[OUTPUT]
    _compare(expected, sources, names, weights)
    found = {
        ours: _read(ours, shape, sources[ours], weights)
        for ours, shape in expected.items()
        if ours not in names.optional or sources[ours][0] in weights.shapes
    }
    found |= {ours: _default(ours, expected[ours]) for ours in expected.keys() - found.keys()}
    family.fold(found, config, settings)
    model.load_state_dict(found, strict=False, assign=True)
    if config.tie_embeddings:
        model.output.weight = model.embedding.weight
    return model.eval().requires_grad_(False)


def _tables(
    names: Names, family: Family, config: TransformerConfig, settings: Settings, weights: Weights
) -> tuple[Mapping[str, str], TransformerConfig]:
    """Which table source, target and output read, and our settings for that.

    Files repeat a table that is shared, or name it after any of its readers; a file can also hold
    two where its settings say one. What counts is what the tables hold.
    """
    own = {side: name for side, name in names.tables.items() if name in weights.shapes}
    anywhere = (names.shared, *(names.tables[side] for side in ("target", "source", "output")))
    common = next((name for name in anywhere if name in weights.shapes), None)
    if common is None:
        raise CheckpointError(f"{weights.path} lacks the tensor {names.shared}")
    is_tied = family.always_tied or settings.flag("tie_word_embeddings", True)
    if not is_tied and "output" not in own:
        raise CheckpointError(f"{weights.path} lacks the tensor {names.tables['output']}")
    sides = {side: own.get(side, common) for side in ("source", "target")}
    sides["output"] = own.get("output", sides["target"])
    for name in {*own.values(), common}:
        _check_shape(name, (config.vocabulary_size, config.width), weights)
    same = {side: _equal(sides[side], sides["target"], weights) for side in ("source", "output")}
    return sides, replace(config, share_embeddings=same["source"], tie_embeddings=same["output"])


def _equal(one: str, other: str, weights: Weights) -> bool:
    return one == other or torch.equal(weights.read(one), weights.read(other))


def _sources(ours: str, names: Names, sides: Mapping[str, str]) -> tuple[str, ...]:
    """Their names of our tensor."""
    if ours == OUTPUT:
        return (sides["output"],)
    for side, table in TABLES.items():
        if ours == table:
            return (sides[side],)
    return names.of(ours)


def _compare(
    expected: Mapping[str, tuple[int, ...]],
    sources: Mapping[str, tuple[str, ...]],
    names: Names,
    weights: Weights,
) -> None:
    known = {names.shared, *names.tables.values()}
    for ours, shape in expected.items():
        known.update(sources[ours])
        if ours in names.optional and sources[ours][0] not in weights.shapes:
            continue
        for name in sources[ours]:
            _check_shape(name, (shape[0] // len(sources[ours]), *shape[1:]), weights)
    unknown = sorted(
        name for name in weights.shapes if name not in known and not name.endswith(names.spare)
    )
    if unknown:
        raise CheckpointError(
            f"{weights.path} has tensors that this family doesn't have: {unknown[0]:.80}"
        )


def _check_shape(name: str, shape: tuple[int, ...], weights: Weights) -> None:
    if name not in weights.shapes:
        raise CheckpointError(f"{weights.path} lacks the tensor {name}")
    found = weights.shapes[name]
    if found not in (shape, (1, *shape)):  # a bias comes as a matrix of one row
        raise CheckpointError(
            f"{weights.path}: {name} has the shape {list(found)}, "
            f"config.json asks for {list(shape)}"
        )


def _read(ours: str, shape: tuple[int, ...], sources: tuple[str, ...], weights: Weights) -> Tensor:
    parts = [weights.read(name) for name in sources]
    return (parts[0] if len(parts) == 1 else torch.cat(parts)).view(shape)


def _default(ours: str, shape: tuple[int, ...]) -> Tensor:
    """What an optional tensor is where a file doesn't have it."""
    return sinusoids(*shape) if "positions" in ours else torch.zeros(shape)
