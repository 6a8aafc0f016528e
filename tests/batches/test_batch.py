"""Batch: one line out per line in, whatever happens to the lines."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from model.batches import jsonl
from model.batches.batch import BatchCounts
from model.batches.jsonl import FileError
from model.options import DecodingOptions
from tests.batches.echo import Echo, lines_of, output, texts


def test_every_line_gets_its_summary_in_order(run, tmp_path: Path) -> None:
    counts = run(texts(7))
    assert counts == BatchCounts(summarised=7, failed=0, resumed=0)
    records = output(tmp_path)
    assert [record["line"] for record in records] == list(range(1, 8))
    assert [record["summary"] for record in records] == [f"TEXT {place}" for place in range(7)]
    assert records[0]["score"] == -0.5
    assert records[0]["finished"] is True
    assert records[0]["seconds"] >= 0


def test_texts_go_to_the_model_in_chunks(run) -> None:
    summarizer = Echo()
    run(texts(7), summarizer)
    assert [len(asked) for _, asked in summarizer.asked] == [3, 3, 1]


def test_finished_lines_are_on_disk_before_the_next_chunk(run, tmp_path: Path) -> None:
    class Watcher(Echo):
        def summarize_many(self, *asked: Any) -> list[SimpleNamespace]:
            on_disk.append((tmp_path / "out.jsonl").read_bytes().count(b"\n"))
            return super().summarize_many(*asked)

    on_disk: list[int] = []
    run(texts(7), Watcher())
    assert on_disk == [0, 3, 6]


def test_id_and_style_of_a_line_are_kept(run, tmp_path: Path) -> None:
    run(
        lines_of(
            {"text": "a", "id": "x/1", "style": "title"}, {"text": "b", "id": 7}, {"text": "c"}
        )
    )
    records = output(tmp_path)
    assert [record.get("id") for record in records] == ["x/1", 7, None]
    assert [record["style"] for record in records] == ["title", "headline", "headline"]
    assert "id" not in records[2]


def test_another_field_can_hold_the_text(run, tmp_path: Path) -> None:
    run(lines_of({"body": "a"}), field="body")
    assert output(tmp_path)[0]["summary"] == "A"


BAD_LINES = {
    b"{broken": "broken JSON",
    b'["a"]': "a JSON object is needed, got list",
    b'{"body": "a", "id": 3}': "no field 'text'; it has body, id",
    b"{}": "no field 'text'; it has none",
    b'{"text": 5}': "'text' must be a string, got int",
    b'{"text": null}': "'text' must be a string, got NoneType",
    b'{"text": "a", "style": 1}': "'style' must be a string, got int",
    b'{"text": "a", "style": "ode"}': "unknown style 'ode'; this model's styles: headline, title",
    b'{"text": "a", "id": [1]}': "'id' must be a string or a whole number, got list",
    b'{"text": NaN}': "NaN is not JSON",
    b'{"text": "  "}': "the text is empty",
    b'{"text": "huge"}': "not enough memory",
    b'{"text": "\xff"}': "not UTF-8: invalid start byte at byte 10",
    b"\x00\x01\x02": "broken JSON",
    b"[" * 100_000: "nested too deeply",
    b'{"text": ' + b"9" * 5000 + b"}": "broken JSON",
}


@pytest.mark.parametrize("line", BAD_LINES, ids=lambda line: line[:30].decode("latin-1"))
def test_a_bad_line_is_reported_and_spoils_no_other(run, tmp_path: Path, line: bytes) -> None:
    counts = run(b'{"text": "a"}\n' + line + b'\n{"text": "b"}\n')
    assert counts == BatchCounts(summarised=2, failed=1)
    first, bad, last = output(tmp_path)
    assert BAD_LINES[line] in bad["error"]
    assert bad["line"] == 2
    assert "summary" not in bad
    assert (first["summary"], last["summary"]) == ("A", "B")


def test_options_that_the_model_refuses_end_the_run_before_any_line(run, tmp_path: Path) -> None:
    options = DecodingOptions(forced_prefix="refused", record_top_k=0)
    with pytest.raises(ValueError, match="forced_prefix is refused"):
        run(texts(2), options=options)
    with pytest.raises(ValueError, match="unknown style 'ode'"):
        run(texts(2), style="ode", overwrite=True)
    assert (tmp_path / "out.jsonl").read_bytes() == b""


def test_a_bad_line_keeps_its_id(run, tmp_path: Path) -> None:
    run(lines_of({"text": 1, "id": "seven"}))
    assert output(tmp_path)[0]["id"] == "seven"


def test_a_line_too_long_is_reported_and_not_kept(run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 50)
    counts = run(lines_of({"text": "a"}, {"text": "b" * 200}, {"text": "c"}))
    assert counts == BatchCounts(summarised=2, failed=1)
    assert "longer than 50 bytes" in output(tmp_path)[1]["error"]
    assert output(tmp_path)[2]["summary"] == "C"


def test_blank_lines_are_no_documents_and_line_numbers_count_them(run, tmp_path: Path) -> None:
    counts = run(b'\n{"text": "a"}\r\n  \n\xe2\x80\xa8{"text": "b"}\n\n')
    assert (counts.summarised, counts.failed) == (1, 1)
    assert [record["line"] for record in output(tmp_path)] == [2, 4]


def test_a_byte_order_mark_and_a_missing_last_line_end_are_fine(run, tmp_path: Path) -> None:
    run(b'\xef\xbb\xbf{"text": "a"}\n{"text": "b"}')
    assert [record["summary"] for record in output(tmp_path)] == ["A", "B"]


def test_odd_characters_survive(run, tmp_path: Path) -> None:
    odd = "é😀\u2028\x85 שלום </s>"
    run(lines_of({"text": odd, "id": "\ud800"}))
    (record,) = output(tmp_path)
    assert record["summary"] == odd.upper()
    assert record["id"] == "\ud800"


@pytest.mark.parametrize("packed", [gzip.compress, lzma.compress, bz2.compress])
def test_compressed_input_is_read_whatever_its_name(run, tmp_path: Path, packed) -> None:
    assert run(packed(texts(4))).summarised == 4


@pytest.mark.parametrize("packed", [gzip.compress, lzma.compress, bz2.compress])
def test_lines_before_a_damage_are_summarised(run, tmp_path: Path, packed) -> None:
    whole = packed(os.urandom(50_000).hex().encode() + b"\n")
    content = packed(texts(4)) + whole[: len(whole) // 2]
    with pytest.raises(FileError, match=r"in\.jsonl is damaged or cut off after line 4"):
        run(content)
    assert len(output(tmp_path)) == 4


def test_standard_input_and_output_are_a_dash(run, monkeypatch, capfdbinary) -> None:
    stdin = SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(texts(2))))
    monkeypatch.setattr(sys, "stdin", stdin)
    with open(1, "wb", closefd=False) as stdout:
        monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=stdout))
        assert run(input="-", output="-").summarised == 2
    printed = capfdbinary.readouterr().out.splitlines()
    assert [json.loads(line)["summary"] for line in printed] == ["TEXT 0", "TEXT 1"]
