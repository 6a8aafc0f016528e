"""`evaluate` and the other steps of training, on a tiny model and a few pairs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from model.cli import main
from model.tokenizer import Tokenizer
from tests.cli.given import ROOT, SHORT, TEXT, batch_files


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
