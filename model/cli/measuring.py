"""What the commands share that measure a model: its examples, the heading of a table, progress."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.cli.arguments import given
from model.cli.inference import UNRECORDED
from model.cli.steps import columns_of
from model.options import DecodingOptions

if TYPE_CHECKING:
    from model.training.evaluate import Progress
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


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Progress]:
    """One bar on a terminal's standard error; none elsewhere."""
    from tqdm import tqdm

    with tqdm(total=total, desc=what, file=sys.stderr, disable=None, leave=False) as bar:
        yield lambda stage, count: bar.update(count)
