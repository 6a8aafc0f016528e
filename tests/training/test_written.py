"""The texts in assets/written, which the models are trained and tested on."""

import re
from pathlib import Path

import pytest

from model.tokenizer import STYLES
from model.training.prepare import document_key
from model.training.rows import Columns, Row, read_rows

WRITTEN = Path(__file__).parents[2] / "assets" / "written"
SPLITS = ("train", "valid", "test")


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Row | None]]:
    return {split: list(read_rows(WRITTEN / f"{split}.jsonl.xz", Columns())) for split in SPLITS}


def test_every_line_is_a_pair_of_a_known_style_and_free_to_use(rows):
    for row in (row for part in rows.values() for row in part):
        assert row is not None
        assert row.style in STYLES
        assert row.set.startswith("written_")
        assert row.licence == "Apache-2.0"


def test_no_text_stands_in_two_splits(rows):
    sources = [{document_key(row.source) for row in rows[split]} for split in SPLITS]
    assert sum(map(len, sources)) == len(set.union(*sources))


def test_no_summary_has_a_number_that_its_text_lacks(rows):
    for row in (row for part in rows.values() for row in part):
        assert set(re.findall(r"\d+", row.target)) <= set(re.findall(r"\d+", row.source)), row
