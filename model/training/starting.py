"""What a model knows before training: the weights of another one, word vectors.

A model of the same shape goes on from where the other ended; a Transformer with more layers does
so too, as its new ones add nothing yet; one of another family borrows the tensors that fit, such
as the embedding table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from model import checkpoint
from model.config import TransformerConfig
from model.tokenizer import Tokenizer
from model.training.embeddings import EmbeddingReport, load_embeddings
from model.training.packing import fingerprint
from model.transformer import TransformerModel


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

    A Transformer with more layers than the other is grown from it, see `_grown`.

    Raises ValueError where the other model's tokens mean something else, or nothing fits.
    """
    other = checkpoint.load(folder)
    if fingerprint(other.tokenizer) != fingerprint(tokenizer):
        raise ValueError(f"{folder} has another tokenizer than the data; its tokens don't fit")
    before = cast(nn.Module, other.model)
    weights: Mapping[str, Tensor] = before.state_dict()
    if isinstance(before, TransformerModel) and isinstance(model, TransformerModel):
        weights = _grown(weights, before.config, model.config)
    own = model.state_dict()
    fitting = [name for name in own if name in weights and weights[name].shape == own[name].shape]
    if not fitting:
        raise ValueError(f"{folder} has no tensor in common with the model to train")
    for name in fitting:
        own[name].copy_(weights[name])
    return StartReport(len(fitting), len(own), f"{other.name} ({other.fingerprint})")


def _grown(
    weights: Mapping[str, Tensor], old: TransformerConfig, new: TransformerConfig
) -> dict[str, Tensor]:
    """The old layers' tensors under their new names, with copies of them spread evenly between.

    A copy writes nothing into the residual stream until it is trained, so that the deeper model
    starts as the same function (block expansion, Wu et al. 2024, LLaMA Pro); the last layer of a
    stack stays the last. Behind norms after each part that wouldn't hold: such a model isn't grown.
    """
    sizes = {
        "encoder": (old.encoder_layers, new.encoder_layers),
        "decoder": (old.decoder_layers, new.decoder_layers),
    }
    if old.norm_position != "pre" or all(before >= after for before, after in sizes.values()):
        return dict(weights)
    result = {name: tensor for name, tensor in weights.items() if name.split(".")[0] not in sizes}
    for stack, (before, after) in sizes.items():
        origins = [place * before // max(before, after) for place in range(after)]
        for place, origin in enumerate(origins):
            is_copy = origin in origins[place + 1 :]
            for name, tensor in _part(weights, f"{stack}.{origin}.").items():
                writes = name.startswith(("self_output", "cross_output", "feed_forward.contract"))
                kept = torch.zeros_like(tensor) if is_copy and writes else tensor
                result[f"{stack}.{place}.{name}"] = kept
    return result


def _part(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors of one module, by their names in it."""
    return {name.removeprefix(prefix): t for name, t in weights.items() if name.startswith(prefix)}
