"""A model in fewer bits says nearly the same, whatever stands beside a row; unknown names fail."""

from __future__ import annotations

import copy
import weakref
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from model.checkpoint import build
from model.config import RNNConfig, TransformerConfig
from model.weights import precision, reduced
from model.weights.precision import PRECISIONS, check_precision, use_precision
from model.weights.reduced import BFloat16Linear, Float16Linear, Int8Linear, has_fbgemm

needs_fbgemm = pytest.mark.skipif(not has_fbgemm(), reason="this PyTorch has no FBGEMM")
CONFIGS = [
    RNNConfig(vocabulary_size=400, embedding_size=64, hidden_size=64),
    TransformerConfig(vocabulary_size=400, width=64, heads=2, feed_forward_size=256),
]


@pytest.fixture(params=CONFIGS, ids=["rnn", "transformer"])
def model(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(3)
    return build(request.param).eval().requires_grad_(False)


def log_probs(model: Any) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(3, 400, (2, 9), generator=generator)
    with torch.inference_mode():
        return model(ids, ids > 0, ids[:, :5])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param("int8", Int8Linear, marks=needs_fbgemm),
        pytest.param("fp16", Float16Linear, marks=needs_fbgemm),
        ("bf16", BFloat16Linear),
    ],
)
def test_fewer_bits_move_the_log_probs_a_little_and_keep_them_float32(
    model: Any, name: str, kind: type
) -> None:
    before, table = log_probs(model), model.embedding.weight.clone()
    assert use_precision(model, name) == name
    after = log_probs(model)
    assert after.dtype == torch.float32
    assert isinstance(model.output, kind)
    assert 0 < (after - before).abs().max() < 0.1
    assert torch.equal(model.embedding.weight, table)  # tied, but read as it was


def test_a_map_is_gone_before_the_next_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[Tensor]] = []

    def narrower(linear: nn.Linear) -> nn.Module:
        assert not any(weight() is not None for weight in made)
        made.append(weakref.ref(linear.weight))
        return nn.Identity()

    monkeypatch.setitem(precision.NARROW, "bf16", narrower)
    layers = [nn.Sequential(nn.Linear(128, 128), nn.Linear(128, 128)) for _ in range(2)]
    use_precision(cast(Any, nn.Sequential(*layers)), "bf16")
    assert len(made) == 4


@needs_fbgemm
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", [Int8Linear, Float16Linear])
def test_a_row_does_not_depend_on_the_rows_beside_it(kind: Any, bias: bool) -> None:
    linear = kind(nn.Linear(64, 48, bias=bias).requires_grad_(False))
    rows = torch.randn(5, 64)
    rows[2] *= 1000
    rows[3] = 0
    together = linear(rows)
    alone = torch.cat([linear(row[None]) for row in rows])
    scale = together.abs().amax(dim=1, keepdim=True).clamp_min(1)
    torch.testing.assert_close(together / scale, alone / scale, rtol=0, atol=1e-6)
    assert together.isfinite().all()


@needs_fbgemm
def test_int8_is_off_by_its_rounding_alone() -> None:
    torch.manual_seed(0)
    plain = nn.Linear(256, 128).requires_grad_(False)
    plain.weight[7] *= 100  # a scale per output: the others lose nothing
    states = torch.randn(6, 256)
    error = (Int8Linear(plain)(states) - plain(states)).norm(dim=0) / plain(states).norm(dim=0)
    assert error.max() < 0.05


@needs_fbgemm
def test_float16_loses_the_last_bits_of_its_weights_alone() -> None:
    torch.manual_seed(0)
    plain = nn.Linear(256, 128).requires_grad_(False)
    states = 1e6 * torch.randn(6, 256)  # more than float16 holds, and no input is asked to fit
    rounded = nn.functional.linear(states, plain.weight.half().float(), plain.bias)
    torch.testing.assert_close(Float16Linear(plain)(states), rounded, rtol=1e-5, atol=1.0)


@needs_fbgemm
@pytest.mark.parametrize("kind", [Int8Linear, Float16Linear])
def test_packing_leaves_the_engine_of_the_process_as_it_was(kind: Any) -> None:
    before = torch.backends.quantized.engine
    kind(nn.Linear(8, 8))
    assert torch.backends.quantized.engine == before


def test_auto_narrows_large_models_only(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_fbgemm", lambda: False)
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    assert use_precision(copy.deepcopy(model), "auto") == "fp32"
    monkeypatch.setattr(precision, "LARGE", 1000)
    assert use_precision(copy.deepcopy(model), "auto") == "bf16"
    monkeypatch.setattr(precision, "has_bfloat16", lambda: False)
    assert use_precision(model, "auto") == "fp32"


@needs_fbgemm
def test_auto_takes_eight_bits_where_there_are_any(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "LARGE", 1000)
    assert use_precision(model, "auto") == "int8"


def test_an_unknown_precision_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"one of auto, fp32, bf16, fp16, int8, got 'fp8'"):
        check_precision("fp8")
    for name in set(PRECISIONS) - {"fp16", "int8"}:
        check_precision(name)


@pytest.mark.parametrize("name", ["fp16", "int8"])
def test_what_this_pytorch_lacks_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduced, "ENGINE", "none such")
    with pytest.raises(ValueError, match=f"{name} needs a PyTorch with FBGEMM"):
        check_precision(name)
