"""`evaluate`: step 4 of training; and what it shares with the studies of a model."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.cli.arguments import add_fields, given
from model.cli.inference import (
    UNRECORDED,
    add_model_options,
    add_precision_option,
    unrecorded_options,
    use_threads,
    within_reach,
)
from model.cli.steps import add_column_options, columns_of
from model.options import DecodingOptions
from model.style_options import StyledWriter

if TYPE_CHECKING:
    from model.training.evaluate import Outcome
    from model.training.examples import Examples


@dataclass(frozen=True)
class Heading:
    """What a table of figures is about, so that it can be made again."""

    model: str
    fingerprint: str
    data: str
    examples: int
    available: int
    bad_lines: int
    limit: int | None
    only: tuple[str, ...]
    sample_seed: int
    options: dict[str, Any] | None  # those that differ from the defaults; None: nothing is decoded

    def to_markdown(self) -> str:
        """The heading of the table."""
        sample = f"all {self.available} examples"
        if self.limit is not None:
            sample = (
                f"{self.examples} of {self.available} examples, at most {self.limit} a set, "
                f"drawn with seed {self.sample_seed}"
            )
        if self.only:
            sample += f"; {', '.join(self.only)} only"
        told = f"{sample}; {self.bad_lines} bad lines left out."
        if self.options is not None:
            changed = ", ".join(f"{name}={value}" for name, value in self.options.items())
            told += f" Decoding: {changed or 'the defaults of the styles'}."
        return f"# {self.model} ({self.fingerprint}) on {self.data}\n\n{told}"


def add_commands(commands: Any) -> None:
    """Add the command to the parser's sub-parsers."""
    parser = commands.add_parser(
        "evaluate",
        help="step 4: measure a model against references and baselines",
        description="Prints Markdown tables: how far the model is ahead of the best baseline, and "
        "its loss, perplexity, token accuracy, ROUGE, repetition, novelty, unsupported names and "
        "numbers, and length, beside lead-1, lead-3, LexRank and TextRank; over all, by style and "
        "by set. Equal sources are one example with several references.",
    )
    parser.set_defaults(run=evaluate)
    add_model_options(parser)
    add_precision_option(parser, "fp32")
    add_data_options(parser)
    parser.add_argument("--no-baselines", action="store_true", help="measure the model alone")
    parser.add_argument(
        "--outputs", type=Path, metavar="FILE", help="write all texts and their figures as JSONL"
    )
    add_column_options(parser)
    add_fields(parser, DecodingOptions, "decoding", without=UNRECORDED)


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """What every command that measures takes: the examples, and where the figures go."""
    parser.add_argument(
        "--data", required=True, type=Path, metavar="FILE", help="JSONL, CSV or TSV with pairs"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="examples a set (default: all)")
    parser.add_argument(
        "--sample-seed", type=int, default=0, metavar="N", help="of the draw (default: 0)"
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="a style or set; leave out all others; may be repeated",
    )
    parser.add_argument(
        "--batch-size", type=int, default=16, metavar="N", help="examples at once (default: 16)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON too")


def examples_of(arguments: argparse.Namespace, data: Path | None = None) -> Examples:
    """The examples that the command line asks for."""
    from model.training.examples import load_examples

    return load_examples(
        data or arguments.data,
        limit=arguments.limit,
        seed=arguments.sample_seed,
        columns=columns_of(arguments),
        only=arguments.only or (),
    )


def given_names(arguments: argparse.Namespace) -> frozenset[str]:
    """The decoding options that the command line named."""
    return frozenset(given(arguments, DecodingOptions))


def write_json(path: Path | None, content: Mapping[str, Any]) -> None:
    """Write figures where the command line asked for them."""
    if path is not None:
        text = json.dumps(content, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")


def evaluate(arguments: argparse.Namespace) -> int:
    """Print the table, and write the files that were asked for."""
    from model.training.evaluate import EvaluationSettings

    options = unrecorded_options(arguments)
    settings = EvaluationSettings(
        batch_size=arguments.batch_size, baselines=not arguments.no_baselines
    )
    use_threads(arguments)
    from model import checkpoint
    from model.precision import check_precision, use_precision
    from model.summarizer import Summarizer
    from model.training import figures, leads
    from model.training.evaluate import evaluate as run
    from model.training.evaluate import tabulate

    check_precision(arguments.precision)
    examples = examples_of(arguments)
    opened = checkpoint.load(arguments.model)
    precision = use_precision(opened.model, arguments.precision)
    options = within_reach(options, arguments, opened.config)
    writer = StyledWriter(Summarizer(opened, precision), given_names(arguments))
    name = opened.name if precision == "fp32" else f"{opened.name} in {precision}"
    heading = heading_of(arguments, examples, options, name, opened.fingerprint)
    with progress_bars(examples) as progress:
        outcomes = run(opened, writer, examples.chosen, options, settings, progress)
    rows = tabulate(outcomes)
    ahead = leads.leads(outcomes)
    content = {"rows": figures.to_json(rows), "leads": leads.to_json(ahead)}
    write_json(arguments.json, vars(heading) | content)
    if arguments.outputs is not None:
        _write_outputs(arguments.outputs, outcomes)
    blocks = [heading.to_markdown(), figures.to_markdown(rows)]
    if ahead:
        blocks.insert(1, leads.to_markdown(ahead))
    print("\n\n".join(blocks))
    return 0


def heading_of(
    arguments: argparse.Namespace,
    examples: Examples,
    options: DecodingOptions | None,
    model: str,
    fingerprint: str,
) -> Heading:
    """The heading of a table over `examples`."""
    return Heading(
        model=model,
        fingerprint=fingerprint,
        data=arguments.data.name,
        examples=len(examples.chosen),
        available=examples.available,
        bad_lines=examples.bad_lines,
        limit=arguments.limit,
        only=tuple(arguments.only or ()),
        sample_seed=arguments.sample_seed,
        options=None if options is None else _changed(options),
    )


def _changed(options: DecodingOptions) -> dict[str, Any]:
    defaults = DecodingOptions().to_dict()
    return {
        name: value
        for name, value in options.to_dict().items()
        if name not in UNRECORDED and value != defaults[name]
    }


def _write_outputs(path: Path, outcomes: Sequence[Outcome]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for outcome in outcomes:
            example = outcome.example
            record = {
                "set": example.set,
                "style": example.style,
                "source": example.source,
                "references": example.references,
                "texts": outcome.texts,
                "figures": outcome.figures,
            }
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


@contextmanager
def progress_bars(examples: Examples) -> Iterator[Callable[[str, int], None]]:
    """One bar per stage on a terminal's standard error; none elsewhere."""
    from tqdm import tqdm

    from model.training.evaluate import STAGES

    totals = dict.fromkeys(STAGES, len(examples.chosen))
    totals["loss"] = sum(len(example.references) for example in examples.chosen)
    with ExitStack() as stack:
        bars = {
            stage: stack.enter_context(
                tqdm(total=total, desc=stage, file=sys.stderr, disable=None, leave=False)
            )
            for stage, total in totals.items()
        }

        def advance(stage: str, count: int) -> None:
            bars[stage].update(count)

        yield advance
