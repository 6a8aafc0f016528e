"""What follows from a choice of model, style, strategy, preset or example. Runs no model.

A model says itself how it writes unless asked otherwise; one made elsewhere brings that along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.about import about
from demo.asked import name_of
from demo.assets import Example
from demo.library import Library
from demo.settings.controls import CONTROL_NAMES, CONTROLS, LENGTHS, MAX_LENGTH, STYLED
from demo.settings.strategies import (
    DEFAULT_PRESET,
    PRESETS,
    STRATEGY_NAMES,
    availability,
    preset_values,
    strategy_row,
    to_options,
    values_of,
)
from demo.telling import noted
from model.options import DecodingOptions
from model.summarizer import Summarizer


@dataclass(frozen=True)
class Choices:
    """Updates of controls, over one library."""

    library: Library

    def model(self, model: Any) -> list[Any]:
        """(style, about, preset, strategy, *controls) of a model that was just chosen; opens it."""
        try:
            summarizer = self.library.get(name_of(model))
        except ValueError as error:
            noted(error)
            gr.Warning(str(error), title="The model can't be opened")
            return [gr.skip()] * (4 + len(CONTROLS))
        start = opening(summarizer)
        for control, update in zip(CONTROLS, start[2:], strict=True):
            if control.name in LENGTHS:
                update["maximum"] = longest(summarizer)
        return [style_choice(summarizer.styles), about(summarizer), *start]

    def style(self, style: Any, model: Any) -> tuple[Any, ...]:
        """Values of `STYLED` for a style that was just chosen; others leave them as they are."""
        try:
            summarizer = self.library.get(name_of(model))
        except ValueError:  # the model can't be opened; summarising will say so
            return (gr.skip(),) * len(STYLED)
        if style not in summarizer.styles:
            return (gr.skip(),) * len(STYLED)
        values = values_of(summarizer.defaults(style), longest(summarizer))
        return tuple(values[name] for name in STYLED)

    def example(self, example: Example, model: Any) -> tuple[Any, ...]:
        """(text, style, tabs, *STYLED) of an example; without its style the model keeps its own."""
        styled = self.style(example.style, model)
        fits = styled[0] != gr.skip()
        style = gr.update(value=example.style) if fits else gr.skip()
        return example.text, style, gr.update(selected="write"), *styled

    def preset(self, name: Any, style: Any, model: Any) -> list[Any]:
        """(strategy, *controls) of a preset; the default one is what the model brings."""
        if name == DEFAULT_PRESET:
            return self.reset(style, model)[1:]
        return preset(name)

    def reset(self, style: Any, model: Any) -> list[Any]:
        """(preset, strategy, *controls) as a new visitor finds them."""
        try:
            return opening(self.library.get(name_of(model)), style)
        except ValueError:
            return [gr.skip()] * (2 + len(CONTROLS))


def opening(summarizer: Summarizer, style: Any = None) -> list[Any]:
    """(preset, strategy, *controls) as the model writes unless asked otherwise."""
    options = summarizer.defaults(style if style in summarizer.styles else None)
    values = values_of(options, longest(summarizer))
    updates = strategy(options.strategy)
    for control, update in zip(CONTROLS, updates, strict=True):
        update["value"] = values[control.name]
    return [DEFAULT_PRESET, options.strategy, *updates]


def longest(summarizer: Summarizer) -> int:
    """The longest summary that the page lets this model write, in tokens."""
    return min(summarizer.config.max_target_tokens, MAX_LENGTH)


def strategy(name: Any) -> list[Any]:
    """Updates of all controls: those without effect rest and say why; none for no strategy."""
    if name not in STRATEGY_NAMES:  # nothing is chosen, or a stranger calls
        return [gr.skip()] * len(CONTROLS)
    idle, starts = availability(name), strategy_row(name).starts
    updates = []
    for control in CONTROLS:
        update: dict[str, Any] = {
            "interactive": control.name not in idle,
            "info": idle.get(control.name, control.help),
        }
        if control.name in starts:
            update["value"] = starts[control.name]
        updates.append(gr.update(**update))
    return updates


def preset(name: Any) -> list[Any]:
    """(strategy, *controls) of a preset that is the same for every model."""
    row = next((row for row in PRESETS if row.name == name), None)
    if row is None:
        return [gr.skip()] * (len(CONTROLS) + 1)
    updates = strategy(row.strategy)
    for control, value in preset_values(row).items():
        updates[CONTROL_NAMES.index(control)]["value"] = value
    return [row.strategy, *updates]


def preset_options(name: Any, style: str | None, summarizer: Summarizer) -> DecodingOptions:
    """A preset's options with what suits model and style, in lengths that the model allows."""
    chosen = next((one for one in PRESETS if one.name == name), None)
    if chosen is None:
        known = ", ".join(one.name for one in PRESETS)
        raise ValueError(f"preset must be one of {known}, got {name!r:.80}")
    limit, defaults = longest(summarizer), summarizer.defaults(style)
    own = values_of(defaults, limit)
    if name == DEFAULT_PRESET:
        return to_options(defaults.strategy, list(own.values()))
    values = {control.name: control.start for control in CONTROLS}
    values |= {option: own[option] for option in STYLED} | preset_values(chosen)
    values |= {option: min(values[option], limit) for option in LENGTHS}
    return to_options(chosen.strategy, list(values.values()))


def style_choice(styles: Sequence[str], wanted: str | None = None) -> Any:
    """The style radio for a model with these styles."""
    chosen = wanted if wanted in styles else next(iter(styles), None)
    return gr.update(choices=list(styles), value=chosen, visible=bool(styles))
