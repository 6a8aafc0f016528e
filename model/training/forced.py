"""How well a model predicts given targets, token by token, with the true tokens before each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model.checkpoint import Checkpoint


@dataclass(frozen=True)
class Pair:
    """A source and one target of it; style None leaves the style token out."""

    source: str
    target: str
    style: str | None


@dataclass(frozen=True)
class Prediction:
    """Sums over the tokens of targets, the end token included."""

    tokens: int = 0
    correct: int = 0  # tokens that were the model's first choice
    log_prob: float = 0.0

    def __add__(self, other: Prediction) -> Prediction:
        return Prediction(
            self.tokens + other.tokens,
            self.correct + other.correct,
            self.log_prob + other.log_prob,
        )

    @property
    def loss(self) -> float:
        """Cross-entropy per token in nats."""
        return -self.log_prob / self.tokens

    @property
    def perplexity(self) -> float:
        """exp(loss), infinite where that is too large to write."""
        return math.exp(self.loss) if self.loss < 700 else math.inf

    @property
    def accuracy(self) -> float:
        """Share of correct tokens."""
        return self.correct / self.tokens


@dataclass(frozen=True)
class ForcedBatch:
    """What the model said of the targets of some pairs."""

    places: list[int]  # of the pairs
    log_probs: Tensor  # [B, T, V]
    target: Tensor  # ids [B, T]
    real: Tensor  # [B, T], False on padding


def predict(
    checkpoint: Checkpoint,
    pairs: Sequence[Pair],
    batch_size: int,
    progress: Callable[[int], None] = lambda pairs: None,
) -> list[Prediction]:
    """One prediction per pair, in order. Sources and targets are cut to the model's limits."""
    found: dict[int, Prediction] = {}
    for batch in forced_batches(checkpoint, pairs, batch_size):
        found.update(zip(batch.places, _predictions(batch), strict=True))
        progress(len(batch.places))
    return [found[place] for place in range(len(pairs))]


@torch.inference_mode()
def forced_batches(
    checkpoint: Checkpoint, pairs: Sequence[Pair], batch_size: int
) -> Iterator[ForcedBatch]:
    """The model's distributions over every pair's target, the pairs of alike lengths together."""
    config, tokenizer = checkpoint.config, checkpoint.tokenizer
    sources = [
        tokenizer.encode_source(pair.source, pair.style, config.max_source_tokens).ids
        for pair in pairs
    ]
    targets = [tokenizer.encode_target(pair.target, config.max_target_tokens) for pair in pairs]
    # Alike lengths together: less padding to compute.
    order = sorted(range(len(pairs)), key=lambda i: (len(sources[i]), len(targets[i])))
    for start in range(0, len(order), batch_size):
        places = order[start : start + batch_size]
        ids, mask = _padded([sources[i] for i in places], config.pad_id)
        target, real = _padded([targets[i] for i in places], config.pad_id)
        yield ForcedBatch(places, checkpoint.model.forward(ids, mask, target), target, real)


def _predictions(batch: ForcedBatch) -> list[Prediction]:
    chosen = batch.log_probs.gather(-1, batch.target.unsqueeze(-1)).squeeze(-1)  # [B, T]
    correct = (batch.log_probs.argmax(dim=-1) == batch.target) & batch.real
    sums = chosen.double().masked_fill(~batch.real, 0.0).sum(dim=-1)
    rows = zip(batch.real.sum(-1), correct.sum(-1), sums, strict=True)
    return [Prediction(int(tokens), int(right), float(total)) for tokens, right, total in rows]


def _padded(rows: Sequence[Sequence[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Ids [B, S] and the mask [B, S], True on what stood in `rows`."""
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad_id] * (longest - len(row))] for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    return ids, torch.arange(longest) < lengths.unsqueeze(1)
