"""`ablate`, `calibrate` and `robustness`: what a model's figures depend on, a table each."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.cli.arguments import add_fields
from model.cli.evaluation import (
    add_data_options,
    examples_of,
    given_names,
    heading_of,
    write_json,
)
from model.cli.inference import (
    UNRECORDED,
    add_model_options,
    unrecorded_options,
    use_threads,
    within_reach,
)
from model.cli.steps import add_column_options
from model.options import DecodingOptions
from model.style_options import StyledWriter

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint
    from model.training.calibration import Tokens
    from model.training.evaluate import Progress
    from model.training.examples import Examples
    from model.training.forced import Pair
    from model.training.variants import WayFigures


def add_commands(commands: Any) -> None:
    """Add the three commands to the parser's sub-parsers."""
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
    parser = _add_study(
        commands,
        "calibrate",
        "measure whether a token of probability 0.8 is right 8 times in 10",
        "Under teacher forcing; fits one temperature on --fit, and reports the expected "
        "calibration error on --data before and after. Changes no model.",
        decoding=False,
    )
    parser.set_defaults(run=calibrate)
    add_model_options(parser)
    parser.add_argument(
        "--fit", required=True, type=Path, metavar="FILE", help="pairs that the temperature is for"
    )
    parser.add_argument(
        "--figure", type=Path, metavar="FILE", help="write a reliability diagram as SVG"
    )


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
            with _progress(label, len(examples.chosen)) as progress:
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
        with _progress(kind, len(examples.chosen)) as progress:
            rows.append(variants.measure_way(way, examples.chosen, sources, progress))
        _tell(rows[-1])
    heading = heading_of(arguments, examples, options, summarizer.name, summarizer.fingerprint)
    write_json(arguments.json, vars(heading) | {"rows": variants.to_json(rows)})
    print(f"{heading.to_markdown()}\n\n{variants.to_markdown(rows, 'disturbance')}")
    return 0


def calibrate(arguments: argparse.Namespace) -> int:
    """Print the tables of the calibration before and after the temperature."""
    use_threads(arguments)
    from model import checkpoint
    from model.training import calibration
    from model.training.reliability import reliability_svg

    opened = checkpoint.load(arguments.model)
    fitting, examples = examples_of(arguments, arguments.fit), examples_of(arguments)
    fitted = calibration.best_temperature(
        _observed(opened, fitting, calibration.TEMPERATURES, arguments.batch_size)
    )
    observed = _observed(opened, examples, (1.0, fitted), arguments.batch_size)
    before, after = (
        [
            *(calibration.measure(style, [tokens], t) for style, tokens in observed.items()),
            calibration.measure("all tokens", list(observed.values()), t),
        ]
        for t in (1.0, fitted)
    )
    heading = heading_of(arguments, examples, None, opened.name, opened.fingerprint)
    figures = {"before": calibration.to_json(before), "after": calibration.to_json(after)}
    write_json(arguments.json, vars(heading) | {"temperature": fitted} | figures)
    if arguments.figure is not None:
        arguments.figure.write_text(reliability_svg(before[-1], after[-1]), encoding="utf-8")
    told = (
        f"Temperature {fitted:g}, with the least loss on {len(fitting.chosen)} examples of "
        f"{arguments.fit.name}; every style counts the same there."
    )
    print(f"{heading.to_markdown()}\n\n{told}\n\n{calibration.to_markdown(before, after)}")
    return 0


def _add_study(
    commands: Any, name: str, help: str, description: str, decoding: bool = True
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help, description=description)
    add_data_options(parser)
    add_column_options(parser)
    if decoding:
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


def _observed(
    opened: Checkpoint, examples: Examples, temperatures: Sequence[float], batch_size: int
) -> dict[str, Tokens]:
    from model.summarizer import Summarizer
    from model.training.calibration import observe
    from model.training.evaluate import style_for

    writer = Summarizer(opened)
    styles = {example.style: style_for(writer, example.style) for example in examples.chosen}
    total = sum(len(example.references) for example in examples.chosen)
    with _progress("tokens", total) as progress:
        return observe(
            opened,
            {style: _pairs(examples, style, styles[style]) for style in sorted(styles)},
            temperatures,
            batch_size,
            lambda count: progress("tokens", count),
        )


def _pairs(examples: Examples, style: str, asked: str | None) -> list[Pair]:
    from model.training.forced import Pair

    alike = (example for example in examples.chosen if example.style == style)
    return [Pair(e.source, reference, asked) for e in alike for reference in e.references]


def _tell(row: WayFigures) -> None:
    """A long study shows what it has; the table comes at the end."""
    print(f"{row.name}: ROUGE-L {100 * row.mean['rougeL']:.1f}", file=sys.stderr)


@contextmanager
def _progress(what: str, total: int) -> Iterator[Progress]:
    """One bar on a terminal's standard error; none elsewhere."""
    from tqdm import tqdm

    with tqdm(total=total, desc=what, file=sys.stderr, disable=None, leave=False) as bar:
        yield lambda stage, count: bar.update(count)
