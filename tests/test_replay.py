"""A recorded step gives what Python gives, to the last bit, and waits until it pays."""

from __future__ import annotations

import dataclasses
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor

from model.checkpoint import build
from model.replay import ENOUGH, Replay, perform
from model.seq2seq import StepOutput
from model.weights.precision import use_precision
from model.weights.prepacked import MANY
from model.weights.reduced import has_fbgemm
from tests.tiny_models import CONFIGS

needs_fbgemm = pytest.mark.skipif(not has_fbgemm(), reason="this PyTorch has no FBGEMM")
# Rows before each step, by the row they come from: one source, its beams, fewer, other parents.
BEAMS = ([0], [0], [0, 0, 0], [2, 0, 1], [1, 1, 0], [0, 2, 2])


@pytest.fixture(params=CONFIGS)
def model(request: pytest.FixtureRequest) -> Any:
    torch.manual_seed(11)
    model: Any = build(CONFIGS[request.param]).eval()
    use_precision(model, "fp32")
    return model


def sources(lengths: list[int]) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(5)
    ids = torch.randint(3, 40, (len(lengths), max(lengths)), generator=generator)
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    return ids.masked_fill(~mask, 0), mask


@torch.inference_mode()
def stepped(model: Any, lengths: list[int], rows: Any = ()) -> list[StepOutput]:
    """The outputs of some steps, every row going on with a token of its own."""
    state = model.start(model.encode(*sources(lengths)))
    outputs = []
    for selection in rows or [list(range(len(lengths)))] * 5:
        state = state.select(torch.tensor(selection))
        tokens = torch.arange(len(selection)) + 3 + len(outputs)
        output, state = model.step(tokens, state, record=len(outputs) != 2)
        outputs.append(output)
    return outputs


def assert_equal(one: list[StepOutput], other: list[StepOutput]) -> None:
    for left, right in zip(one, other, strict=True):
        for field in dataclasses.fields(StepOutput):
            a, b = getattr(left, field.name), getattr(right, field.name)
            assert (a is None) == (b is None), field.name
            assert a is None or torch.equal(a, b), field.name


def recordings(model: Any) -> int:
    return len(model.performer._recordings)


def test_a_recorded_step_is_the_same_for_other_lengths_rows_and_batches(model: Any) -> None:
    asked = [
        ([9], ()),
        ([9], BEAMS),
        ([7], BEAMS),
        ([4, 8], ()),
        ([6, 6, 2], ()),
        ([12], BEAMS),
        ([1], ()),
    ]
    model.performer = perform
    expected = [stepped(model, lengths, rows) for lengths, rows in asked]
    model.performer = Replay(enough=0)
    for (lengths, rows), outputs in zip(asked, expected, strict=True):
        assert_equal(stepped(model, lengths, rows), outputs)
        assert_equal(stepped(model, lengths, rows), outputs)
    assert recordings(model) > 2


@pytest.mark.parametrize(
    "precision",
    ["bf16", *(pytest.param(name, marks=needs_fbgemm) for name in ("fp16", "int8"))],
)
def test_a_recorded_step_reads_weights_of_fewer_bits(
    model: Any, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.weights.precision.SMALL", 0)
    torch.manual_seed(3)
    model = build(model.config).eval()
    use_precision(model, precision)
    model.performer = Replay(enough=0)
    recorded = stepped(model, [9], BEAMS)
    assert recordings(model) > 1
    model.performer = perform
    assert_equal(recorded, stepped(model, [9], BEAMS))


def test_recording_waits_until_it_pays(model: Any) -> None:
    model.performer = Replay(enough=3)
    expected = stepped(model, [9], [[0]] * 8)
    assert recordings(model) == 1
    assert_equal(stepped(model, [9], [[0]] * 8), expected)


def test_an_opened_model_is_replayed_after_as_many_steps_as_recording_costs(model: Any) -> None:
    for _ in range(ENOUGH // 2):
        stepped(model, [9], [[0], [0]])
    assert recordings(model) == 0
    stepped(model, [9], [[0]])
    assert recordings(model) == 1


def test_gradients_and_many_rows_are_python_s(model: Any) -> None:
    model.performer = Replay(enough=0)
    stepped(model, [4] * MANY)
    assert recordings(model) == 0
    state = model.start(model.encode(*sources([5])))
    output, _ = model.step(torch.tensor([3]), state)
    assert output.log_probs.requires_grad
    assert recordings(model) == 0


def test_an_old_state_can_be_stepped_again(model: Any) -> None:
    model.performer = Replay(enough=0)
    with torch.inference_mode():
        _, state = model.step(torch.tensor([3]), model.start(model.encode(*sources([9]))))
        first, _ = model.step(torch.tensor([4]), state)
        other, _ = model.step(torch.tensor([5]), state)
        again, _ = model.step(torch.tensor([4]), state)
    assert_equal([again], [first])
    assert not torch.equal(other.log_probs, first.log_probs)


def test_threads_that_ask_at_once_share_a_recording(model: Any) -> None:
    model.performer = perform
    expected = stepped(model, [9], [[0], [0]])
    model.performer = Replay(enough=0)
    with ThreadPoolExecutor(4) as pool:
        for outputs in pool.map(lambda _: stepped(model, [9], [[0], [0]]), range(4)):
            assert_equal(outputs, expected)
    assert recordings(model) == 1


@pytest.mark.parametrize("name", CONFIGS)
def test_a_model_that_is_let_go_is_gone_at_once(name: str) -> None:
    model: Any = build(CONFIGS[name]).eval()
    use_precision(model, "fp32")
    model.performer = Replay(enough=0)
    stepped(model, [9])
    assert recordings(model) > 0
    gone = weakref.ref(model)
    del model
    assert gone() is None
