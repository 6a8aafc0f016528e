"""`calibrate`: whether a model's probabilities mean what they say."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.cli.inference import add_model_options, use_threads
from model.cli.measuring import (
    add_data_options,
    examples_of,
    heading_of,
    progress_bar,
    write_json,
)
from model.cli.steps import add_column_options

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint
    from model.training.calibration import Tokens
    from model.training.examples import Examples
    from model.training.forced import Pair


def add_commands(commands: Any) -> None:
    """Add the command to the parser's sub-parsers."""
    parser = commands.add_parser(
        "calibrate",
        help="measure whether a token of probability 0.8 is right 8 times in 10",
        description="Under teacher forcing; fits one temperature on --fit, and reports the "
        "expected calibration error on --data before and after. Changes no model.",
    )
    parser.set_defaults(run=calibrate)
    add_data_options(parser)
    add_column_options(parser)
    add_model_options(parser)
    parser.add_argument(
        "--fit", required=True, type=Path, metavar="FILE", help="pairs that the temperature is for"
    )
    parser.add_argument(
        "--figure", type=Path, metavar="FILE", help="write a reliability diagram as SVG"
    )


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


def _observed(
    opened: Checkpoint, examples: Examples, temperatures: Sequence[float], batch_size: int
) -> dict[str, Tokens]:
    from model.summarizer import Summarizer
    from model.training.calibration import observe
    from model.training.evaluate import style_for

    writer = Summarizer(opened)
    styles = {example.style: style_for(writer, example.style) for example in examples.chosen}
    total = sum(len(example.references) for example in examples.chosen)
    with progress_bar("tokens", total) as progress:
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
