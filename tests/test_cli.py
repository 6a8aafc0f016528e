"""The command line over a tiny model: what it prints, how it fails, what its options mean."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest
import torch

from model import checkpoint
from model.cli import build_parser, main
from model.cli.arguments import Parser, add_fields, given
from model.config import TransformerConfig
from model.options import DecodingOptions
from model.tokenizer import Tokenizer
from model.trace import Trace

ROOT = Path(__file__).resolve().parent.parent
TEXT = "The cat sat on the mat. A dog ran to the man, and the man saw it."
SHORT = ["--num-beams", "1", "--max-new-tokens", "4"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with random weights; it can write 16 tokens."""
    torch.manual_seed(0)
    tokenizer = Tokenizer.train([TEXT] * 5, vocabulary_size=300)
    config = TransformerConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        width=16,
        heads=2,
        encoder_layers=1,
        decoder_layers=1,
        feed_forward_size=16,
        max_source_tokens=48,
        max_target_tokens=16,
    )
    path = tmp_path_factory.mktemp("models") / "tiny"
    checkpoint.save(path, checkpoint.build(config), tokenizer)
    return path


@pytest.fixture
def text_file(tmp_path: Path) -> str:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must end with code 2 and one line; returns the line."""

    def run(*argv: object) -> str:
        try:
            code = main([str(argument) for argument in argv])
        except SystemExit as end:
            code = end.code
        printed = capsys.readouterr()
        assert code == 2
        assert printed.out == ""
        assert printed.err.startswith("error: ")
        assert printed.err.count("\n") == 1
        return printed.err

    return run


# summarize


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


# options


def test_every_decoding_option_can_be_given(folder, text_file) -> None:
    """No copy of the list: a new field of the record is an option at once."""
    values = {
        "num_beams": ("4", 4),
        "do_sample": (None, True),
        "early_stopping": ("never", "never"),
        "penalty_alpha": ("0.5", 0.5),
        "forced_prefix": ("We", "We"),
        "bad_words": ("dog", ("dog",)),
    }
    for field in dataclasses.fields(DecodingOptions):
        default = field.default if field.default is not None else 0.5
        word, value = values.get(field.name, (str(default), default))
        option = "--" + field.name.replace("_", "-")
        argv = ["summarize", "--model", str(folder), text_file, option]
        arguments = build_parser().parse_args([*argv, *([] if word is None else [word])])
        assert given(arguments, DecodingOptions) == {field.name: value}


def test_options_left_out_leave_the_record_alone(folder, text_file) -> None:
    arguments = build_parser().parse_args(["summarize", "--model", str(folder), text_file])
    assert given(arguments, DecodingOptions) == {}


def test_every_option_of_every_command_is_explained() -> None:
    parser = build_parser()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    assert set(commands.choices) == {
        "prepare", "train-tokenizer", "train", "evaluate", "deploy", "summarize", "batch",
        "ablate", "calibrate", "robustness", "samples",
    }  # fmt: skip
    for command in commands.choices.values():
        command.format_help()
        for action in command._actions:
            assert action.help, action.option_strings


@dataclass(frozen=True)
class Recipe:
    size: int = 3  # of the bowl, in 50 % steps
    name: str | None = None
    is_hot: bool = True  # or not
    kind: Literal["soup", "stew"] = "soup"
    tags: tuple[str, ...] = ("a", "b")  # words
    weight: float = 1.5


def recipe(*argv: str) -> Recipe:
    parser = Parser()
    add_fields(parser, Recipe, "recipe")
    return Recipe(**given(parser.parse_args(argv), Recipe))


def test_fields_of_every_type_become_options() -> None:
    assert recipe() == Recipe()
    found = recipe(
        "--size", "5", "--name", "x", "--no-is-hot", "--kind", "stew", "--tags", "c", "--tags", "d",
        "--weight", "2",
    )  # fmt: skip
    assert found == Recipe(5, "x", False, "stew", ("c", "d"), 2.0)


def test_the_comment_on_a_field_is_its_help() -> None:
    parser = Parser()
    add_fields(parser, Recipe, "recipe")
    text = " ".join(parser.format_help().split())
    assert "--size N of the bowl, in 50 % steps (default: 3)" in text
    assert "words; may be repeated (default: a b)" in text


# batch


def batch_files(tmp_path: Path, count: int, extra: bytes = b"") -> list[str]:
    lines = (json.dumps({"text": f"{TEXT} {place}"}) + "\n" for place in range(count))
    (tmp_path / "in.jsonl").write_bytes("".join(lines).encode() + extra)
    return ["--input", str(tmp_path / "in.jsonl"), "--output", str(tmp_path / "out.jsonl")]


def test_batch_reports_counts_and_failed_lines_by_its_exit_code(folder, tmp_path, capsys) -> None:
    files = batch_files(tmp_path, 3)
    assert main(["batch", "--model", str(folder), *files, *SHORT]) == 0
    assert capsys.readouterr().err == "3 lines: 3 summarised, 0 failed\n"
    files = batch_files(tmp_path, 3, b"broken\n")
    assert main(["batch", "--model", str(folder), *files, *SHORT]) == 1
    assert capsys.readouterr().err == "4 lines: 3 summarised, 1 failed; 3 of them by earlier runs\n"
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert "broken JSON" in records[3]["error"]
    assert {"summary", "style", "score", "finished", "seconds"} <= set(records[0])


def test_batch_refuses_other_options_in_one_line(folder, tmp_path, capsys, fails) -> None:
    files = batch_files(tmp_path, 2)
    main(["batch", "--model", str(folder), *files, *SHORT])
    capsys.readouterr()
    message = fails("batch", "--model", folder, *files, "--max-new-tokens", "4")
    assert "was written with num_beams=1, now it is 4" in message
    assert "--overwrite" in message


def test_batch_gives_the_summaries_of_summarize(folder, tmp_path, text_file, capsys) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": TEXT}) + "\n")
    files = ["--input", str(tmp_path / "in.jsonl"), "--output", "-"]
    main(["batch", "--model", str(folder), *files, *SHORT])
    (line,) = capsys.readouterr().out.splitlines()
    main(["summarize", "--model", str(folder), text_file, *SHORT])
    assert json.loads(line)["summary"] == capsys.readouterr().out.rstrip("\n")


@pytest.mark.slow
def test_a_killed_batch_goes_on_with_the_same_command(folder, tmp_path) -> None:
    files = batch_files(tmp_path, 400)
    command = ["batch", "--model", folder, *files, *SHORT, "--batch-size", "1", "--threads", "1"]
    argv = [sys.executable, "-m", "model", *map(str, command)]
    process = subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.DEVNULL)
    output = tmp_path / "out.jsonl"
    deadline = time.monotonic() + 120
    while not output.exists() or output.read_bytes().count(b"\n") < 10:
        assert process.poll() is None, "the run ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert output.read_bytes().count(b"\n") < 400
    assert main([str(word) for word in command]) == 0
    lines = [json.loads(line)["line"] for line in output.read_text().splitlines()]
    assert lines == list(range(1, 401))


# evaluate and the other steps


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        {"source": f"{TEXT} {place}", "target": "the cat", "style": style, "set": style}
        for place in range(4)
        for style in ("title", "tldr")
    ]
    path = tmp_path / "valid.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "broken\n")
    return path


def test_evaluate_prints_one_table_and_writes_the_same_as_json(
    folder, data, tmp_path, capsys
) -> None:
    files = ["--json", str(tmp_path / "f.json"), "--outputs", str(tmp_path / "o.jsonl")]
    command = ["evaluate", "--model", str(folder), "--data", str(data), "--limit", "2", *SHORT]
    assert main([*command, *files]) == 0
    table = capsys.readouterr().out
    assert "4 of 8 examples, at most 2 a set, drawn with seed 0; 1 bad lines" in table
    assert "num_beams=1, max_new_tokens=4" in table
    for system in ("model", "lead-1", "lead-3", "LexRank", "TextRank", "references"):
        assert f"| tldr | {system} |" in table
    figures = json.loads((tmp_path / "f.json").read_text())
    assert {row["part"] for row in figures["rows"]} == {"all", "style", "set"}
    assert figures["rows"][0]["loss"] > 0
    outputs = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [sorted(record["texts"]) for record in outputs[:1]] == [
        ["LexRank", "TextRank", "lead-1", "lead-3", "model"]
    ]
    assert main([*command, "--batch-size", "3"]) == 0
    assert capsys.readouterr().out == table


def test_evaluate_fails_in_one_line(folder, data, tmp_path, fails) -> None:
    command = ("evaluate", "--model", folder, "--data")
    assert "no data file" in fails(*command, tmp_path / "none.jsonl")
    assert "limit must be at least 1, got 0" in fails(*command, data, "--limit", "0")
    assert "batch_size must be at least 1" in fails(*command, data, "--batch-size", "0")
    data.write_text(json.dumps({"source": "a", "target": "b", "style": "ode"}))
    assert "the data has the style 'ode'" in fails(*command, data)


def test_prepare_and_train_tokenizer_write_their_files(data, tmp_path, capsys) -> None:
    output = tmp_path / "prepared"
    source = tmp_path / "pairs.jsonl"
    rows = ({"source": f"{TEXT} {place}", "target": f"cat {place}"} for place in range(30))
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    shares = ["--valid-share", "0.2", "--test-share", "0.2", "--default-style", "title"]
    assert main(["prepare", str(source), "--output", str(output), *shares]) == 0
    assert "30 rows read" in capsys.readouterr().out
    train = str(output / "train.jsonl")
    size = ["--vocabulary-size", "300"]
    assert main(["train-tokenizer", train, "--output", str(output), *size]) == 0
    assert capsys.readouterr().out.startswith("300 tokens in ") or Tokenizer.load(output)


def test_the_steps_of_training_fail_in_one_line(tmp_path, fails) -> None:
    missing = tmp_path / "missing"
    assert "no such file" in fails("prepare", missing, "--output", tmp_path)
    assert "missing" in fails("train-tokenizer", missing, "--output", tmp_path)
    assert "missing" in fails("train", "--config", missing, "--data", ".", "--output", tmp_path)
    assert "missing" in fails("deploy", "--run", missing, "--output", tmp_path)


def test_summarize_and_batch_need_no_training_package(folder, data, tmp_path, text_file) -> None:
    """As installed without the `training` extra."""
    code = (
        "import sys\n"
        "for name in ('tqdm', 'rouge_score', 'sumy', 'nltk'): sys.modules[name] = None\n"
        "from model.cli import main\n"
        "model, text, data, *batch = sys.argv[1:]\n"
        "print(main(['summarize', '--model', model, text, '--num-beams', '1']))\n"
        "print(main(['batch', '--model', model, *batch]))\n"
        "print(main(['evaluate', '--model', model, '--data', data]))\n"
    )
    command = [sys.executable, "-c", code, folder, text_file, data, *batch_files(tmp_path, 1)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    codes = [line for line in done.stdout.splitlines() if line in ("0", "1", "2")]
    assert codes[-3:] == ["0", "0", "2"]
    assert done.stderr.splitlines() == [
        "1 lines: 1 summarised, 0 failed",
        "error: this command needs tqdm: pip install 'gistscope[training]'",
    ]
