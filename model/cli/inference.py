"""`summarize` and `batch`."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from typing import TYPE_CHECKING, Any

from model.cli.arguments import add_fields, given
from model.options import DecodingOptions
from model.style_options import StyledWriter

if TYPE_CHECKING:
    from model.batches.batch import BatchCounts, BatchJob
    from model.batches.ray_engine import RayEngine
    from model.config import ModelConfig

# Whole file, in bytes: the longest accepted text in the longest UTF-8.
MAX_TEXT_BYTES = 4_000_000
# Where only the text is wanted, no steps are recorded, and there is nothing to ask about them.
UNRECORDED = ("record_top_k",)


def add_commands(commands: Any) -> None:
    """Add both commands to the parser's sub-parsers."""
    _add_summarize(commands)
    _add_batch(commands)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """What every command that summarises takes."""
    parser.add_argument("--model", required=True, metavar="DIR", help="folder of a model")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: torch's)")


def add_precision_option(parser: argparse.ArgumentParser, default: str = "auto") -> None:
    """In how many bits the model is read; checked where it is opened."""
    parser.add_argument(
        "--precision", default=default, metavar="NAME",
        help=f"auto, fp32, bf16, fp16 or int8 (default: {default})",
    )  # fmt: skip


def use_threads(arguments: argparse.Namespace) -> None:
    """Obey --threads."""
    if arguments.threads is None:
        return
    if arguments.threads < 1:
        raise ValueError(f"threads must be at least 1, got {arguments.threads}")
    import torch

    torch.set_num_threads(arguments.threads)


def unrecorded_options(arguments: argparse.Namespace) -> DecodingOptions:
    """The decoding options of the command line, without a record of the steps."""
    return DecodingOptions(**given(arguments, DecodingOptions), record_top_k=0)


def within_reach(
    options: DecodingOptions, arguments: argparse.Namespace, config: ModelConfig
) -> DecodingOptions:
    """The options, with the default length cut to what the model can write.

    A length that was asked for stays, and is refused where it is too much.
    """
    reach = config.max_target_tokens
    if "max_new_tokens" in given(arguments, DecodingOptions) or options.max_new_tokens <= reach:
        return options
    return dataclasses.replace(options, max_new_tokens=reach)


def _add_summarize(commands: Any) -> None:
    parser = commands.add_parser("summarize", help="summarise one text")
    parser.set_defaults(run=summarize)
    parser.add_argument("file", metavar="FILE", help="text file in UTF-8; - is standard input")
    add_model_options(parser)
    add_precision_option(parser)
    parser.add_argument("--style", metavar="NAME", help="kind of summary (default: model's first)")
    parser.add_argument("--json", action="store_true", help="print the whole trace as JSON")
    add_fields(parser, DecodingOptions, "decoding")


def _add_batch(commands: Any) -> None:
    parser = commands.add_parser(
        "batch",
        help="summarise every line of a JSONL file, resuming where it stopped",
        description="Every input line is a JSON object with a text, and perhaps a style and an id. "
        "Killed or interrupted, the same command goes on where it stopped.",
    )
    parser.set_defaults(run=batch)
    add_model_options(parser)
    add_precision_option(parser)
    parser.add_argument(
        "--input", required=True, metavar="FILE", help="JSONL, also .gz, .xz or .bz2; - is stdin"
    )
    parser.add_argument(
        "--output", required=True, metavar="FILE", help="JSONL; - is stdout, without resuming"
    )
    parser.add_argument(
        "--field", default="text", metavar="NAME", help="field with the text (default: text)"
    )
    parser.add_argument("--style", metavar="NAME", help='for lines without a "style"')
    parser.add_argument(
        "--batch-size", type=int, default=8, metavar="N", help="texts decoded together (default: 8)"
    )
    parser.add_argument("--overwrite", action="store_true", help="start again; drop the output")
    parser.add_argument(
        "--engine", choices=("local", "ray"), default="local",
        help="ray spreads the work over processes or, with RAY_ADDRESS, over a cluster",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, metavar="N",
        help="processes of --engine ray, one CPU each (default: as many as this machine has)",
    )  # fmt: skip
    add_fields(parser, DecodingOptions, "decoding", without=UNRECORDED)


def summarize(arguments: argparse.Namespace) -> int:
    """Print the summary of one text, or its trace."""
    asked = given(arguments, DecodingOptions)
    DecodingOptions(**asked)  # refuses before anything is read
    text = _read_text(arguments.file)
    use_threads(arguments)
    from model.summarizer import Summarizer

    summarizer = Summarizer.load(arguments.model, precision=arguments.precision)
    options = dataclasses.replace(summarizer.defaults(arguments.style), **asked)
    result = summarizer.summarize(text, options, arguments.style)
    print(result.trace.to_json() if arguments.json else result.text)
    return 0


def batch(arguments: argparse.Namespace) -> int:
    """Summarise a file of texts; 1 when lines failed."""
    options = unrecorded_options(arguments)
    from model.batches.batch import BatchJob, run_batch

    job = BatchJob(
        input=arguments.input,
        output=arguments.output,
        options=options,
        style=arguments.style,
        field=arguments.field,
        chunk_size=arguments.batch_size,
        overwrite=arguments.overwrite,
    )
    use_threads(arguments)
    from model.summarizer import Summarizer

    summarizer = Summarizer.load(arguments.model, precision=arguments.precision)
    options = within_reach(options, arguments, summarizer.config)
    fixed = frozenset(given(arguments, DecodingOptions))
    job = dataclasses.replace(job, options=options)
    engine = _engine(arguments, fixed, job)
    counts = run_batch(StyledWriter(summarizer, fixed), job, _show_progress, engine)
    print(_in_words(counts), file=sys.stderr)
    return 1 if counts.failed else 0


def _engine(
    arguments: argparse.Namespace, fixed: frozenset[str], job: BatchJob
) -> RayEngine | None:
    if arguments.engine == "local":
        return None
    from model.batches.ray_engine import RayEngine

    # A worker may start elsewhere in the file system.
    folder = os.path.abspath(arguments.model) if os.path.isdir(arguments.model) else arguments.model
    return RayEngine(folder, arguments.precision, fixed, job, arguments.workers)


def _show_progress(counts: BatchCounts) -> None:
    if sys.stderr.isatty():
        print(f"\r{_in_words(counts)}", end="\r", file=sys.stderr, flush=True)


def _in_words(counts: BatchCounts) -> str:
    total = counts.summarised + counts.failed
    text = f"{total} lines: {counts.summarised} summarised, {counts.failed} failed"
    return text + (f"; {counts.resumed} of them by earlier runs" if counts.resumed else "")


def _read_text(name: str) -> str:
    if name == "-":
        content, name = sys.stdin.buffer.read(MAX_TEXT_BYTES + 1), "standard input"
    else:
        with open(name, "rb") as file:
            content = file.read(MAX_TEXT_BYTES + 1)
    if len(content) > MAX_TEXT_BYTES:
        raise ValueError(f"{name} is longer than {MAX_TEXT_BYTES} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = f"{error.reason} at byte {error.start}"
        raise ValueError(f"{name} is not text in UTF-8: {reason}") from error
