"""Many texts from a JSONL file to a JSONL file, one line each, resumable at any moment.

Output lines stand in the input's order, one for every line that is not blank, so the output alone
says how far a run came (model/batches/resume.py). Knows no model family and no command line.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar

from model.batches.documents import Document, Form, id_of, parse_document, problem_with
from model.batches.jsonl import FileError, Line, LineError, opened, read_lines
from model.batches.resume import finished_records, opened_output, skip_finished
from model.options import DecodingOptions
from model.text.source_text import TextError
from model.trace import Trace

T = TypeVar("T")
Engine = Callable[[Iterator[list[Line]]], Iterator[list[dict[str, Any]]]]


class Result(Protocol):
    """What batch needs of a `model.summarizer.Result`."""

    @property
    def text(self) -> str: ...

    @property
    def trace(self) -> Trace: ...


class Summarizer(Protocol):
    """What batch needs of a `model.Summarizer`."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def styles(self) -> tuple[str, ...]: ...

    def summarize_many(
        self, texts: Sequence[str], options: DecodingOptions, style: str | None
    ) -> Sequence[Result]: ...


@dataclass(frozen=True, kw_only=True)
class BatchJob:
    """What to read, how to summarise it and where to write it."""

    input: str  # JSONL, plain or compressed; - is standard input
    output: str  # JSONL; - is standard output, which can't be resumed
    options: DecodingOptions
    style: str | None = None  # for lines without a "style"; None is the model's first
    field: str = "text"  # the field that holds the text
    chunk_size: int = 8  # texts decoded together, and lost at most when the run is killed
    overwrite: bool = False  # start again instead of resuming

    def __post_init__(self) -> None:
        if self.chunk_size < 1:
            raise ValueError(f"chunk_size must be at least 1, got {self.chunk_size}")
        if self.input == self.output != "-" or _same_file(self.input, self.output):
            raise ValueError(f"input and output are the same file: {self.input}")


@dataclass(frozen=True)
class BatchCounts:
    """Lines of the output so far, those of earlier runs included."""

    summarised: int = 0
    failed: int = 0
    resumed: int = 0  # of both, those found in the output and not done again

    def plus(self, record: Mapping[str, Any]) -> BatchCounts:
        """The counts with one more line of output."""
        if "error" in record:
            return dataclasses.replace(self, failed=self.failed + 1)
        return dataclasses.replace(self, summarised=self.summarised + 1)


def run_batch(
    summarizer: Summarizer,
    job: BatchJob,
    progress: Callable[[BatchCounts], None] = lambda counts: None,
    engine: Engine | None = None,
) -> BatchCounts:
    """Summarise every line of the input that the output doesn't hold yet.

    `engine` does the chunks, in order; None is one after another, here. A line that can't be
    summarised becomes a line with "error". Raises `ResumeError` when the output was made with
    other settings, and `FileError` where the input breaks off.
    """
    if problem := problem_with(job.style, summarizer.styles):
        raise ValueError(problem)
    with opened(job.input) as stream, _opened_output(summarizer, job) as output:
        lines = read_lines(stream, job.input)
        counts = _finished(lines, job)
        chunks = in_chunks(lines, job.chunk_size)
        done = engine(chunks) if engine else (summarise(summarizer, one, job) for one in chunks)
        for records in done:
            for record in records:
                output.write(to_line(record))
                counts = counts.plus(record)
            output.flush()
            progress(counts)
    return counts


@contextmanager
def _opened_output(summarizer: Summarizer, job: BatchJob) -> Iterator[IO[bytes]]:
    if job.output == "-":
        yield sys.stdout.buffer
        return
    settings = {
        "fingerprint": summarizer.fingerprint,
        "style": job.style,
        "field": job.field,
        **dataclasses.asdict(job.options),
    }
    try:
        with opened_output(Path(job.output), settings, job.overwrite) as file:
            yield file
    except OSError as error:  # a full disk doesn't say of which file
        if error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, job.output) from error


def _finished(lines: Iterator[Line], job: BatchJob) -> BatchCounts:
    """Move `lines` behind what the output holds, and count that."""
    counts = BatchCounts()
    if job.output != "-":
        output = Path(job.output)
        for record in skip_finished(lines, finished_records(output), output):
            counts = counts.plus(record)
    return dataclasses.replace(counts, resumed=counts.summarised + counts.failed)


def _same_file(first: str, second: str) -> bool:
    try:
        return Path(first).samefile(second)
    except OSError:
        return False


# Reading


def in_chunks(lines: Iterable[T], size: int) -> Iterator[list[T]]:
    """Items in groups, the last one smaller; those before a `FileError` come before it."""
    chunk: list[T] = []
    try:
        for line in lines:
            chunk.append(line)
            if len(chunk) == size:
                yield chunk
                chunk = []
    except FileError:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


# Summarising


def summarise(summarizer: Summarizer, lines: Sequence[Line], job: BatchJob) -> list[dict[str, Any]]:
    """One record per line, in order."""
    records: dict[int, dict[str, Any]] = {}
    by_style: dict[str | None, list[Document]] = {}
    form = Form(job.field, job.style, summarizer.styles)
    for line in lines:
        try:
            document = parse_document(line, form)
            by_style.setdefault(document.style, []).append(document)
        except LineError as error:
            records[line.number] = _failure(line, error)
    for documents in by_style.values():
        for document, record in zip(
            documents, _summarise_alike(summarizer, documents, job.options), strict=True
        ):
            records[document.line.number] = record
    return [records[line.number] for line in lines]


def _summarise_alike(
    summarizer: Summarizer, documents: Sequence[Document], options: DecodingOptions
) -> list[dict[str, Any]]:
    """Documents of one style together; one by one when a single one spoils the group."""
    started = time.perf_counter()
    try:
        results = summarizer.summarize_many(
            [document.text for document in documents], options, documents[0].style
        )
    except (TextError, RuntimeError, MemoryError) as error:
        if len(documents) == 1:
            return [_failure(documents[0].line, error)]
        alone = (_summarise_alike(summarizer, [document], options) for document in documents)
        return [record for records in alone for record in records]
    seconds = (time.perf_counter() - started) / len(documents)
    return [
        _success(document, result, seconds)
        for document, result in zip(documents, results, strict=True)
    ]


def _success(document: Document, result: Result, seconds: float) -> dict[str, Any]:
    trace = result.trace
    best = trace.hypotheses[0]
    return _head(document.line, document.id) | {
        "summary": result.text,
        "style": trace.source.style,
        "score": round(best.score, 4),
        "log_prob": round(best.log_prob, 4),
        "finished": best.finished,
        "tokens": len(best.token_ids),
        "source_tokens_cut": trace.source.cut_tokens,
        "seconds": round(seconds, 4),
    }


def _failure(line: Line, error: BaseException) -> dict[str, Any]:
    try:
        id = id_of(line)
    except LineError:
        id = None
    return _head(line, id) | {"error": str(error) or type(error).__name__}


def _head(line: Line, id: str | int | None) -> dict[str, Any]:
    return {"line": line.number, "digest": line.digest} | ({} if id is None else {"id": id})


def to_line(record: Mapping[str, Any]) -> bytes:
    """A record as its line of the output."""
    # A lone surrogate of an id becomes \udxxx, which JSON reads back as the same.
    text = json.dumps(record, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", errors="backslashreplace") + b"\n"
