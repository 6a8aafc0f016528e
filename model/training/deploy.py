"""Step five: the best weights of a run as a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

import torch
from torch import nn

from model import checkpoint

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def deploy(
    run: Path,
    folder: Path,
    dtype: Literal["fp32", "bf16", "fp16"] = "bf16",
    card: str | None = None,
    origin: Path | None = None,
    origin_share: float = 0.3,
) -> None:
    """Write model.safetensors (as `dtype`), config.json, tokenizer.json and card.md.

    Without a `card`, the one that stands in the folder stays. With an `origin`, the model folder
    that the run started from, every weight is `origin_share` of the old and the rest of the new: a
    short training keeps much of what it taught, and what it cost comes back (Wortsman et al. 2022,
    WiSE-FT). Raises ValueError where the two differ in shape.
    """
    if dtype not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r:.80}")
    if card is None:
        before = folder / "card.md"
        card = before.read_text(encoding="utf-8") if before.is_file() else ""
    opened = checkpoint.load(run / "best")
    model = cast(nn.Module, opened.model)
    if origin is not None:
        _blend(model, cast(nn.Module, checkpoint.load(origin).model), origin_share, DTYPES[dtype])
    checkpoint.save(folder, model, opened.tokenizer, card=card, dtype=DTYPES[dtype])


def _blend(model: nn.Module, old: nn.Module, share: float, dtype: torch.dtype) -> None:
    """Move the weights back by `share`; the new ones count as they would have been stored."""
    if not 0 <= share <= 1:
        raise ValueError(f"origin_share must be in [0, 1], got {share:g}")
    before = old.state_dict()
    shapes = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    other = {name: list(tensor.shape) for name, tensor in before.items()}
    for name in [*shapes, *other]:
        if shapes.get(name) != other.get(name):
            raise ValueError(
                f"the origin can't be mixed in: {name} has the shape {other.get(name)}, "
                f"in the run it is {shapes.get(name)}"
            )
    for name, weight in model.named_parameters():  # a tied one has one name here
        weight.data.copy_((1 - share) * weight.to(dtype).float() + share * before[name])
