"""A past grows without copying, and what it shows never changes."""

from __future__ import annotations

import torch
from torch import Tensor

from model.layers.past import FIRST_ROOM, Past

LAYERS = 2


def said(past: Past, value: float) -> tuple[Past, list[Tensor]]:
    """The past with one token more, `value` in every number, and the keys of each layer."""
    grown = past.grown()
    grown.newest.fill_(value)
    return grown, [grown.shown[:, layer, 0] for layer in range(LAYERS)]


def shown(past: Past) -> list[float]:
    return past.buffer[0, 0, 0, 0, : past.length, 0].tolist()


def told(values: list[float]) -> Past:
    past = Past.empty(1, LAYERS, heads=1, head_size=3, like=torch.zeros(1))
    for value in values:
        past, _ = said(past, value)
    return past


def test_all_places_are_shown_the_new_one_included() -> None:
    past = told([1.0, 2.0])
    _, keys = said(past, 3.0)
    for layer in keys:
        assert layer.shape == (1, 1, 3, 3)
        assert layer[0, 0, :, 0].tolist() == [1.0, 2.0, 3.0]


def test_the_first_to_go_on_shares_the_buffer_and_the_second_does_not() -> None:
    past = told([1.0])
    first, _ = said(past, 2.0)
    second, _ = said(past, 3.0)
    third, _ = said(first, 4.0)
    assert first.buffer is past.buffer
    assert second.buffer is not past.buffer
    assert [shown(p) for p in (past, first, second, third)] == [
        [1.0], [1.0, 2.0], [1.0, 3.0], [1.0, 2.0, 4.0],
    ]  # fmt: skip


def test_a_past_outgrows_its_room() -> None:
    values = [float(value) for value in range(3 * FIRST_ROOM)]
    past = told(values)
    assert shown(past) == values


def test_selected_rows_are_apart_from_the_rest() -> None:
    past = told([1.0])
    both = past.select(torch.tensor([0, 0]))
    apart, _ = said(both, 5.0)
    beside, _ = said(past, 2.0)
    assert apart.buffer.shape[0] == 2
    assert shown(apart) == [1.0, 5.0]
    assert shown(beside) == [1.0, 2.0]


def test_beams_selected_at_every_step_outgrow_their_room_too() -> None:
    past, values = told([]), [float(value) for value in range(3 * FIRST_ROOM)]
    for value in values:
        past, _ = said(past.select(torch.tensor([0, 0])[: len(past.buffer)]), value)
    assert shown(past) == values
