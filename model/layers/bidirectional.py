"""The encoder of the recurrent family: layers that read a source from both ends."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model.config import RNNConfig


class BidirectionalEncoder(nn.Module):
    """Recurrent layers read left to right and right to left.

    Right padding is dealt with by turning each source around within its own length: packed
    sequences would do the same, but their gradient is many times slower on a CPU.
    """

    def __init__(self, config: RNNConfig) -> None:
        super().__init__()
        kind = nn.LSTM if config.cell == "lstm" else nn.GRU
        size = config.hidden_size
        inputs = [config.embedding_size] + [2 * size] * (config.encoder_layers - 1)
        self.rightward = nn.ModuleList(kind(width, size, batch_first=True) for width in inputs)
        self.leftward = nn.ModuleList(kind(width, size, batch_first=True) for width in inputs)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, embedded: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """States [B, S, 2Q] of sources [B, S, E], and both readings' last states [B, 2Q]."""
        places = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)
        lengths = mask.sum(dim=1, keepdim=True)
        turned = torch.where(mask, lengths - 1 - places, places).unsqueeze(-1)  # [B, S, 1]
        states = embedded
        for rightward, leftward in zip(self.rightward, self.leftward, strict=True):
            states = self.dropout(states)
            ahead, _ = rightward(states)
            back, _ = leftward(states.gather(1, turned.expand_as(states)))
            back = back.gather(1, turned.expand_as(back))
            states = torch.cat([ahead, back], dim=-1)
        last = (lengths - 1).unsqueeze(-1).expand(-1, 1, ahead.shape[-1])
        return states, torch.cat([ahead.gather(1, last).squeeze(1), back[:, 0]], dim=-1)
