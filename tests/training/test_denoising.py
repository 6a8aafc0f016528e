import numpy as np
import pytest

from model.config import SpecialTokens
from model.tokenizer import Tokenizer
from model.training.data import Limits, collate
from model.training.denoising import HIDDEN_SHARE, Ragged, gap_id, with_gaps
from tests.training.test_data import split_of

GAP = 1_000


def texts(rows: int = 40, width: int = 200) -> Ragged:
    """Rows of tokens 1, 2, 3, …, each of another length."""
    lengths = np.random.default_rng(3).integers(1, width + 1, rows)
    return Ragged(np.tile(np.arange(1, width + 1), (rows, 1)), lengths)


def rows_of(text: Ragged) -> list[list[int]]:
    return [ids[:length].tolist() for ids, length in zip(text.ids, text.lengths, strict=True)]


def filled(seen: list[int], said: list[int]) -> list[int]:
    """A source whose gaps are filled from the target: what was there before."""
    spans = iter(" ".join(map(str, said)).split(str(GAP))[1:])
    whole = [int(id) for token in seen
             for id in (next(spans).split() if token == GAP else [token])]  # fmt: skip
    assert not list(spans)
    return whole


def test_source_and_target_hold_together_every_token_once_and_in_order():
    text = texts()
    seen, said = with_gaps(text, GAP, np.random.default_rng(0))
    for before, gaps, spans in zip(rows_of(text), rows_of(seen), rows_of(said), strict=True):
        assert filled(gaps, spans) == before
        assert gaps.count(GAP) == spans.count(GAP)


def test_about_a_fifth_is_hidden_in_spans_of_several_lengths():
    text = texts(rows=400)
    _, said = with_gaps(text, GAP, np.random.default_rng(0))
    marks = sum(row.count(GAP) for row in rows_of(said))
    hidden = int(said.lengths.sum()) - marks
    assert hidden / text.lengths.sum() == pytest.approx(HIDDEN_SHARE, abs=0.02)
    spans = [len(span.split()) for row in rows_of(said)
             for span in " ".join(map(str, row)).split(str(GAP))[1:]]  # fmt: skip
    assert min(spans) == 1
    assert max(spans) > 30


def test_the_same_dice_hide_the_same_and_others_hide_else():
    first, again, other = (with_gaps(texts(), GAP, np.random.default_rng(n))[0] for n in (1, 1, 2))
    assert rows_of(first) == rows_of(again)
    assert rows_of(first) != rows_of(other)


def test_the_mark_stands_in_no_text():
    tokenizer = Tokenizer.train(["the cat sat on the mat, ÿ \\xff"] * 9, vocabulary_size=300)
    gap = gap_id(tokenizer)
    assert gap not in tokenizer.encode_target("ÿ \\xff \ufffd")
    assert tokenizer.decode([gap]) == "\ufffd"


def test_a_batch_with_gaps_has_no_style_and_stays_within_its_limits():
    split = split_of([(90, 4), (300, 4), (1, 1)], [0, 1, 2])
    batch = collate(
        split, np.arange(3), Limits(64, 12, 1_000), SpecialTokens(), (7, np.random.default_rng(5))
    )
    assert batch.source.shape[1] <= 64
    assert batch.target.shape[1] <= 12
    assert (batch.source[:, 0] != 5).all()
    assert 7 in batch.source
    for source, mask in zip(batch.source.tolist(), batch.mask.sum(dim=1).tolist(), strict=True):
        assert source[mask - 1] == 2


def test_a_batch_in_which_nothing_is_hidden_asks_for_the_end_alone():
    split = split_of([(2, 3)], [0])
    batches = [
        collate(
            split, np.arange(1), Limits(9, 9, 100), SpecialTokens(), (7, np.random.default_rng(n))
        )
        for n in range(20)
    ]
    whole = [batch for batch in batches if batch.source.tolist() == [[10, 10, 2]]]
    assert whole
    assert all(batch.target.tolist() == [[2]] for batch in whole)


def test_no_gap_of_a_full_source_loses_its_mark():
    split = split_of([(40, 1)] * 900, [0] * 900)
    gaps = (7, np.random.default_rng(1))
    batch = collate(split, np.arange(900), Limits(12, 99, 1_000), SpecialTokens(), gaps)
    marks = [(part == 7).sum(dim=1).tolist() for part in (batch.source, batch.target)]
    assert marks[0] == marks[1]
    assert any(marks[0])
