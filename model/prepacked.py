"""Linear maps with their weights laid out once for oneDNN. For reading on a CPU, never training.

PyTorch's float32 product of few rows with a large matrix leaves most of the memory's bandwidth
unused; oneDNN's blocked layout gets there. Nothing else changes: names, shapes and `state_dict`
stay, and the sums differ only by rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

ROWS = 4  # how many rows the layout is tuned for: the beams of one source


class PackedLinear(nn.Linear):
    """A linear map that multiplies with a blocked copy of its weight."""

    packed: Tensor

    @classmethod
    def of(cls, linear: nn.Linear) -> PackedLinear:
        """The same map, on the same parameters."""
        packed = cls(linear.in_features, linear.out_features, device="meta")
        packed.weight = linear.weight
        packed.bias = linear.bias
        blocked = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), ROWS)
        packed.register_buffer("packed", blocked, persistent=False)
        return packed

    def forward(self, states: Tensor) -> Tensor:
        """[..., in_features] to [..., out_features]."""
        if states.numel() != self.in_features:
            return _multiply(states, self.packed, self.bias)
        # One row, as in greedy search, takes oneDNN longer than four: it has no blocked kernel.
        four = states.reshape(1, -1).expand(ROWS, -1)
        return _multiply(four, self.packed, self.bias)[0].view(*states.shape[:-1], -1)


def _multiply(states: Tensor, packed: Tensor, bias: Tensor | None) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(states, packed, bias, "none", [], "")


def prepack(model: nn.Module) -> None:
    """Pack every linear map of a float32 model on the CPU; elsewhere leave it as it is."""
    if not can_prepack():
        return
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear and _is_packable(child.weight):
                setattr(parent, name, PackedLinear.of(child))


def _is_packable(weight: Tensor) -> bool:
    return weight.dtype == torch.float32 and weight.device.type == "cpu"


def can_prepack() -> bool:
    """Whether this build of PyTorch has oneDNN and the two operators, which are not public."""
    names = ("_reorder_linear_weight", "_linear_pointwise")
    operators = torch.ops.mkldnn
    return torch.backends.mkldnn.is_available() and all(hasattr(operators, n) for n in names)
