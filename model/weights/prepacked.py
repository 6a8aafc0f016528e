"""Linear maps that lay out their weight for how it is read. On a CPU, never in training.

A product of few rows with a large matrix takes as long as reading the matrix, and PyTorch's
float32 layout leaves most of the memory's bandwidth unused. A few rows, as beams and sources give,
are fastest through oneDNN's blocked layout. One row, as in greedy search, reads a wide matrix
fastest by columns, which many rows, as the encoder has, don't mind: their product is bound by
arithmetic. So a wide matrix is kept by columns, unless a table reads it by rows; a blocked layout
is made when it is first read, and a map that never reads it, as most of the encoder's, spends no
memory on it. PyTorch gives the product of one row to one thread; as products of a part of the
matrix each, all threads share it. Which layout is read depends on the number of rows alone, so that
a run again gives the same to the last bit. Names, shapes and `state_dict` stay, and sums differ
only by rounding.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional

ROWS = 4  # how many rows the blocked layout is tuned for: the beams of one source
MANY = 32  # rows from which on the plain layout is as fast
PARTS = 4  # of the product of one row; as many threads can share it, and one loses nothing

# A script, since the tracer of `replay` has no way to write an empty list of numbers down.
_FEW = torch.jit.CompilationUnit("""
def linear(states: Tensor, blocked: Tensor, bias: Optional[Tensor]) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(states, blocked, bias, "none", [], "")
""")


def layout(rows: int) -> str:
    """Which layout of a weight so many rows read."""
    if rows == 1:
        return "single"
    return "few" if rows < MANY else "many"


class PackedLinear(nn.Linear):
    """A linear map that multiplies with the layout of its weight that suits the number of rows."""

    _blocked: Tensor | None
    _single: Tensor | None

    @classmethod
    def of(cls, linear: nn.Linear) -> PackedLinear:
        """The same map, on the same parameters."""
        packed = cls(linear.in_features, linear.out_features, device="meta")
        packed.weight, packed.bias = linear.weight, linear.bias
        for layout in ("_blocked", "_single"):  # buffers, so that `replay` finds them
            packed.register_buffer(layout, None, persistent=False)
        return packed

    # Made when first read, and from then on read by every thread. Outside of inference mode, in
    # which decoding runs: gradients go through them when a word is explained.
    def blocked(self) -> Tensor:
        """For a few rows; opaque."""
        if self._blocked is None:
            with torch.inference_mode(False):
                weight = self.weight.detach().contiguous()
                self._blocked = torch.ops.mkldnn._reorder_linear_weight(weight, ROWS)
        return self._blocked

    def single(self) -> Tensor:
        """For one row: [PARTS, in_features / PARTS, out_features] of a wide matrix, each for its
        part of the input, and [PARTS, in_features, out_features / PARTS] of a tall one."""
        if self._single is None:
            with torch.inference_mode(False):
                weight = self.weight.detach()
                if _is_wide(weight):
                    self._single = _by_columns(weight).t().unflatten(0, (PARTS, -1))
                else:
                    self._single = weight.unflatten(0, (PARTS, -1)).transpose(1, 2)
        return self._single

    @cached_property
    def is_shared(self) -> bool:
        """Whether one row's product has equal parts; a gate's single output has none."""
        wide = _is_wide(self.weight)
        return (self.in_features if wide else self.out_features) % PARTS == 0

    def forward(self, states: Tensor) -> Tensor:
        """[..., in_features] to [..., out_features]."""
        read = layout(states.numel() // self.in_features)
        if read == "single" and self.is_shared:
            product = self._one(states).view(*states.shape[:-1], self.out_features)
            return product if self.bias is None else product + self.bias
        if read == "many":
            return functional.linear(states, self.weight, self.bias)
        return _FEW.linear(states, self.blocked(), self.bias)

    def _one(self, states: Tensor) -> Tensor:
        """The product of one row, in parts that threads share."""
        if _is_wide(self.weight):
            return torch.bmm(states.reshape(PARTS, 1, -1), self.single()).sum(0)
        return torch.bmm(states.reshape(1, 1, -1).expand(PARTS, 1, -1), self.single())


def _is_wide(weight: Tensor) -> bool:
    """Whether [out, in] is read fastest by columns; also a square one."""
    return weight.shape[0] >= weight.shape[1]


def _by_columns(weight: Tensor) -> Tensor:
    """A wide [out, in] laid out by columns, any other as it is."""
    return weight.t().contiguous().t() if _is_wide(weight) else weight


def _lay_by_columns(weight: Tensor) -> None:
    """The same in the memory that the weight has: many freed ones would leave holes."""
    columns = _by_columns(weight.detach())
    if columns.is_contiguous():
        return
    memory = weight.detach().view(-1)
    memory.copy_(columns.t().reshape(-1))
    weight.data = memory.view(weight.shape[1], weight.shape[0]).t()


def prepack(model: nn.Module) -> None:
    """Pack every linear map of a float32 model on the CPU; elsewhere leave it as it is.

    The model is for reading from then on: dropout is taken out.
    """
    if not can_prepack():
        return
    readers = Counter(id(part.weight) for part in model.modules() if hasattr(part, "weight"))
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear and _is_packable(child.weight):
                if readers[id(child.weight)] == 1 and child.weight.is_contiguous():
                    _lay_by_columns(child.weight)
                setattr(parent, name, PackedLinear.of(child))
            elif type(child) is nn.Dropout:  # does nothing here, twenty-five times a step
                setattr(parent, name, nn.Identity())


def _is_packable(weight: Tensor) -> bool:
    return weight.dtype == torch.float32 and weight.device.type == "cpu"


def can_prepack() -> bool:
    """Whether this build of PyTorch has oneDNN and the two operators, which are not public."""
    names = ("_reorder_linear_weight", "_linear_pointwise")
    operators = torch.ops.mkldnn
    return torch.backends.mkldnn.is_available() and all(hasattr(operators, n) for n in names)
