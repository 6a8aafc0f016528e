"""Packed weights give the same numbers, the same checkpoint, and step back where they can't."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from model.checkpoint import build
from model.config import RNNConfig, TransformerConfig
from model.weights.prepacked import MANY, PARTS, PackedLinear, can_prepack, prepack

CONFIGS = [
    RNNConfig(vocabulary_size=50, embedding_size=16, hidden_size=16),
    TransformerConfig(vocabulary_size=50, width=16, heads=2, feed_forward_size=32),
]


@pytest.fixture(params=CONFIGS, ids=["rnn", "transformer"])
def model(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(3)
    return build(request.param).eval().requires_grad_(False)


def test_packed_models_say_the_same(model: nn.Module) -> None:
    ids = torch.randint(3, 50, (2, 9))
    target = torch.randint(3, 50, (2, 5))
    with torch.inference_mode():
        before = model(ids, ids > 0, target)
        prepack(model)
        after = model(ids, ids > 0, target)
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)


def test_packing_leaves_the_checkpoint_as_it_was(model: nn.Module) -> None:
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    prepack(model)
    assert list(model.state_dict()) == list(before)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert model.output.weight is model.embedding.weight


@pytest.mark.skipif(not can_prepack(), reason="this PyTorch has no oneDNN")
def test_every_linear_map_is_packed(model: nn.Module) -> None:
    prepack(model)
    kinds = {type(part) for part in model.modules() if isinstance(part, nn.Linear)}
    assert kinds == {PackedLinear}


SHAPES = [(16,), (1, 16), (4, 16), (2, 3, 16), (2, 1, 3, 16), (0, 16), (MANY, 16)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("size", [7, 8, 16, 40], ids=["odd", "tall", "square", "wide"])
def test_a_packed_map_takes_any_leading_shape(
    shape: tuple[int, ...], size: int, bias: bool
) -> None:
    linear = nn.Linear(16, size, bias=bias).requires_grad_(False)
    states = torch.randn(16, *shape[:-1]).movedim(0, -1)  # not contiguous either
    packed = nn.Sequential(linear)
    expected = linear(states)
    prepack(packed)
    torch.testing.assert_close(packed(states), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(not can_prepack(), reason="this PyTorch has no oneDNN")
def test_a_layout_that_is_never_read_is_never_made() -> None:
    linear = nn.Sequential(nn.Linear(16, 40).requires_grad_(False))
    prepack(linear)
    linear(torch.randn(MANY, 16))
    assert linear[0]._single is None
    assert linear[0]._blocked is None
    linear(torch.randn(1, 16))
    assert linear[0]._blocked is None


@pytest.mark.skipif(not can_prepack(), reason="this PyTorch has no oneDNN")
def test_wide_matrices_lie_in_memory_once_unless_a_table_reads_them(model: nn.Module) -> None:
    expected = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    prepack(model)
    maps = [part for part in model.modules() if isinstance(part, PackedLinear)]
    table = model.embedding.weight
    assert table.is_contiguous()
    assert model.output.weight is table
    with torch.inference_mode():
        maps = [part for part in maps if part.is_shared]
        copies = [part for part in maps if part.single().data_ptr() != part.weight.data_ptr()]
        assert not any(part.single().is_inference() for part in maps)
    assert copies == [model.output]
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, expected[name])


@pytest.mark.skipif(not can_prepack(), reason="this PyTorch has no oneDNN")
def test_a_run_again_is_the_same_to_the_last_bit(model: nn.Module) -> None:
    prepack(model)
    maps = [part for part in model.modules() if isinstance(part, PackedLinear)]
    for part in maps:
        asked = [torch.randn(rows, part.in_features) for rows in (MANY, 1, 4, 1)]
        first = [part(states) for states in asked]
        again = [part(states) for states in reversed(asked)]
        for one, other in zip(first, reversed(again), strict=True):
            assert torch.equal(one, other)


@pytest.mark.skipif(not can_prepack(), reason="this PyTorch has no oneDNN")
@pytest.mark.parametrize("shape", [(16, 40), (16, 8)], ids=["wide", "tall"])
def test_one_row_is_multiplied_by_parts_of_the_memory_that_the_weight_has(shape) -> None:
    packed = nn.Sequential(nn.Linear(*shape).requires_grad_(False))
    prepack(packed)
    single = packed[0].single()
    assert single.data_ptr() == packed[0].weight.data_ptr()
    assert single.shape[0] == PARTS
    assert single.numel() == packed[0].weight.numel()
    # Two threads share the parts; the numbers are those of one thread.
    row, threads = torch.randn(1, 16), torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = packed(row)
        torch.set_num_threads(2)
        assert torch.equal(packed(row), alone)
    finally:
        torch.set_num_threads(threads)


def test_half_precision_is_left_alone() -> None:
    half = nn.Sequential(nn.Linear(8, 8, dtype=torch.bfloat16))
    prepack(half)
    assert type(half[0]) is nn.Linear


def test_without_onednn_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.weights.prepacked.can_prepack", lambda: False)
    plain = nn.Sequential(nn.Linear(8, 8))
    prepack(plain)
    assert type(plain[0]) is nn.Linear
