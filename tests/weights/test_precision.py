"""A model in fewer bits says nearly the same, whatever stands beside a row; unknown names fail."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from model.checkpoint import build
from model.config import RNNConfig, TransformerConfig
from model.weights import precision, reduced
from model.weights.precision import PRECISIONS, check_precision, use_precision
from model.weights.reduced import BFloat16Linear, Int8Linear, has_int8

needs_int8 = pytest.mark.skipif(not has_int8(), reason="this PyTorch has no FBGEMM")
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
    [pytest.param("int8", Int8Linear, marks=needs_int8), ("bf16", BFloat16Linear)],
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


@needs_int8
@pytest.mark.parametrize("bias", [True, False])
def test_a_row_of_int8_does_not_depend_on_the_rows_beside_it(bias: bool) -> None:
    linear = Int8Linear(nn.Linear(64, 48, bias=bias).requires_grad_(False))
    rows = torch.randn(5, 64)
    rows[2] *= 1000
    rows[3] = 0
    together = linear(rows)
    assert torch.equal(together, torch.cat([linear(row[None]) for row in rows]))
    assert together.isfinite().all()


@needs_int8
def test_int8_is_off_by_its_rounding_alone() -> None:
    torch.manual_seed(0)
    plain = nn.Linear(256, 128).requires_grad_(False)
    plain.weight[7] *= 100  # a scale per output: the others lose nothing
    states = torch.randn(6, 256)
    error = (Int8Linear(plain)(states) - plain(states)).norm(dim=0) / plain(states).norm(dim=0)
    assert error.max() < 0.05


@needs_int8
def test_packing_leaves_the_engine_of_the_process_as_it_was() -> None:
    before = torch.backends.quantized.engine
    Int8Linear(nn.Linear(8, 8))
    assert torch.backends.quantized.engine == before


def test_auto_narrows_large_models_only(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_int8", lambda: False)
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    assert use_precision(copy.deepcopy(model), "auto") == "fp32"
    monkeypatch.setattr(precision, "LARGE", 1000)
    assert use_precision(copy.deepcopy(model), "auto") == "bf16"
    monkeypatch.setattr(precision, "has_bfloat16", lambda: False)
    assert use_precision(model, "auto") == "fp32"


def test_an_unknown_precision_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"one of auto, fp32, bf16, int8, got 'fp8'"):
        check_precision("fp8")
    for name in set(PRECISIONS) - {"int8"}:
        check_precision(name)


def test_int8_is_refused_where_it_is_not_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduced, "INT8_ENGINE", "none such")
    with pytest.raises(ValueError, match="int8 needs a PyTorch with FBGEMM"):
        check_precision("int8")
