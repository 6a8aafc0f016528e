"""`evaluate`: step 4 of training."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.cli.arguments import add_fields
from model.cli.inference import (
    UNRECORDED,
    add_model_options,
    unrecorded_options,
    use_threads,
    within_reach,
)
from model.cli.steps import add_column_options, columns_of
from model.options import DecodingOptions

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
    sample_seed: int
    options: dict[str, Any]  # those that differ from the defaults

    def to_markdown(self) -> str:
        """The heading of the table."""
        sample = f"all {self.available} examples"
        if self.limit is not None:
            sample = (
                f"{self.examples} of {self.available} examples, at most {self.limit} a set, "
                f"drawn with seed {self.sample_seed}"
            )
        changed = ", ".join(f"{name}={value}" for name, value in self.options.items())
        lines = [
            f"# {self.model} ({self.fingerprint}) on {self.data}",
            f"{sample}; {self.bad_lines} bad lines left out. "
            f"Decoding: {changed or 'the defaults'}.",
        ]
        return "\n\n".join(lines)


def add_commands(commands: Any) -> None:
    """Add the command to the parser's sub-parsers."""
    parser = commands.add_parser(
        "evaluate",
        help="step 4: measure a model against references and baselines",
        description="Prints a Markdown table: loss, perplexity, token accuracy, ROUGE, repetition, "
        "novelty, unsupported names and numbers, length; beside lead-1, lead-3, LexRank and "
        "TextRank; over all, by style and by set. Equal sources are one example with several "
        "references.",
    )
    parser.set_defaults(run=evaluate)
    add_model_options(parser)
    parser.add_argument(
        "--data", required=True, type=Path, metavar="FILE", help="JSONL, CSV or TSV with pairs"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="examples a set (default: all)")
    parser.add_argument(
        "--sample-seed", type=int, default=0, metavar="N", help="of the draw (default: 0)"
    )
    parser.add_argument(
        "--batch-size", type=int, default=16, metavar="N", help="examples at once (default: 16)"
    )
    parser.add_argument("--no-baselines", action="store_true", help="measure the model alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON too")
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
    from model.training import figures
    from model.training.evaluate import evaluate as run
    from model.training.evaluate import tabulate
    from model.training.examples import load_examples

    examples = load_examples(
        arguments.data,
        limit=arguments.limit,
        seed=arguments.sample_seed,
        columns=columns_of(arguments),
    )
    opened = checkpoint.load(arguments.model)
    options = within_reach(options, arguments, opened.config)
    heading = _heading(arguments, examples, options, opened.name, opened.fingerprint)
    with _progress_bars(examples) as progress:
        outcomes = run(opened, Summarizer(opened), examples.chosen, options, settings, progress)
    rows = tabulate(outcomes)
    if arguments.json is not None:
        content = vars(heading) | {"rows": figures.to_json(rows)}
        text = json.dumps(content, indent=1, ensure_ascii=False)
        arguments.json.write_text(text + "\n", encoding="utf-8")
    if arguments.outputs is not None:
        _write_outputs(arguments.outputs, outcomes)
    print(f"{heading.to_markdown()}\n\n{figures.to_markdown(rows)}")
    return 0


def _heading(
    arguments: argparse.Namespace,
    examples: Examples,
    options: DecodingOptions,
    model: str,
    fingerprint: str,
) -> Heading:
    defaults = DecodingOptions().to_dict()
    return Heading(
        model=model,
        fingerprint=fingerprint,
        data=arguments.data.name,
        examples=len(examples.chosen),
        available=examples.available,
        bad_lines=examples.bad_lines,
        limit=arguments.limit,
        sample_seed=arguments.sample_seed,
        options={
            name: value
            for name, value in options.to_dict().items()
            if name not in UNRECORDED and value != defaults[name]
        },
    )


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
def _progress_bars(examples: Examples) -> Iterator[Callable[[str, int], None]]:
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
