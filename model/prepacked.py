"""Linear maps with their weights laid out once for how they are read. On a CPU, never in training.

A product of few rows with a large matrix takes as long as reading the matrix, and PyTorch's
float32 layout leaves most of the memory's bandwidth unused. Several rows, as beams and sources
give, are fastest through oneDNN's blocked layout. One row, as in greedy search, has no blocked
kernel: a wide matrix is read fastest by columns, others as they are. Nothing else changes: names,
shapes and `state_dict` stay, and the sums differ only by rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

ROWS = 4  # how many rows the blocked layout is tuned for: the beams of one source


class PackedLinear(nn.Linear):
    """A linear map that multiplies with the copy of its weight that suits the number of rows."""

    packed: Tensor  # for several rows; opaque
    single: Tensor  # for one row: [out_features, in_features], in the order that is fastest

    @classmethod
    def of(cls, linear: nn.Linear, *, shared: bool = False) -> PackedLinear:
        """The same map, on the same parameters.

        A weight that nobody else reads, as `shared` ones are by an embedding, is itself laid out
        for one row, which spares a copy.
        """
        packed = cls(linear.in_features, linear.out_features, device="meta")
        weight = linear.weight.detach()
        blocked = torch.ops.mkldnn._reorder_linear_weight(weight, ROWS)
        is_wide = linear.out_features > linear.in_features
        single = weight.t().contiguous().t() if is_wide else weight
        packed.weight = linear.weight if shared else nn.Parameter(single, requires_grad=False)
        packed.bias = linear.bias
        packed.register_buffer("packed", blocked, persistent=False)
        packed.register_buffer("single", single, persistent=False)
        return packed

    def forward(self, states: Tensor) -> Tensor:
        """[..., in_features] to [..., out_features]."""
        if states.numel() != self.in_features:
            return torch.ops.mkldnn._linear_pointwise(
                states, self.packed, self.bias, "none", [], ""
            )
        row = states.reshape(-1)
        product = (
            torch.mv(self.single, row)
            if self.bias is None
            else torch.addmv(self.bias, self.single, row)
        )
        return product.view(*states.shape[:-1], -1)


def prepack(model: nn.Module) -> None:
    """Pack every linear map of a float32 model on the CPU; elsewhere leave it as it is."""
    if not can_prepack():
        return
    modules = list(model.modules())
    owned = [id(weight) for module in modules for weight in module.parameters(recurse=False)]
    for parent in modules:
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear and _is_packable(child.weight):
                shared = owned.count(id(child.weight)) > 1
                setattr(parent, name, PackedLinear.of(child, shared=shared))


def _is_packable(weight: Tensor) -> bool:
    return weight.dtype == torch.float32 and weight.device.type == "cpu"


def can_prepack() -> bool:
    """Whether this build of PyTorch has oneDNN and the two operators, which are not public."""
    names = ("_reorder_linear_weight", "_linear_pointwise")
    operators = torch.ops.mkldnn
    return torch.backends.mkldnn.is_available() and all(hasattr(operators, n) for n in names)
