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
) -> None:
    """Write model.safetensors (as `dtype`), config.json, tokenizer.json and card.md.

    Without a `card`, the one that stands in the folder stays.
    """
    if dtype not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r:.80}")
    if card is None:
        before = folder / "card.md"
        card = before.read_text(encoding="utf-8") if before.is_file() else ""
    opened = checkpoint.load(run / "best")
    model = cast(nn.Module, opened.model)
    checkpoint.save(folder, model, opened.tokenizer, card=card, dtype=DTYPES[dtype])
