"""From logits, attention and a gate to P(next token). Knows neither family nor text."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

SMALLEST = 1e-9  # below this a mixture's probability is only float noise


@dataclass(frozen=True)
class OutputDistribution:
    """A vocabulary softmax, mixed with copying from the source where a gate is given.

    P(w) = (1 - g) softmax(logits)_w + g sum_{s: source_s = w} attention_s, the pointer-generator
    of See et al. 2017. Subwords cover every word, so no extended vocabulary is needed.
    """

    logits: Tensor  # [B, T, V]
    copy_gate: Tensor | None = None  # g, [B, T]
    attention: Tensor | None = None  # [B, T, S], what is copied from; sums to 1 over S
    source_ids: Tensor | None = None  # [B, S]
    memory: Tensor | None = None  # [N, S, D], the encoder's states; under teacher forcing only

    def log_probs(self) -> Tensor:
        """Log-probabilities [B, T, V] in float32."""
        if self.copy_gate is None or self.attention is None or self.source_ids is None:
            return functional.log_softmax(self.logits.float(), dim=-1)
        probs = functional.softmax(self.logits.float(), dim=-1)
        probs = probs * (1 - self.copy_gate.float()).unsqueeze(-1)
        copied = self.attention.float() * self.copy_gate.float().unsqueeze(-1)  # [B, T, S]
        places = self.source_ids.unsqueeze(1).expand_as(copied)
        return probs.scatter_add(-1, places, copied).clamp_min(SMALLEST).log()

    def target_log_probs(self, target: Tensor) -> Tensor:
        """Log P [B, T] of `target` [B, T], in float32; never builds [B, T, V] probabilities."""
        flat = functional.cross_entropy(
            self.logits.float().flatten(0, 1), target.flatten(), reduction="none"
        )
        generated = -flat.view(target.shape)
        if self.copy_gate is None or self.attention is None or self.source_ids is None:
            return generated
        matches = self.source_ids.unsqueeze(1) == target.unsqueeze(-1)  # [B, T, S]
        copied = (self.attention.float() * matches).sum(dim=-1)
        gate = self.copy_gate.float()
        mixture = (1 - gate) * generated.exp() + gate * copied
        return mixture.clamp_min(SMALLEST).log()

    def log_probs_of(self, ids: Tensor) -> Tensor:
        """Log P [B, T, K] of some tokens `ids` [B, T, K], in float32; builds no more than that."""
        logits = self.logits.float()
        generated = logits.gather(-1, ids) - logits.logsumexp(dim=-1, keepdim=True)
        if self.copy_gate is None or self.attention is None or self.source_ids is None:
            return generated
        matches = self.source_ids[:, None, None, :] == ids.unsqueeze(-1)  # [B, T, K, S]
        copied = (matches * self.attention.float().unsqueeze(2)).sum(dim=-1)
        gate = self.copy_gate.float().unsqueeze(-1)
        mixture = (1 - gate) * generated.exp() + gate * copied
        return mixture.clamp_min(SMALLEST).log()

    def uniform_log_probs(self) -> Tensor:
        """Mean log P [B, T] over the vocabulary's softmax: the target of label smoothing."""
        logits = self.logits.float()
        return logits.mean(dim=-1) - logits.logsumexp(dim=-1)
