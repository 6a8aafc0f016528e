"""The texts in assets/written, which the models are trained and tested on."""

import re
from pathlib import Path

import pytest

from model.tokenizer import STYLES
from model.training.prepare import document_key
from model.training.rows import Columns, Row, read_rows

WRITTEN = Path(__file__).parents[2] / "assets" / "written"
PAIRS = {"train": 53_137, "valid": 2_321, "test": 3_586}  # as NOTICE and the cards say


@pytest.fixture(scope="module")
def splits() -> dict[str, list[Row | None]]:
    return {split: list(read_rows(WRITTEN / f"{split}.jsonl.xz", Columns())) for split in PAIRS}


@pytest.mark.parametrize("split", PAIRS)
def test_every_line_is_a_pair_of_a_known_style_and_free_to_use(splits, split):
    assert len(splits[split]) == PAIRS[split]
    for row in splits[split]:
        assert row is not None
        assert row.style in STYLES
        assert row.set.startswith("written_")
        assert row.licence == "Apache-2.0"


@pytest.mark.parametrize("split", PAIRS)
def test_no_summary_has_a_number_that_its_text_lacks(splits, split):
    for row in splits[split]:
        assert set(re.findall(r"\d+", row.target)) <= set(re.findall(r"\d+", row.source)), row


def test_no_text_stands_in_two_splits(splits):
    sources = [{document_key(row.source) for row in rows} for rows in splits.values()]
    assert sum(map(len, sources)) == len(set.union(*sources))


def test_second_summaries_are_to_train_with_alone_and_stand_beside_first_ones(splits):
    firsts, seconds = set(), set()
    for row in splits["train"]:
        (seconds if row.set == "written_second" else firsts).add((row.source, row.style))
    assert seconds
    assert seconds <= firsts
    assert all(row.set != "written_second" for split in ("valid", "test") for row in splits[split])
