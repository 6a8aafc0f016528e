"""What every family owes the protocol, tried on both."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from model.checkpoint import build
from tests.tiny_models import CONFIGS

LENGTHS = (9, 4, 7)
TOLERANCE = {"atol": 2e-5, "rtol": 1e-4}


@pytest.fixture(params=CONFIGS)
def model(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(11)
    model = build(CONFIGS[request.param]).eval().requires_grad_(False)
    for parameter in model.parameters():  # zero-initialised parts must matter as well
        parameter.add_(0.1 * torch.randn_like(parameter))
    return model


@pytest.fixture
def sources() -> tuple[Tensor, Tensor]:
    torch.manual_seed(5)
    ids = torch.randint(3, 40, (len(LENGTHS), max(LENGTHS)))
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS).unsqueeze(1)
    return ids.masked_fill(~mask, 0), mask


@pytest.fixture
def target() -> Tensor:
    torch.manual_seed(6)
    return torch.randint(3, 40, (len(LENGTHS), 6))


def replay(model: nn.Module, ids: Tensor, mask: Tensor, target: Tensor) -> tuple[Tensor, list]:
    """Log-probs [B, T, V] by stepping along `target`, and every step's output."""
    state = model.start(model.encode(ids, mask))
    previous = torch.full((len(ids),), model.config.decoder_start_id)
    outputs = []
    for place in range(target.shape[1]):
        output, state = model.step(previous, state)
        outputs.append(output)
        previous = target[:, place]
    return torch.stack([output.log_probs for output in outputs], dim=1), outputs


def test_cached_decoding_matches_teacher_forcing(model, sources, target):
    stepped, _ = replay(model, *sources, target)
    torch.testing.assert_close(stepped, model.forward(*sources, target), **TOLERANCE)


def test_every_distribution_sums_to_one_copying_included(model, sources, target):
    total = model.forward(*sources, target).exp().sum(dim=-1)
    torch.testing.assert_close(total, torch.ones_like(total), atol=1e-4, rtol=0)


def test_the_training_loss_reads_the_same_probabilities(model, sources, target):
    picked = model.forward(*sources, target).gather(-1, target.unsqueeze(-1)).squeeze(-1)
    loss_side = model.distribution(*sources, target).target_log_probs(target)
    torch.testing.assert_close(loss_side, picked, **TOLERANCE)


def test_a_source_gets_the_same_answer_alone_and_in_a_padded_batch(model, sources, target):
    ids, mask = sources
    together = model.forward(ids, mask, target)
    for row, length in enumerate(LENGTHS):
        rows = slice(row, row + 1)
        alone = model.forward(ids[rows, :length], mask[rows, :length], target[rows])
        torch.testing.assert_close(together[rows], alone, **TOLERANCE)


def test_what_stands_in_the_padding_is_never_read(model, sources, target):
    ids, mask = sources
    other = ids.masked_fill(~mask, 17)
    if model.config.copy_gate:  # the ids of padding have no copy mass to receive either
        assert not torch.equal(ids, other)
    torch.testing.assert_close(
        model.forward(other, mask, target), model.forward(ids, mask, target), **TOLERANCE
    )


def test_the_targets_of_a_source_share_its_memory(model, sources, target):
    ids, mask = sources
    several = torch.cat([target, target.flip(1), target.roll(1, dims=1)])
    in_turn = torch.arange(9).view(3, 3).T.flatten()  # all of the first source, of the second ...
    forced = model.forced(model.encode(ids, mask), several[in_turn])
    expected = model.distribution(ids.repeat(3, 1), mask.repeat(3, 1), several)
    torch.testing.assert_close(forced.log_probs(), expected.log_probs()[in_turn], **TOLERANCE)
    if forced.attention is not None:
        torch.testing.assert_close(forced.attention, expected.attention[in_turn], **TOLERANCE)


def test_attention_sums_to_one_and_leaves_padding_alone(model, sources, target):
    ids, mask = sources
    _, outputs = replay(model, ids, mask, target)
    for output in outputs:
        attention = output.cross_attention  # [B, L, H, S]
        assert attention.shape[0] == len(ids)
        assert attention.shape[-1] == ids.shape[1]
        torch.testing.assert_close(attention.sum(-1), torch.ones(attention.shape[:-1]))
        assert attention.masked_select(~mask[:, None, None, :].expand_as(attention)).eq(0).all()


