"""The page's named endpoints, for programs: plain values in, summary and trace as JSON text out.

Everything but the text has a default. Every value is hostile until it was checked.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import gradio as gr

from demo.library import Library
from demo.settings.controls import MAX_BEAMS
from demo.settings.strategies import page_limits
from model.options import DecodingOptions

CONCURRENCY = "model"  # all that runs a model waits in one line
GREEDY: dict[str, Any] = {"num_beams": 1}  # what /compare sets against the defaults


def add_endpoints(library: Library) -> None:
    """Register /summarize, /score and /compare in the Blocks under construction."""
    for function in (
        summarize_endpoint(library),
        score_endpoint(library),
        compare_endpoint(library),
    ):
        gr.api(
            function,
            api_name=function.__name__,
            api_description=inspect.getdoc(function),
            concurrency_id=CONCURRENCY,
        )


def summarize_endpoint(library: Library) -> Callable[..., tuple[str, str]]:
    """`summarize(text, model, style, <every option by name>)`."""

    def summarize(text: Any, model: Any, style: Any, *values: Any) -> tuple[str, str]:
        """Summarise a text; an option that is left out is as the model's own default has it.

        Returns the summary, and its trace as JSON text.
        """
        names = [field.name for field in dataclasses.fields(DecodingOptions)]
        given = {n: value for n, value in zip(names, values, strict=True) if value is not None}
        return _run(library, text, model, style, given)

    parameters = [
        inspect.Parameter("text", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=str),
        _parameter("model", str, ""),
        _parameter("style", str, ""),
        *(_option(field) for field in dataclasses.fields(DecodingOptions)),
    ]
    # Gradio reads names, types and defaults from the signature; the fields are listed once, in
    # `DecodingOptions`.
    returned = tuple[str, str]
    vars(summarize)["__signature__"] = inspect.Signature(parameters, return_annotation=returned)
    summarize.__annotations__ = {one.name: one.annotation for one in parameters}
    summarize.__annotations__["return"] = returned
    return summarize


def score_endpoint(library: Library) -> Callable[..., str]:
    """`score(text, reference, model, style)`."""

    def score(text: str, reference: str, model: str = "", style: str = "") -> str:
        """How probable the model finds a given summary. Returns its trace as JSON text."""
        with _Faults():
            return (
                library.get(_text("model", model))
                .score(text, reference, style=_text("style", style))
                .to_json()
            )

    return score


def compare_endpoint(library: Library) -> Callable[..., tuple[str, str, str, str]]:
    """`compare(text, model, style, options, other_model, other_options)`."""

    def compare(
        text: str,
        model: str = "",
        style: str = "",
        options: dict | None = None,
        other_model: str = "",
        other_options: dict | None = None,
    ) -> tuple[str, str, str, str]:
        """The same text twice, by default as the model writes and greedily.

        Returns summary, trace, other summary, other trace.
        """
        first = _run(library, text, model, style, {} if options is None else options)
        other = GREEDY if other_options is None else other_options
        second = _run(library, text, other_model or model, style, other)
        return (*first, *second)

    return compare


def _run(library: Library, text: Any, model: Any, style: Any, options: Any) -> tuple[str, str]:
    with _Faults():
        if not isinstance(options, dict):
            raise ValueError(f"options must be an object of names and values, got {options!r:.80}")
        summarizer, style = library.get(_text("model", model)), _text("style", style)
        own = summarizer.defaults(style).to_dict()
        own["num_beams"] = min(own["num_beams"], MAX_BEAMS)
        chosen = page_limits(DecodingOptions.from_dict(own | options))
        result = summarizer.summarize(text, chosen, style=style)
        return result.text, result.trace.to_json()


class _Faults:
    """Turns a `ValueError` into the one kind of error whose message Gradio hands to a client."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Any
    ) -> None:
        if isinstance(error, ValueError):
            raise gr.Error(str(error), print_exception=False) from error


def _text(name: str, value: Any) -> str | None:
    """A name that may be left out; empty is left out."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(f"{name} must be text, got {value!r:.80}")
    return value


def _parameter(name: str, kind: Any, default: Any) -> inspect.Parameter:
    place = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(name, place, default=default, annotation=kind)


def _option(field: dataclasses.Field[Any]) -> inspect.Parameter:
    """A field as a parameter of JSON types; None leaves it to the model."""
    kinds: dict[str, Any] = {"int": int, "float": float, "bool": bool, "str": str}
    listed = isinstance(field.default, tuple)
    return _parameter(field.name, list[str] if listed else kinds.get(str(field.type), Any), None)
