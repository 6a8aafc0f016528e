"""A batch goes on where it was cut, whatever cut it, and mixes no settings."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model.batches.batch import BatchCounts
from model.batches.resume import ResumeError, settings_path
from model.options import DecodingOptions
from tests.batches.echo import Echo, lines_of, output, texts

ROOT = Path(__file__).resolve().parents[2]


def test_a_finished_run_is_not_done_again(run, tmp_path: Path) -> None:
    run(texts(5) + b"bad\n")
    before = (tmp_path / "out.jsonl").read_bytes()
    summarizer = Echo()
    assert run(summarizer=summarizer) == BatchCounts(summarised=5, failed=1, resumed=6)
    assert summarizer.asked == []
    assert (tmp_path / "out.jsonl").read_bytes() == before


def test_a_run_resumes_at_every_byte_where_it_may_be_cut(run, tmp_path: Path) -> None:
    run(texts(3) + b"\nbad\n" + texts(1), chunk_size=2)
    whole = (tmp_path / "out.jsonl").read_bytes()
    expected = [(record["line"], record.get("summary")) for record in output(tmp_path)]
    for end in range(len(whole)):
        (tmp_path / "out.jsonl").write_bytes(whole[:end])
        run(chunk_size=2)
        found = [(record["line"], record.get("summary")) for record in output(tmp_path)]
        assert found == expected, f"cut after byte {end}"


def test_lines_added_to_the_input_are_done_next_time(run, tmp_path: Path) -> None:
    run(texts(2).rstrip())
    assert run(texts(4)) == BatchCounts(summarised=4, resumed=2)
    assert [record["line"] for record in output(tmp_path)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"options": DecodingOptions(num_beams=2, record_top_k=0)}, "num_beams=4, now it is 2"),
        ({"style": "title"}, "style=None, now it is 'title'"),
        ({"field": "id"}, "field='text', now it is 'id'"),
        ({"summarizer": Echo("beef")}, "fingerprint='f00d', now it is 'beef'"),
    ],
)
def test_other_settings_are_not_mixed_into_an_output(run, tmp_path, changes, message) -> None:
    run(texts(2))
    before = (tmp_path / "out.jsonl").read_bytes()
    with pytest.raises(ResumeError, match=message):
        run(**changes)
    assert (tmp_path / "out.jsonl").read_bytes() == before
    assert run(**changes, overwrite=True).resumed == 0


def test_a_file_that_is_no_output_of_ours_is_left_alone(run, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("my diary")
    with pytest.raises(ResumeError, match=r"out\.jsonl exists and out\.jsonl\.run\.json does not"):
        run(texts(1))
    assert (tmp_path / "out.jsonl").read_text() == "my diary"


def test_an_output_with_foreign_lines_is_refused(run, tmp_path: Path) -> None:
    run(texts(1))
    with (tmp_path / "out.jsonl").open("a") as file:
        file.write('{"hello": 1}\n')
    with pytest.raises(ResumeError, match="line 2 is not of a batch run"):
        run(texts(2))


def test_a_changed_input_is_noticed(run) -> None:
    run(texts(3))
    with pytest.raises(ResumeError, match="input line 2 changed"):
        run(lines_of({"text": "text 0"}, {"text": "other"}, {"text": "text 2"}))
    with pytest.raises(ResumeError, match="holds more lines than the input"):
        run(texts(2))


def test_two_runs_do_not_write_to_one_output(run, tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    run(texts(1))
    with (tmp_path / "out.jsonl").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ResumeError, match="another run is writing"):
            run(texts(2))


def test_input_and_output_must_differ(run, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the same file"):
        run(texts(1), output=str(tmp_path / "in.jsonl"))


def test_a_damaged_settings_file_is_named(run, tmp_path: Path) -> None:
    run(texts(1))
    settings_path(tmp_path / "out.jsonl").write_text("{")
    with pytest.raises(ResumeError, match=r"run\.json is not readable JSON"):
        run(texts(1))


def test_a_full_disk_names_the_output_and_loses_no_line(run, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, before[1]))
    try:
        with pytest.raises(OSError, match=r"File too large: .*out\.jsonl"):
            run(texts(20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert 3 < run().resumed < 10
    assert [record["line"] for record in output(tmp_path)] == list(range(1, 21))


SLOW_RUN = """
import sys, time
from pathlib import Path
from model.batches.batch import BatchJob, run_batch
from model.options import DecodingOptions
from model.batches.ray_engine import RayEngine
from tests.batches.echo import Echo

class Slow(Echo):
    def summarize_many(self, *asked):
        time.sleep(0.01)
        return super().summarize_many(*asked)

source, output = sys.argv[1:]
options = DecodingOptions(record_top_k=0)
run_batch(Slow(), BatchJob(input=source, output=output, options=options, chunk_size=2))
"""


def test_killed_runs_lose_nothing_and_do_nothing_twice(tmp_path: Path) -> None:
    source, output_path = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(texts(150) + b"bad\n" + texts(50))
    command = [sys.executable, "-c", SLOW_RUN, str(source), str(output_path)]
    for goal in (20, 90):  # lines that must stand in the output before the kill
        process = subprocess.Popen(command, cwd=ROOT)
        deadline = time.monotonic() + 60
        while not output_path.exists() or output_path.read_bytes().count(b"\n") < goal:
            assert process.poll() is None, "the run ended before it was killed"
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert goal <= output_path.read_bytes().count(b"\n") < 201
    with output_path.open("ab") as file:
        file.write(b'{"line": 999, "summ')  # as if the kill had hit a write
    subprocess.run(command, cwd=ROOT, check=True)
    records = output(tmp_path)
    assert [record["line"] for record in records] == list(range(1, 202))
    assert [r["line"] for r in records if "error" in r] == [151]
    assert records[-1]["summary"] == "TEXT 49"
