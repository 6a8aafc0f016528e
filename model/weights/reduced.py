"""Linear maps with weights of fewer bits. They take and give float32; on a CPU, never in training.

Decoding reads every weight once a token, so its time is that of reading: weights of a quarter of
the bytes take about a quarter of it. The operators are PyTorch's FBGEMM and oneDNN.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

ENGINE = "fbgemm"
# Seven bits: without VNNI, two products of eight bits each overflow the 16 bits they are summed in.
STEPS, ZERO = 63, 64
SMALLEST = 1e-30  # an output without weights has no scale
_PACKING = threading.Lock()  # the engine is a setting of the process


class Int8Linear(nn.Module):
    """Weights in eight bits with a scale per output, inputs in seven bits with a scale per row.

    One scale for all rows, as PyTorch's own dynamic maps have, would let a row's result depend on
    the rows beside it: a summary must not change with the batch it is made in.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.bias = linear.bias
        self.packed = _packed(linear.weight.detach())

    def forward(self, states: Tensor) -> Tensor:
        """[..., in_features] to [..., out_features]."""
        # A row of zeros is divided by zero, and whatever integers that gives are times zero again.
        scale = states.abs().amax(dim=-1, keepdim=True)  # ten times as fast as a norm without end
        product = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32.default(
            states / scale, 1 / STEPS, ZERO, self.packed
        )
        return product * scale if self.bias is None else torch.addcmul(self.bias, product, scale)


class Float16Linear(nn.Module):
    """Weights in float16, read as float32: inputs and sums lose nothing. Half the bytes."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        bias = None if linear.bias is None else linear.bias.detach()
        with _engine():
            self.packed = torch.ops.quantized.linear_prepack_fp16(linear.weight.detach(), bias)

    def forward(self, states: Tensor) -> Tensor:
        """[..., in_features] to [..., out_features]."""
        product: Tensor = torch.ops.quantized.linear_dynamic_fp16.default(states, self.packed)
        return product


class BFloat16Linear(nn.Module):
    """Weights and inputs in bfloat16, summed in float32: for processors that multiply it."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        bias = linear.bias
        self.register_buffer("weight", linear.weight.detach().bfloat16())
        self.register_buffer("bias", None if bias is None else bias.detach().bfloat16())

    def forward(self, states: Tensor) -> Tensor:
        """[..., in_features] to [..., out_features]."""
        return functional.linear(states.bfloat16(), self.weight, self.bias).float()


def has_fbgemm() -> bool:
    """Whether this build of PyTorch multiplies weights of eight bits and of float16."""
    return ENGINE in torch.backends.quantized.supported_engines


def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself; emulated, it is many times slower."""
    return torch.backends.mkldnn.is_available() and bool(
        torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )


def _packed(weight: Tensor) -> torch.ScriptObject:
    """A weight [out_features, in_features] in eight bits, laid out for the engine."""
    scales = weight.abs().amax(dim=1).clamp_min(SMALLEST).double() / 127
    zeros = torch.zeros(len(weight), dtype=torch.long)
    with _engine():
        narrow = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
        return torch.ops.quantized.linear_prepack(narrow, None)


@contextmanager
def _engine() -> Iterator[None]:
    """Pack with FBGEMM, and leave the process as it was."""
    with _PACKING, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # its types will go; this release is pinned
        before = torch.backends.quantized.engine
        torch.backends.quantized.engine = ENGINE
        try:
            yield
        finally:
            torch.backends.quantized.engine = before
