"""`summarize` over a tiny model: what it prints and how it fails."""

from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace

import pytest

from model.cli import main
from model.options import DecodingOptions
from model.trace import Trace
from tests.cli.given import SHORT, TEXT


def test_summarize_prints_the_summary(folder, text_file, capsys) -> None:
    assert main(["summarize", "--model", str(folder), text_file, *SHORT]) == 0
    printed = capsys.readouterr()
    assert printed.out.endswith("\n")
    assert printed.err == ""


def test_json_is_the_trace_of_the_same_summary(folder, text_file, capsys) -> None:
    command = ["summarize", "--model", str(folder), text_file, *SHORT]
    main([*command, "--json", "--style", "title", "--record-top-k", "3"])
    trace = Trace.from_json(capsys.readouterr().out)
    main([*command, "--style", "title"])
    assert trace.hypotheses[0].text == capsys.readouterr().out.rstrip("\n")
    assert trace.source.style == "title"
    assert trace.options["num_beams"] == 1
    assert trace.source.text == TEXT


def test_the_default_length_is_cut_to_what_the_model_writes(folder, text_file, capsys) -> None:
    assert DecodingOptions().max_new_tokens > 16
    assert main(["summarize", "--model", str(folder), text_file, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["options"]["max_new_tokens"] == 16


def test_a_dash_is_standard_input(folder, monkeypatch, capsys) -> None:
    content = io.BytesIO(f"Grüße 😀. {TEXT}".encode())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=content))
    assert main(["summarize", "--model", str(folder), "-", *SHORT, "--json"]) == 0
    assert Trace.from_json(capsys.readouterr().out).source.text == f"Grüße 😀. {TEXT}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "text"),
        (b" \n\t ", "text"),
        (b"\xff\xfe\x00binary", "is not text in UTF-8: invalid start byte at byte 0"),
        (b"a" * 4_000_001, "is longer than 4000000 bytes"),
        (b"a" * 1_000_001, "1000001"),
    ],
    ids=["empty", "white space", "binary", "huge", "too long"],
)
def test_a_bad_text_is_one_line(folder, tmp_path, fails, content: bytes, message: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    assert message in fails("summarize", "--model", folder, path).replace(",", "").replace("_", "")


def test_a_text_with_nul_and_odd_characters_is_summarised(folder, tmp_path, capsys) -> None:
    path = tmp_path / "odd.txt"
    path.write_bytes("\ufeffA\x00b </s> שלום \u2028 é".encode())
    assert main(["summarize", "--model", str(folder), str(path), *SHORT]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--num-beams", "0"], "num_beams must be between 1 and 64, got 0"),
        (["--num-beams", "two"], "argument --num-beams: invalid int value: 'two'"),
        (["--temperature", "nan"], "temperature must be above 0"),
        (["--do-sample"], "needs num_beams=1, got 4"),
        (["--early-stopping", "maybe"], "must be one of true, false, never, got 'maybe'"),
        (["--style", "ode"], "unknown style 'ode'"),
        (["--max-new-tokens", "17"], "max_new_tokens"),
        (["--threads", "0"], "threads must be at least 1, got 0"),
        (["--colour", "red"], "unrecognized arguments: --colour red"),
    ],
)
def test_a_bad_option_is_one_line(folder, text_file, fails, options, message: str) -> None:
    assert message in fails("summarize", "--model", folder, text_file, *options)


def test_missing_files_and_folders_are_one_line(folder, tmp_path, text_file, fails) -> None:
    assert "nothing.txt: No such file" in fails("summarize", "--model", folder, "nothing.txt")
    assert str(tmp_path / "no") in fails("summarize", "--model", tmp_path / "no", text_file)
    assert "Is a directory" in fails("summarize", "--model", folder, tmp_path)
    assert "config.json" in fails("summarize", "--model", tmp_path, text_file)
    assert "COMMAND" in fails()
    assert "invalid choice: 'sing'" in fails("sing")


def test_debug_shows_where_a_fault_arose(folder) -> None:
    with pytest.raises(FileNotFoundError):
        main(["--debug", "summarize", "--model", str(folder), "nothing.txt"])
