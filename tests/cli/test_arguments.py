"""What the options of the command line mean."""

from __future__ import annotations

import argparse
import dataclasses
from dataclasses import dataclass
from typing import Literal

from model.cli import build_parser
from model.cli.arguments import Parser, add_fields, given
from model.options import DecodingOptions


def test_every_decoding_option_can_be_given(folder, text_file) -> None:
    """No copy of the list: a new field of the record is an option at once."""
    values = {
        "num_beams": ("4", 4),
        "do_sample": (None, True),
        "names_from_source": (None, True),
        "word_pairs_once": (None, True),
        "early_stopping": ("never", "never"),
        "penalty_alpha": ("0.5", 0.5),
        "forced_prefix": ("We", "We"),
        "bad_words": ("dog", ("dog",)),
    }
    for field in dataclasses.fields(DecodingOptions):
        default = field.default if field.default is not None else 0.5
        word, value = values.get(field.name, (str(default), default))
        option = "--" + field.name.replace("_", "-")
        argv = ["summarize", "--model", str(folder), text_file, option]
        arguments = build_parser().parse_args([*argv, *([] if word is None else [word])])
        assert given(arguments, DecodingOptions) == {field.name: value}


def test_options_left_out_leave_the_record_alone(folder, text_file) -> None:
    arguments = build_parser().parse_args(["summarize", "--model", str(folder), text_file])
    assert given(arguments, DecodingOptions) == {}


def test_every_option_of_every_command_is_explained() -> None:
    parser = build_parser()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    assert set(commands.choices) == {
        "prepare", "train-tokenizer", "train", "evaluate", "deploy", "summarize", "batch",
        "ablate", "calibrate", "robustness", "samples",
    }  # fmt: skip
    for command in commands.choices.values():
        command.format_help()
        for action in command._actions:
            assert action.help, action.option_strings


@dataclass(frozen=True)
class Recipe:
    size: int = 3  # of the bowl, in 50 % steps
    name: str | None = None
    is_hot: bool = True  # or not
    kind: Literal["soup", "stew"] = "soup"
    tags: tuple[str, ...] = ("a", "b")  # words
    weight: float = 1.5


def recipe(*argv: str) -> Recipe:
    parser = Parser()
    add_fields(parser, Recipe, "recipe")
    return Recipe(**given(parser.parse_args(argv), Recipe))


def test_fields_of_every_type_become_options() -> None:
    assert recipe() == Recipe()
    found = recipe(
        "--size", "5", "--name", "x", "--no-is-hot", "--kind", "stew", "--tags", "c", "--tags", "d",
        "--weight", "2",
    )  # fmt: skip
    assert found == Recipe(5, "x", False, "stew", ("c", "d"), 2.0)


def test_the_comment_on_a_field_is_its_help() -> None:
    parser = Parser()
    add_fields(parser, Recipe, "recipe")
    text = " ".join(parser.format_help().split())
    assert "--size N of the bowl, in 50 % steps (default: 3)" in text
    assert "words; may be repeated (default: a b)" in text
