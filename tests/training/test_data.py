import numpy as np
import pytest

from model.config import SpecialTokens
from model.training.data import (
    Lengths,
    Limits,
    balanced_rows,
    collate,
    cut_batches,
    epoch_rows,
    epoch_steps,
    shares,
)
from model.training.packing import NO_STYLE, PackedSplit
from model.training.settings import Sampling

NAMES = (("title", "arxiv"), ("title", "acl"), ("tldr", "scitldr"))


def split_of(lengths: list[tuple[int, int]], groups: list[int], style: int = 5) -> PackedSplit:
    """Rows of the given source and target lengths; every id of row r is 10 + r."""
    source, target = (np.array(part) for part in zip(*lengths, strict=True))
    ids = np.arange(len(lengths)) + 10
    return PackedSplit(
        np.repeat(ids, source).astype(np.uint16), np.cumsum([0, *source]),
        np.repeat(ids, target).astype(np.uint16), np.cumsum([0, *target]),
        np.full(len(lengths), style, dtype=np.int32), np.array(groups, dtype=np.int32), NAMES,
    )  # fmt: skip


def test_styles_share_by_their_weights_and_sets_by_rows_within():
    split = split_of([(1, 1)] * 10, [0] * 6 + [1] * 2 + [2] * 2)
    weights = Sampling({"title": 1, "tldr": 3}, {"acl": 3})
    np.testing.assert_allclose(shares(split, weights), [0.125, 0.125, 0.75])
    np.testing.assert_allclose(shares(split, Sampling()), [0.6, 0.2, 0.2])
    np.testing.assert_allclose(shares(split, Sampling({}, {"arxiv": 0})), [0, 0.5, 0.5])


@pytest.mark.parametrize(("sampling", "message"), [
    (Sampling({"title": 1}), "must name every style of the data, lacks 'tldr'"),
    (Sampling({"title": 1, "tldr": 1, "poem": 1}), "'poem', which the data doesn't have"),
    (Sampling({}, {"arxvi": 1}), "'arxvi', which the data doesn't have; it has acl, arxiv"),
    (Sampling({"title": 0, "tldr": 0}), "leave no row"),
])  # fmt: skip
def test_wrong_weights_are_named(sampling, message):
    with pytest.raises(ValueError, match=message):
        shares(split_of([(1, 1)] * 3, [0, 1, 2]), sampling)


def test_every_row_of_a_group_comes_before_any_comes_again():
    groups = np.array([0] * 50 + [1] * 10)
    weights = np.array([0.5, 0.5])
    epochs = [epoch_rows(groups, weights, 40, 7, epoch) for epoch in range(5)]
    seen = np.bincount(np.concatenate(epochs), minlength=60)
    assert seen[:50].tolist() == [2] * 50
    assert seen[50:].tolist() == [10] * 10


def test_a_group_with_less_than_a_row_per_epoch_still_comes():
    groups = np.array([0] * 98 + [1] * 2)
    epochs = [epoch_rows(groups, np.array([0.98, 0.02]), 10, 7, epoch) for epoch in range(10)]
    seen = np.bincount(np.concatenate(epochs), minlength=100)
    assert seen.tolist() == [1] * 100
    rare = [epoch_rows(np.arange(3), np.ones(3) / 3, 1, 7, epoch) for epoch in range(3)]
    assert sorted(np.concatenate(rare).tolist()) == [0, 1, 2]  # some of these epochs are empty


def test_epochs_depend_on_seed_and_number_alone():
    groups, weights = np.zeros(30, dtype=int), np.ones(1)
    first = epoch_rows(groups, weights, 30, 1, 0)
    assert first.tolist() == epoch_rows(groups, weights, 30, 1, 0).tolist()
    assert first.tolist() != epoch_rows(groups, weights, 30, 2, 0).tolist()
    assert first.tolist() != epoch_rows(groups, weights, 30, 1, 1).tolist()


def test_batches_hold_every_row_once_within_the_token_limit():
    dice = np.random.default_rng(0)
    lengths = Lengths(dice.integers(3, 60, 500), dice.integers(2, 20, 500))
    batches = list(cut_batches(dice.permutation(500), lengths, batch_tokens=400))
    assert sorted(np.concatenate(batches).tolist()) == list(range(500))
    padded = [
        len(rows) * (lengths.source[rows].max() + lengths.target[rows].max()) for rows in batches
    ]
    assert max(padded) <= 400
    real = sum(lengths.source[rows].sum() + lengths.target[rows].sum() for rows in batches)
    assert real / sum(padded) > 0.8


def test_steps_use_every_batch_and_are_filled_up():
    batches = [np.array([n]) for n in range(7)]
    steps = epoch_steps(batches, 3, seed=1, epoch=0)
    assert [len(step) for step in steps] == [3, 3, 3]
    flat = sorted(int(rows[0]) for step in steps for rows in step)
    assert flat == [0, 0, 1, 1, 2, 3, 4, 5, 6]
    assert epoch_steps(batches, 1, 1, 0) != epoch_steps(batches, 1, 1, 1)


def test_collated_rows_carry_style_and_end_and_padding():
    split = split_of([(2, 1), (4, 3)], [0, 2])
    batch = collate(split, np.array([0, 1]), Limits(5, 3, 100), SpecialTokens())
    assert batch.source.tolist() == [[5, 10, 10, 2, 0], [5, 11, 11, 11, 2]]
    assert batch.mask.tolist() == [[True] * 4 + [False], [True] * 5]
    assert batch.target.tolist() == [[10, 2, 0], [11, 11, 11]]
    assert batch.target_mask.tolist() == [[True, True, False], [True] * 3]


@pytest.mark.parametrize("style", [5, NO_STYLE])
def test_lengths_agree_with_collated_rows(style):
    split = split_of([(2, 1), (9, 9), (3, 2)], [0, 1, 2], style)
    limits = Limits(6, 4, 100)
    batch, lengths = (
        collate(split, np.arange(3), limits, SpecialTokens()),
        Lengths.of(split, limits),
    )
    assert batch.mask.sum(dim=1).tolist() == lengths.source.tolist()
    assert batch.target_mask.sum(dim=1).tolist() == lengths.target.tolist()


def test_validation_takes_equally_many_rows_of_each_style():
    split = split_of([(1, 1)] * 40, [0] * 20 + [1] * 15 + [2] * 5)
    chosen = balanced_rows(split, per_style=10, seed=3)
    assert {style: len(rows) for style, rows in chosen.items()} == {"title": 10, "tldr": 5}
    assert chosen["title"].tolist() == balanced_rows(split, 10, 3)["title"].tolist()
