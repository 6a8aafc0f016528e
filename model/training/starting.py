"""What a model knows before training: the weights of another one, word vectors.

A model of the same shape goes on from where the other ended; one of another family borrows the
tensors that fit, such as the embedding table.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import nn

from model import checkpoint
from model.tokenizer import Tokenizer
from model.training.embeddings import EmbeddingReport, load_embeddings
from model.training.packing import fingerprint


@dataclass(frozen=True)
class StartReport:
    """How much of a model was taken over."""

    taken: int  # tensors
    tensors: int  # of the new model
    origin: str  # name and fingerprint of the other model

    def __str__(self) -> str:
        return f"{self.taken} of {self.tensors} tensors start from {self.origin}"


def prepare(
    model: nn.Module, tokenizer: Tokenizer, origin: Path | None, embeddings: Path | None
) -> list[tuple[str, StartReport | EmbeddingReport]]:
    """Put what is given into a new model; what came of it, by kind."""
    reports: list[tuple[str, StartReport | EmbeddingReport]] = []
    if origin is not None:
        reports.append(("start", start_from(origin, model, tokenizer)))
    if embeddings is not None:
        reports.append(("embeddings", load_embeddings(embeddings, model, tokenizer)))
    return reports


@torch.no_grad()
def start_from(folder: Path, model: nn.Module, tokenizer: Tokenizer) -> StartReport:
    """Copy every tensor that has its name and shape in both models, of whichever family.

    Raises ValueError where the other model's tokens mean something else, or nothing fits.
    """
    other = checkpoint.load(folder)
    if fingerprint(other.tokenizer) != fingerprint(tokenizer):
        raise ValueError(f"{folder} has another tokenizer than the data; its tokens don't fit")
    weights = cast(nn.Module, other.model).state_dict()
    own = model.state_dict()
    fitting = [name for name in own if name in weights and weights[name].shape == own[name].shape]
    if not fitting:
        raise ValueError(f"{folder} has no tensor in common with the model to train")
    for name in fitting:
        own[name].copy_(weights[name])
    return StartReport(len(fitting), len(own), f"{other.name} ({other.fingerprint})")
