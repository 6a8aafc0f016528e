"""Examples: equal sources grouped, a seeded sample per set, bad lines counted."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

from model.training.examples import Example, group_by_source, load_examples, sample_per_set
from model.training.rows import Row


def example(source: str, *references: str, style: str = "title", set: str = "s") -> Example:
    return Example(source, references, style, set)


def test_equal_sources_of_a_style_and_set_are_one_example() -> None:
    rows = [
        Row("a", "1", "title", "s"),
        Row("b", "2", "title", "s"),
        Row("a", "3", "title", "s"),
        Row("a", "4", "tldr", "s"),
    ]
    assert group_by_source(rows) == [
        example("a", "1", "3"),
        example("b", "2"),
        example("a", "4", style="tldr"),
    ]


def test_the_sample_of_a_set_does_not_depend_on_other_sets() -> None:
    first = [example(f"a{i}", "r", set="a") for i in range(20)]
    second = [example(f"b{i}", "r", set="b") for i in range(5)]
    alone = sample_per_set(first, 3, seed=1)
    mixed = sample_per_set(second + first, 3, seed=1)
    assert len(mixed) == 6
    assert [e for e in mixed if e.set == "a"] == alone
    assert sample_per_set(first, 3, seed=2) != alone


def test_bad_lines_of_a_data_file_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl.xz"
    good = json.dumps({"source": "s", "target": "t", "style": "title", "set": "x"})
    path.write_bytes(lzma.compress(f"{good}\nnot json\n\n{good}\n".encode()))
    loaded = load_examples(path)
    assert loaded.chosen == (example("s", "t", "t", set="x"),)
    assert (loaded.available, loaded.bad_lines) == (1, 1)


def test_a_limit_below_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="limit must be at least 1, got 0"):
        load_examples(tmp_path / "data.jsonl", limit=0)
