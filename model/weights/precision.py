"""In how many bits a model's weights are read: a setting of whoever opens it.

Norms, embeddings, attention and probabilities stay in float32 throughout; only linear maps are
replaced. Not for training, and there is no way back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from torch import nn

from model.replay import Replay
from model.seq2seq import Seq2Seq
from model.weights.allocator import return_freed_memory
from model.weights.prepacked import prepack
from model.weights.reduced import (
    BFloat16Linear,
    Float16Linear,
    Int8Linear,
    has_bfloat16,
    has_fbgemm,
)

NARROW: dict[str, Callable[[nn.Linear], nn.Module]] = {
    "bf16": BFloat16Linear, "fp16": Float16Linear, "int8": Int8Linear,
}  # fmt: skip
PRECISIONS = ("auto", "fp32", *NARROW)
SMALL = 1 << 14  # weights below gain nothing, and a copy gate's one output loses most
LARGE = 16_000_000  # weights from which on fewer bits pay: fewer come from the cache as they are


def check_precision(precision: str) -> None:
    """Raise ValueError for an unknown one, and for one that this build of PyTorch lacks."""
    if precision not in PRECISIONS:
        raise ValueError(
            f"precision must be one of {', '.join(PRECISIONS)}, got {str(precision)!r:.80}"
        )
    if precision in ("fp16", "int8") and not has_fbgemm():
        raise ValueError(f"precision {precision} needs a PyTorch with FBGEMM, which this one lacks")


def use_precision(model: Seq2Seq, precision: str) -> str:
    """Prepare a float32 model for reading, in place; returns what `auto` stood for.

    `auto` is the fastest on this machine that is worth its loss: fp32 for a small model, which
    gains nothing; for a large one int8, or bf16 where PyTorch lacks FBGEMM.
    """
    check_precision(precision)
    module = cast(nn.Module, model)
    if precision == "auto":
        precision = _fastest(module)
    if precision in NARROW:
        _replace(module, NARROW[precision])
        return_freed_memory()
    prepack(module)  # what is left
    model.performer = Replay()
    return precision


def _fastest(model: nn.Module) -> str:
    weights = [part.weight.numel() for part in model.modules() if isinstance(part, nn.Linear)]
    if sum(weights) < LARGE:
        return "fp32"
    if has_fbgemm():
        return "int8"
    return "bf16" if has_bfloat16() else "fp32"


def _replace(model: nn.Module, narrower: Callable[[nn.Linear], nn.Module]) -> None:
    # No list of the maps themselves: one that is replaced must go before the next is made.
    for parent in [part for part in model.modules() if not isinstance(part, nn.Linear)]:
        for name in [name for name, _ in parent.named_children()]:
            child = getattr(parent, name)
            if type(child) is nn.Linear and child.weight.numel() >= SMALL:
                setattr(parent, name, narrower(child))
