"""The optimizer that the settings ask for. Rates are set by the loop, step by step."""

from __future__ import annotations

import torch
from torch import nn

from model.training.settings import TrainingSettings


def build_optimizer(model: nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer:
    """Adam or AdamW, with weight decay on matrices alone."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.dim() > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    betas = (settings.beta_1, settings.beta_2)
    return kind(groups, lr=settings.learning_rate, betas=betas, fused=True)
