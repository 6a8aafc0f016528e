"""The steps of training but evaluation: `prepare`, `train-tokenizer`, `train`, `deploy`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from model.cli.arguments import add_fields, given
from model.cli.explanations import PSEUDO_PAIRS, WORDING
from model.training.prepare import Shares
from model.training.pseudo import PseudoPairs
from model.training.rows import Columns
from model.training.wording import Wording


def add_commands(commands: Any) -> None:
    """Add the four commands to the parser's sub-parsers, in the order of their use."""
    _add_prepare(commands)
    _add_train_tokenizer(commands)
    _add_train(commands)
    _add_deploy(commands)


def add_column_options(parser: argparse.ArgumentParser) -> None:
    """What the columns (or JSON keys) of the data are called."""
    parts = ("source", "target", "style", "set", "licence")
    explained = {part: f"column or JSON key of the {part}" for part in parts} | {
        f"default_{part}": f"{part} of rows without one" for part in parts[2:]
    }
    title = "columns of the data"
    add_fields(parser, Columns, title, called=_column_option, explained=explained)


def columns_of(arguments: argparse.Namespace) -> Columns:
    """The columns that the command line named."""
    return Columns(**given(arguments, Columns))


def _column_option(name: str) -> str:
    return name if name.startswith("default_") else f"{name}_column"


def _add_prepare(commands: Any) -> None:
    parser = commands.add_parser(
        "prepare",
        help="step 1: split pairs into train, valid and test",
        description="Reads JSONL, CSV or TSV (also .gz, .xz, .bz2), drops duplicates and writes "
        "train.jsonl, valid.jsonl and test.jsonl, split by document.",
    )
    parser.set_defaults(run=prepare)
    parser.add_argument("inputs", nargs="+", type=Path, metavar="FILE", help="files with pairs")
    parser.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="folder for the three files"
    )
    add_column_options(parser)
    add_fields(
        parser,
        Shares,
        "held out, of files that are not split already",
        called=lambda name: f"{name}_share",
        explained={"valid": "share of the sources", "test": "share of the sources"},
    )
    add_fields(
        parser, PseudoPairs, "pairs made from text without summaries", explained=PSEUDO_PAIRS
    )
    add_fields(parser, Wording, "pairs to learn from", explained=WORDING)
    parser.add_argument(
        "--noise-share",
        type=float,
        default=0.0,
        metavar="X",
        help="share of training sources to disturb: typos, lost case or punctuation, a paragraph "
        "from elsewhere (default: 0)",
    )


def _add_train_tokenizer(commands: Any) -> None:
    parser = commands.add_parser(
        "train-tokenizer", help="step 2: learn a byte-level BPE from pairs and plain text"
    )
    parser.set_defaults(run=train_tokenizer)
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="FILE", help="training pairs or .txt, never test"
    )
    parser.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="folder for tokenizer.json"
    )
    parser.add_argument(
        "--vocabulary-size", type=int, default=16_000, metavar="N", help="tokens (default: 16000)"
    )
    parser.add_argument(
        "--megabytes", type=int, default=60, metavar="N", help="text to learn from (default: 60)"
    )
    add_column_options(parser)


def _add_train(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="step 3: train a model",
        description="For several processes or GPUs: torchrun --nproc-per-node N -m model train …",
    )
    parser.set_defaults(run=train)
    parser.add_argument(
        "--config", required=True, type=Path, metavar="FILE", help="TOML with [model], [training]"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="LINE",
        dest="changes",
        help='TOML that goes before the file\'s, such as "training.max_steps = 400"; repeatable',
    )
    parser.add_argument(
        "--data", required=True, type=Path, metavar="DIR", help="prepared data and tokenizer.json"
    )
    parser.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="folder of the run"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the run in the folder")
    parser.add_argument(
        "--start-from",
        type=Path,
        metavar="MODEL",
        dest="origin",
        help="model folder whose weights a new run starts from, as far as they fit",
    )
    parser.add_argument(
        "--embeddings", type=Path, metavar="FILE", help="word2vec or GloVe text file to start from"
    )
    parser.add_argument("--no-progress", action="store_true", help="show no progress bar")


def _add_deploy(commands: Any) -> None:
    parser = commands.add_parser(
        "deploy", help="step 5: write a run's best weights as a model folder"
    )
    parser.set_defaults(run=deploy)
    parser.add_argument(
        "--run", required=True, type=Path, metavar="DIR", dest="run_folder", help="folder of a run"
    )
    parser.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="folder for the model"
    )
    parser.add_argument(
        "--dtype",
        choices=("fp32", "bf16", "fp16"),
        default="bf16",
        help="number format of the weights (default: bf16)",
    )
    parser.add_argument("--card", type=Path, metavar="FILE", help="text for card.md")
    parser.add_argument(
        "--origin",
        type=Path,
        metavar="DIR",
        help="model folder that the run started from, to mix its weights with",
    )
    parser.add_argument(
        "--origin-share", type=float, default=0.3, help="how much of it (default: 0.3)"
    )


def prepare(arguments: argparse.Namespace) -> int:
    """Write the three splits and print the counts."""
    from model.training import prepare as step

    counts = step.prepare(
        arguments.inputs,
        arguments.output,
        columns_of(arguments),
        Shares(**given(arguments, Shares)),
        PseudoPairs(**given(arguments, PseudoPairs)),
        arguments.noise_share,
        Wording(**given(arguments, Wording)),
    )
    print(counts.table())
    return 0


def train_tokenizer(arguments: argparse.Namespace) -> int:
    """Write tokenizer.json."""
    from model.training.packing import build_tokenizer

    tokenizer = build_tokenizer(
        arguments.inputs,
        arguments.vocabulary_size,
        arguments.output,
        arguments.megabytes,
        columns_of(arguments),
    )
    print(f"{tokenizer.vocabulary_size} tokens in {arguments.output / 'tokenizer.json'}")
    return 0


def train(arguments: argparse.Namespace) -> int:
    """Train, or go on training; 130 when a signal ended it."""
    from model.training import loop
    from model.training.settings import load_configuration

    outcome = loop.train(
        load_configuration(arguments.config, arguments.changes),
        arguments.data,
        arguments.output,
        resume=arguments.resume,
        origin=arguments.origin,
        embeddings=arguments.embeddings,
        progress=not arguments.no_progress,
    )
    place = outcome.position
    if os.environ.get("RANK", "0") == "0":  # of torchrun's processes, one speaks
        print(
            f"ended at step {place.step} ({outcome.reason}); best loss {place.best_loss:.4f} "
            f"at step {place.best_step}, its weights in {arguments.output / 'best'}",
            file=sys.stderr,
        )
    return 130 if outcome.reason == "signal" else 0


def deploy(arguments: argparse.Namespace) -> int:
    """Write the model folder."""
    from model.training import deploy as step

    card = None if arguments.card is None else arguments.card.read_text(encoding="utf-8")
    step.deploy(
        arguments.run_folder,
        arguments.output,
        arguments.dtype,
        card,
        arguments.origin,
        arguments.origin_share,
    )
    print(f"model folder {arguments.output}")
    return 0
