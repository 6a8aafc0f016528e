"""`samples`: what models make of a folder of texts, unselected, for a card."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from model.cli.arguments import add_fields
from model.cli.inference import UNRECORDED, unrecorded_options, use_threads
from model.cli.measuring import given_names
from model.options import DecodingOptions
from model.style_options import styled

TEXTS = Path("assets/texts")


def add_commands(commands: Any) -> None:
    """Add the command to the parser's sub-parsers."""
    parser = commands.add_parser(
        "samples",
        help="print the summaries of a folder of texts as a Markdown table",
        description="Every .txt in the styles that its first line names, by every model; with "
        "names and numbers that the text lacks, repeated words, and summaries cut at the limit.",
    )
    parser.set_defaults(run=samples)
    parser.add_argument(
        "--model", required=True, action="append", metavar="DIR", help="folder; may be repeated"
    )
    parser.add_argument(
        "--texts", type=Path, default=TEXTS, metavar="DIR", help=f"folder (default: {TEXTS})"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: torch's)")
    add_fields(parser, DecodingOptions, "decoding", without=UNRECORDED)


def samples(arguments: argparse.Namespace) -> int:
    """Print the table."""
    options = unrecorded_options(arguments)
    use_threads(arguments)
    from model.summarizer import Summarizer
    from model.training.samples import read_texts, to_markdown, write_samples

    texts = read_texts(arguments.texts)
    summarizers = [Summarizer.load(folder) for folder in arguments.model]
    fixed = given_names(arguments)
    found = write_samples(summarizers, texts, lambda style: styled(options, style, fixed))
    print(to_markdown(found))
    return 0
