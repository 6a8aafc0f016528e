"""`batch` over a tiny model: counts, resuming, and what it may not need."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from model.cli import main
from tests.cli.given import ROOT, SHORT, TEXT, batch_files


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
