import bz2
import csv
import gzip
import json
import lzma
from pathlib import Path

import pytest

from model.training.rows import Columns, Row, read_rows

PAIRS = [("A cat — sat.\nStill.", "cat, sat"), ('He said "no",\tthen left.', "no")]


def as_jsonl(pairs: list[tuple[str, str]]) -> str:
    return "".join(json.dumps({"source": s, "target": t}) + "\n" for s, t in pairs)


def as_table(pairs: list[tuple[str, str]], path: Path, delimiter: str) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerows([("source", "target"), *pairs])
    return path.read_bytes().decode()


def pairs_in(path: Path, columns: Columns | None = None) -> list[tuple[str, str]]:
    rows = read_rows(path, columns or Columns())
    return [(row.source, row.target) for row in rows if row is not None]


@pytest.mark.parametrize(("suffix", "opener"), [
    ("", open), (".xz", lzma.open), (".gz", gzip.open), (".bz2", bz2.open),
])  # fmt: skip
@pytest.mark.parametrize("kind", [".jsonl", ".csv", ".tsv"])
def test_every_format_and_compression_gives_the_same_rows(tmp_path, suffix, opener, kind):
    if kind == ".jsonl":
        text = as_jsonl(PAIRS)
    else:
        text = as_table(PAIRS, tmp_path / "plain", "\t" if kind == ".tsv" else ",")
    path = tmp_path / f"pairs{kind}{suffix}"
    with opener(path, "wb") as file:
        file.write(text.encode())
    assert pairs_in(path) == PAIRS


def test_columns_are_named_by_options_and_missing_ones_have_defaults(tmp_path):
    path = tmp_path / "news.csv"
    path.write_text("article,highlights\nLong text.,Short.\n")
    columns = Columns(
        source="article", target="highlights", default_style="headline", default_set="news",
        default_licence="CC0-1.0",
    )  # fmt: skip
    assert list(read_rows(path, columns)) == [
        Row("Long text.", "Short.", "headline", "news", "CC0-1.0")
    ]


def test_unusable_lines_are_given_as_none_and_the_rest_is_read(tmp_path):
    path = tmp_path / "pairs.jsonl"
    lines = [
        b'{"source": "a", "target": "b"}', b"{broken", b"[1, 2]", b'{"source": "a"}',
        b'{"source": "a", "target": 3}', b'{"source": " ", "target": "b"}', b"\xff\xfe",
        b'{"source": "c", "target": "d"}',
    ]  # fmt: skip
    path.write_bytes(b"\n".join(lines))
    rows = list(read_rows(path, Columns()))
    assert [row and row.source for row in rows] == ["a", *[None] * 6, "c"]


def test_nul_and_lone_surrogates_become_replacement_characters(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"source": "a\\u0000b", "target": "c\\ud800d \\ud83d\\ude00"}\n')
    assert pairs_in(path) == [("a\ufffdb", "c\ufffdd 😀")]


def test_a_missing_column_is_an_error_that_names_what_is_there(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("text\ttitle\na\tb\n")
    with pytest.raises(ValueError, match=r"no column 'source'; it has text, title"):
        pairs_in(path)


def test_a_truncated_archive_is_an_error_that_names_the_file(tmp_path):
    path = tmp_path / "pairs.jsonl.xz"
    path.write_bytes(lzma.compress(as_jsonl(PAIRS * 500).encode())[:-20])
    with pytest.raises(ValueError, match=r"pairs\.jsonl\.xz can't be read"):
        pairs_in(path)


def test_an_unknown_format_is_refused(tmp_path):
    path = tmp_path / "pairs.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"pairs\.parquet: the format must be one of \.jsonl"):
        pairs_in(path)
