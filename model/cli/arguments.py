"""Command-line options made from the fields of a frozen record, so that no list is kept twice.

A field's help is the comment that explains it in the record's source.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

Record = TypeVar("Record")

# `name: type = default  # what it means`
EXPLAINED = re.compile(r"^    (\w+): .*?  # (.+)$", re.MULTILINE)


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Leave with the message."""
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def add_fields(
    parser: argparse.ArgumentParser,
    record: type,
    title: str,
    *,
    without: Sequence[str] = (),
    called: Callable[[str], str] = str,
    explained: Mapping[str, str] | None = None,
) -> None:
    """One option per field; an option that isn't given leaves the record's default alone.

    `called` gives a field another name on the command line, `explained` another explanation.
    """
    group = parser.add_argument_group(title)
    explained = explanations(record) | dict(explained or {})
    hints = typing.get_type_hints(record)
    for field in dataclasses.fields(record):
        if field.name in without:
            continue
        option = called(field.name)
        settings = _settings_for(hints[field.name])
        help = explained.get(field.name, option.replace("_", " "))
        if settings.get("action") == "append":
            help += "; may be repeated"
        group.add_argument(
            "--" + option.replace("_", "-"),
            dest=_destination(record, field.name),
            default=argparse.SUPPRESS,
            help=f"{help} (default: {_shown(field.default)})".replace("%", "%%"),
            **settings,
        )


def given(arguments: argparse.Namespace, record: type) -> dict[str, Any]:
    """The fields of `record` that the command line named, by field name."""
    values = vars(arguments)
    names = [field.name for field in dataclasses.fields(record)]
    named = {name: values.get(_destination(record, name)) for name in names}
    # A repeated option is collected in a list; a record's field is a tuple.
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in named.items()
        if value is not None
    }


@functools.cache
def explanations(record: type) -> dict[str, str]:
    """The comment behind every field of a record; empty where the source is not at hand."""
    try:
        source = inspect.getsource(record)
    except OSError:
        return {}
    return dict(EXPLAINED.findall(source))


def _destination(record: type, name: str) -> str:
    # Two records may have a field of one name, `seed` for one.
    return f"{record.__name__}.{name}"


def _shown(default: object) -> str:
    if default is None or default == "" or default == ():
        return "none"
    if isinstance(default, tuple):
        return " ".join(map(str, default))
    return str(default).lower() if isinstance(default, bool) else str(default)


def _settings_for(hint: Any) -> dict[str, Any]:
    """What argparse needs for a field of this type."""
    kinds = [kind for kind in _alternatives(hint) if kind is not type(None)]
    if kinds == [bool]:
        return {"action": argparse.BooleanOptionalAction}
    if len(kinds) == 1 and typing.get_origin(kinds[0]) is tuple:
        return {"action": "append", **_settings_for(typing.get_args(kinds[0])[0])}
    if any(kind is bool or typing.get_origin(kind) is typing.Literal for kind in kinds):
        words = _words(kinds)
        return {"type": _word_to_value(words), "metavar": "{" + ",".join(words) + "}"}
    kind = kinds[0]
    if kind not in (int, float, str, Path):
        raise TypeError(f"no command-line option is known for the type {hint}")
    return {"type": kind, "metavar": {int: "N", float: "X", str: "TEXT", Path: "PATH"}[kind]}


def _alternatives(hint: Any) -> tuple[Any, ...]:
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if is_union else (hint,)


def _words(kinds: Sequence[Any]) -> dict[str, Any]:
    """Words of the command line and the values they stand for."""
    words: dict[str, Any] = {}
    for kind in kinds:
        values = (True, False) if kind is bool else typing.get_args(kind)
        words |= {str(value).lower(): value for value in values}
    return words


def _word_to_value(words: dict[str, Any]) -> Callable[[str], Any]:
    def convert(word: str) -> Any:
        if word.lower() not in words:
            raise argparse.ArgumentTypeError(f"must be one of {', '.join(words)}, got {word!r:.80}")
        return words[word.lower()]

    return convert