@pytest.mark.parametrize(
    "rows",
    [
        [0, 0, 1, 1, 2, 2],  # tiling to two beams
        [2, 0],  # dropping and reordering sources
        [1, 1, 1, 0],  # groups of unequal size
        [2],
    ],
)
def test_selecting_rows_equals_having_asked_for_those_sources(model, sources, target, rows):
    ids, mask = sources
    state = model.start(model.encode(ids, mask))
    start = torch.full((len(ids),), model.config.decoder_start_id)
    _, state = model.step(start, state)
    selected = state.select(torch.tensor(rows))
    expected, _ = replay(model, ids[rows], mask[rows], target[rows][:, :2])
    got, after = model.step(target[rows][:, 0], selected)
    torch.testing.assert_close(got.log_probs, expected[:, 1], **TOLERANCE)

    twice = after.select(torch.tensor([0, 0]))  # beams of a selection can be selected again
    output, _ = model.step(target[rows][:1, 1].repeat(2), twice)
    full, _ = replay(model, ids[rows][:1], mask[rows][:1], target[rows][:1, :3])
    torch.testing.assert_close(output.log_probs[1], full[0, 2], **TOLERANCE)


def test_reordering_the_beams_of_a_source_keeps_their_pasts_apart(model, sources):
    ids, mask = sources
    beams = model.start(model.encode(ids, mask)).select(torch.tensor([0, 0, 1, 1, 2, 2]))
    start = torch.full((6,), model.config.decoder_start_id)
    _, beams = model.step(start, beams)
    spoken = torch.tensor([3, 4, 5, 6, 7, 8])
    _, beams = model.step(spoken, beams)
    swapped = beams.select(torch.tensor([1, 0, 3, 3, 4, 5]))
    output, _ = model.step(torch.full((6,), 9), swapped)
    for row, (source, past) in enumerate([(0, 4), (0, 3), (1, 6), (1, 6), (2, 7), (2, 8)]):
        rows = slice(source, source + 1)
        alone, _ = replay(model, ids[rows], mask[rows], torch.tensor([[past, 9, 0]]))
        torch.testing.assert_close(output.log_probs[row], alone[0, 2], **TOLERANCE)


def test_a_state_is_a_value_and_can_be_stepped_twice(model, sources):
    ids, mask = sources
    state = model.start(model.encode(ids, mask))
    start = torch.full((len(ids),), model.config.decoder_start_id)
    _, state = model.step(start, state)
    first, _ = model.step(torch.tensor([3, 4, 5]), state)
    model.step(torch.tensor([6, 7, 8]), state)
    again, _ = model.step(torch.tensor([3, 4, 5]), state)
    torch.testing.assert_close(first.log_probs, again.log_probs, atol=0, rtol=0)


def test_two_continuations_of_one_state_never_see_each_other(model, sources):
    ids, mask = sources[0][:1], sources[1][:1]
    texts = [torch.randint(3, 40, (1, 12)) for _ in range(2)]
    start = model.start(model.encode(ids, mask))
    _, parting = model.step(torch.tensor([model.config.decoder_start_id]), start)
    states, said = [parting, parting], [[], []]
    for place in range(12):  # in turn, so that each writes after the other
        for side, text in enumerate(texts):
            output, states[side] = model.step(text[:, place], states[side])
            said[side].append(output.log_probs)
    for text, log_probs in zip(texts, said, strict=True):
        target = torch.cat([text, text[:, :1]], dim=1)  # the last place is only predicted
        expected = model.forward(ids, mask, target)[:, 1:]
        torch.testing.assert_close(torch.stack(log_probs, dim=1), expected, **TOLERANCE)


def test_not_recording_changes_no_probability(model, sources):
    ids, mask = sources
    state = model.start(model.encode(ids, mask))
    start = torch.full((len(ids),), model.config.decoder_start_id)
    recorded, _ = model.step(start, state, record=True)
    silent, _ = model.step(start, state, record=False)
    torch.testing.assert_close(silent.log_probs, recorded.log_probs, **TOLERANCE)


def test_the_target_is_causal(model, sources, target):
    later = target.clone()
    later[:, 4:] = 3
    torch.testing.assert_close(
        model.forward(*sources, later)[:, :5],
        model.forward(*sources, target)[:, :5],
        **TOLERANCE,
    )
