"""What tells a family of foreign checkpoints apart: how its settings and its tensors are called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from torch import Tensor

from model.config import TransformerConfig
from model.interop.settings import Settings

ACTIVATIONS = {  # their names for ours
    "relu": "relu",
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "silu": "silu",
    "swish": "silu",
}


@dataclass(frozen=True)
class Names:
    """A family's names for our tensors. Several of theirs are joined along the first dimension."""

    layer: str  # where a layer is, with its {side} and {number}
    encoder: Mapping[str, tuple[str, ...]]  # our module in a layer to theirs
    decoder: Mapping[str, tuple[str, ...]]
    outer: Mapping[str, str]  # our tensor outside of layers to theirs
    shared: str  # the table of token vectors that everybody reads who has no own
    tables: Mapping[str, str]  # the own ones of source, target and output
    optional: frozenset[str] = frozenset()  # of ours, what may be missing
    spare: tuple[str, ...] = ()  # endings of tensors that nobody reads

    def of(self, ours: str) -> tuple[str, ...]:
        """Their names for our tensor."""
        if ours in self.outer:
            return (self.outer[ours],)
        module, _, part = ours.rpartition(".")
        side, number, inner = module.split(".", 2)
        table = self.encoder if side == "encoder" else self.decoder
        place = self.layer.format(side=side, number=number)
        return tuple(f"{place}{theirs}.{part}" for theirs in table[inner])


def nothing(weights: dict[str, Tensor], config: TransformerConfig, settings: Settings) -> None:
    """Leave the weights as they are."""


@dataclass(frozen=True)
class Family:
    """A row of the registry of foreign families."""

    config: Callable[[Settings], dict[str, object]]  # our settings, but for tables and ids
    names: Callable[[TransformerConfig, Collection[str]], Names]
    fold: Callable[[dict[str, Tensor], TransformerConfig, Settings], None] = nothing
    starts_with_pad: bool = False  # where nothing says with what the decoder starts
    always_tied: bool = False  # the output reads the shared table unless it has another


def activation(settings: Settings, key: str, name: str) -> str:
    """Our name of an activation; the error names their key."""
    if name not in ACTIVATIONS:
        raise settings.error(key, f"must be one of {', '.join(ACTIVATIONS)}", name)
    return ACTIVATIONS[name]
