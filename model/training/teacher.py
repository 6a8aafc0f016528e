"""A trained model that a new one learns from: knowledge distillation (Hinton et al. 2015).

Its word probabilities say more than the one word of a reference (word-level distillation, Kim &
Rush 2016), and its attention shows where to copy from, which a Transformer learns last.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from model import checkpoint
from model.layers.distribution import OutputDistribution
from model.seq2seq import Seq2Seq
from model.tokenizer import Tokenizer
from model.training.packing import fingerprint
from model.training.settings import TrainingSettings


class Teacher:
    """A model that answers but doesn't learn; no module, so nothing trains or saves it."""

    def __init__(self, model: nn.Module, device: torch.device) -> None:
        self._model = model.to(device).eval().requires_grad_(False)

    @classmethod
    def load(
        cls, settings: TrainingSettings, tokenizer: Tokenizer, device: torch.device
    ) -> Teacher:
        """The settings' teacher; ValueError where its tokens mean something else or are too few."""
        folder = Path(settings.teacher)
        loaded = checkpoint.load(folder)
        if fingerprint(loaded.tokenizer) != fingerprint(tokenizer):
            raise ValueError(f"the teacher {folder} has another tokenizer than the data")
        # Now, and not when the first long row comes.
        for name in ("max_source_tokens", "max_target_tokens"):
            if getattr(settings, name) > getattr(loaded.config, name):
                raise ValueError(
                    f"[training] {name} is {getattr(settings, name)}, "
                    f"the teacher {folder} reads only {getattr(loaded.config, name)}"
                )
        return cls(cast(nn.Module, loaded.model), device)

    @torch.no_grad()
    def distribution(self, source: Tensor, mask: Tensor, target: Tensor) -> OutputDistribution:
        """What it would say at every place of targets [B, T] for sources [B, S]."""
        return cast(Seq2Seq, self._model).distribution(source, mask, target)
