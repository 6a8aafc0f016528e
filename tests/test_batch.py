"""Batch: one line out per line in, whatever happens to the lines, the process or the settings."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from model import jsonl
from model.batch import BatchCounts, BatchJob, run_batch
from model.jsonl import FileError
from model.options import DecodingOptions
from model.ray_engine import RayEngine
from model.resume import ResumeError, settings_path
from model.source_text import TextError

ROOT = Path(__file__).resolve().parent.parent


class Echo:
    """A summarizer that answers with the text in capitals and keeps what it was asked."""

    styles = ("headline", "title")

    def __init__(self, fingerprint: str = "f00d") -> None:
        self.fingerprint = fingerprint
        self.asked: list[tuple[str | None, list[str]]] = []

    def summarize_many(
        self, texts: Sequence[str], options: DecodingOptions, style: str | None
    ) -> list[SimpleNamespace]:
        self.asked.append((style, list(texts)))
        if options.forced_prefix == "refused":
            raise ValueError("forced_prefix is refused")
        for text in texts:
            if not text.strip():
                raise TextError("the text is empty")
            if text == "huge":
                raise RuntimeError("not enough memory")
        return [self._result(text, style) for text in texts]

    def _result(self, text: str, style: str | None) -> SimpleNamespace:
        best = SimpleNamespace(score=-0.5, log_prob=-1.0, finished=True, token_ids=(5, 2))
        source = SimpleNamespace(style=style or "headline", cut_tokens=0)
        return SimpleNamespace(
            text=text.upper(), trace=SimpleNamespace(hypotheses=(best,), source=source)
        )


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., BatchCounts]:
    """Run a job from in.jsonl to out.jsonl, with fields of BatchJob changed at will."""

    def run_job(content: bytes | None = None, summarizer: Echo | None = None, **changes: Any):
        if content is not None:
            (tmp_path / "in.jsonl").write_bytes(content)
        fields = {
            "input": str(tmp_path / "in.jsonl"),
            "output": str(tmp_path / "out.jsonl"),
            "options": DecodingOptions(record_top_k=0),
            "chunk_size": 3,
        }
        return run_batch(summarizer or Echo(), BatchJob(**(fields | changes)))

    return run_job


def lines_of(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def texts(count: int) -> bytes:
    return lines_of(*({"text": f"text {place}"} for place in range(count)))


def output(tmp_path: Path) -> list[dict[str, Any]]:
    content = (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    assert content.endswith("\n")
    return [json.loads(line) for line in content.split("\n")[:-1]]


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


# Resuming


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
from model.batch import BatchJob, run_batch
from model.options import DecodingOptions
from model.ray_engine import RayEngine
from tests.test_batch import Echo

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


# Ray


class Rows:
    """Stands for a data set of Ray Data: every row by a new worker, handed over as Arrow would."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def map(self, worker: Any, fn_constructor_args: tuple[Any, ...], **_: Any) -> Rows:
        return Rows([worker(*fn_constructor_args)(row) for row in self.rows])

    def iter_rows(self) -> list[dict[str, Any]]:
        return self.rows


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Where the library is not installed, the part of it that is used."""
    context = SimpleNamespace(execution_options=SimpleNamespace(preserve_order=False))
    data = SimpleNamespace(
        from_items=lambda rows, override_num_blocks: Rows(rows),
        ActorPoolStrategy=lambda size: size,
        DataContext=SimpleNamespace(get_current=lambda: context),
    )
    library = SimpleNamespace(init=lambda **_: None, data=data)
    monkeypatch.setitem(sys.modules, "ray", library)
    monkeypatch.setitem(sys.modules, "ray.data", data)
    monkeypatch.setattr(
        "model.summarizer.Summarizer.load", lambda folder, precision: Echo(), raising=True
    )
    return library


def test_ray_gives_the_lines_of_a_local_run_and_goes_on_with_its_output(
    run, tmp_path: Path, ray: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = texts(4) + b"bad\n" + lines_of({"text": "é", "id": "\ud800"}) + texts(3)
    run(content)
    local = [one | {"seconds": 0} for one in output(tmp_path)]
    lines = (tmp_path / "out.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "out.jsonl").write_bytes(b"".join(lines[:2]))  # as after a kill
    monkeypatch.setattr("model.ray_engine.SLAB", 2)
    job = BatchJob(
        input=str(tmp_path / "in.jsonl"), output=str(tmp_path / "out.jsonl"),
        options=DecodingOptions(record_top_k=0), chunk_size=3,
    )  # fmt: skip
    engine = RayEngine("echo", "auto", frozenset(DecodingOptions().to_dict()), job, workers=2)
    assert run_batch(Echo(), job, engine=engine).resumed == 2
    assert [one | {"seconds": 0} for one in output(tmp_path)] == local
    assert ray.data.DataContext.get_current().execution_options.preserve_order


def test_without_ray_its_engine_says_what_to_install(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(texts(1))
    monkeypatch.setitem(sys.modules, "ray", None)
    job = BatchJob(
        input=str(tmp_path / "in.jsonl"), output="-", options=DecodingOptions(record_top_k=0)
    )
    with pytest.raises(ImportError, match=r"pip install 'gistscope\[ray\]'"):
        run_batch(Echo(), job, engine=RayEngine("echo", "auto", frozenset(), job, workers=1))
    with pytest.raises(ValueError, match="workers must be at least 1, got 0"):
        RayEngine("echo", "auto", frozenset(), job, workers=0)
