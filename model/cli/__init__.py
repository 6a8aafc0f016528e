"""The command line. Commands import what they need when they run, so that --help is quick.

Every fault is one line, `error: …`, on standard error. Exit code 2 means that the command could
not do its work, 1 that it did and some lines failed, 130 that it was interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from model.cli import calibration, evaluation, inference, samples, steps, studies
from model.cli.arguments import Parser

TRAINING_PACKAGES = ("rouge_score", "sumy", "nltk", "tqdm")


def build_parser() -> Parser:
    """The parser of all commands; each command's function is its `run`."""
    parser = Parser(
        prog="python -m model",
        description="Summarise text with the models trained here, and train your own.",
    )
    parser.add_argument("--debug", action="store_true", help="show where in the code a fault arose")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    inference.add_commands(commands)
    steps.add_commands(commands)
    evaluation.add_commands(commands)
    studies.add_commands(commands)
    calibration.add_commands(commands)
    samples.add_commands(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # whatever the locale says: what is read is UTF-8 too
            stream.reconfigure(encoding="utf-8", errors="replace")
    arguments = build_parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output left; there is nobody to tell
        sys.stderr.close()
        return 1
    except (ValueError, OSError, ImportError) as error:
        if arguments.debug:
            raise
        print(f"error: {_explained(error)}", file=sys.stderr)
        return 2
    return code


def _explained(error: Exception) -> str:
    if isinstance(error, ImportError) and error.name in TRAINING_PACKAGES:
        return f"this command needs {error.name}: pip install 'gistscope[training]'"
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__
