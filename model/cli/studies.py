"""`ablate` and `robustness`: what a model's figures depend on, a table each."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
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
from model.cli.measuring import (
    add_data_options,
    examples_of,
    given_names,
    heading_of,
    progress_bar,
    write_json,
)
from model.cli.steps import add_column_options
from model.options import DecodingOptions
from model.style_options import StyledWriter

if TYPE_CHECKING:
    from model.training.variants import WayFigures


def add_commands(commands: Any) -> None:
    """Add both commands to the parser's sub-parsers."""
    parser = _add_study(
        commands,
        "ablate",
        "compare models and decoding options, a row each",
        "Every model with the options as given, then with every value of every --vary, one change "
        "at a time: --vary num_beams=1,2,8 --vary length_penalty=0.5,2",
    )
    parser.set_defaults(run=ablate)
    parser.add_argument(
        "--model", required=True, action="append", metavar="DIR", help="folder; may be repeated"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: torch's)")
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="NAME=VALUE,…",
        help="a decoding option and values of it; may be repeated",
    )
    parser = _add_study(
        commands,
        "robustness",
        "measure a model on disturbed sources",
        "The same examples with typos, without case or punctuation, with sentences shuffled, "
        "doubled, and with a paragraph that doesn't belong there. All of it is seeded.",
    )
    parser.set_defaults(run=robustness)
    add_model_options(parser)


def ablate(arguments: argparse.Namespace) -> int:
    """Print the table of all models and options."""
    base = unrecorded_options(arguments)
    named = given_names(arguments)
    varied = [("as given", base, named), *_varied(base, named, arguments.vary)]
    use_threads(arguments)
    from model.summarizer import Summarizer
    from model.training import variants

    examples = examples_of(arguments)
    rows: list[variants.WayFigures] = []
    fingerprints = []
    for folder in arguments.model:
        summarizer = Summarizer.load(folder)
        fingerprints.append(summarizer.fingerprint)
        for name, options, fixed in varied:
            label = f"{summarizer.name}: {name}" if len(arguments.model) > 1 else name
            fitting = within_reach(options, arguments, summarizer.config)
            writer = StyledWriter(summarizer, fixed)
            way = variants.Way(label, writer, fitting, arguments.batch_size)
            with progress_bar(label, len(examples.chosen)) as progress:
                rows.append(variants.measure_way(way, examples.chosen, progress=progress))
            _tell(rows[-1])
    models = ", ".join(Path(folder).resolve().name for folder in arguments.model)
    heading = heading_of(arguments, examples, base, models, ", ".join(fingerprints))
    write_json(arguments.json, vars(heading) | {"rows": variants.to_json(rows)})
    print(f"{heading.to_markdown()}\n\n{variants.to_markdown(rows, 'variant')}")
    return 0


def robustness(arguments: argparse.Namespace) -> int:
    """Print the table of all disturbances."""
    options = unrecorded_options(arguments)
    use_threads(arguments)
    from model.summarizer import Summarizer
    from model.training import variants
    from model.training.perturbations import PERTURBATIONS, disturbed

    examples = examples_of(arguments)
    summarizer = Summarizer.load(arguments.model)
    options = within_reach(options, arguments, summarizer.config)
    writer = StyledWriter(summarizer, given_names(arguments))
    rows: list[variants.WayFigures] = []
    for kind in ("none", *PERTURBATIONS):
        sources = None
        if kind != "none":
            sources = disturbed(examples.chosen, kind, arguments.sample_seed)
        way = variants.Way(kind, writer, options, arguments.batch_size)
        with progress_bar(kind, len(examples.chosen)) as progress:
            rows.append(variants.measure_way(way, examples.chosen, sources, progress))
        _tell(rows[-1])
    heading = heading_of(arguments, examples, options, summarizer.name, summarizer.fingerprint)
    write_json(arguments.json, vars(heading) | {"rows": variants.to_json(rows)})
    print(f"{heading.to_markdown()}\n\n{variants.to_markdown(rows, 'disturbance')}")
    return 0


def _add_study(commands: Any, name: str, help: str, description: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help, description=description)
    add_data_options(parser)
    add_column_options(parser)
    add_fields(parser, DecodingOptions, "decoding", without=UNRECORDED)
    return parser


def _varied(
    base: DecodingOptions, named: frozenset[str], wanted: Sequence[str]
) -> Iterator[tuple[str, DecodingOptions, frozenset[str]]]:
    """`base` with every value of every `NAME=VALUE,VALUE`, one change at a time.

    With each its label, and the options that no style changes.
    """
    for text in wanted:
        name, equals, values = text.partition("=")
        if not equals or not values:
            raise ValueError(f"--vary needs NAME=VALUE,VALUE, got {text!r:.80}")
        name = name.strip().replace("-", "_")
        for value in values.split(","):
            changed = base.to_dict() | {name: _value_of(value.strip())}
            yield f"{name}={value.strip()}", DecodingOptions.from_dict(changed), named | {name}


def _value_of(text: str) -> Any:
    """A number, true, false or null as JSON spells them; any other word is itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _tell(row: WayFigures) -> None:
    """A long study shows what it has; the table comes at the end."""
    print(f"{row.name}: ROUGE-L {100 * row.mean['rougeL']:.1f}", file=sys.stderr)
