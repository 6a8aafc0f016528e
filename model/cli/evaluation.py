"""`evaluate`: step 4 of training."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.cli.arguments import add_fields
from model.cli.inference import (
    UNRECORDED,
    add_model_options,
    add_precision_option,
    unrecorded_options,
    use_threads,
    within_reach,
)
from model.cli.measuring import (
    add_data_options,
    examples_of,
    given_names,
    heading_of,
    write_json,
)
from model.cli.steps import add_column_options
from model.options import DecodingOptions
from model.style_options import StyledWriter

if TYPE_CHECKING:
    from model.training.evaluate import Outcome
    from model.training.examples import Examples


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


def evaluate(arguments: argparse.Namespace) -> int:
    """Print the table, and write the files that were asked for."""
    from model.training.evaluate import EvaluationSettings

    options = unrecorded_options(arguments)
    settings = EvaluationSettings(
        batch_size=arguments.batch_size, baselines=not arguments.no_baselines
    )
    use_threads(arguments)
    from model import checkpoint
    from model.summarizer import Summarizer
    from model.training import figures, leads
    from model.training.evaluate import evaluate as run
    from model.training.evaluate import tabulate
    from model.weights.precision import check_precision, use_precision

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
