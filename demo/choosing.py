"""What follows from a choice of model, style, strategy, preset or example. Runs no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.asked import name_of
from demo.assets import Example
from demo.controls import CONTROL_NAMES, CONTROLS, MAX_LENGTH, STYLED, style_values
from demo.library import Library
from demo.strategies import DEFAULT_PRESET, PRESETS, availability, preset_values, strategy_row


@dataclass(frozen=True)
class Choices:
    """Updates of controls, over one library."""

    library: Library

    def model(self, model: Any, *lengths: Any) -> tuple[Any, ...]:
        """(style, *LENGTHS) for a model that was just chosen; this opens it."""
        try:
            summarizer = self.library.get(name_of(model))
        except ValueError as error:
            gr.Warning(str(error), title="The model can't be opened")
            return (gr.skip(),) * (1 + len(lengths))
        limit = summarizer.config.max_target_tokens
        return (style_choice(summarizer.styles), *(_length(limit, value) for value in lengths))

    def style(self, style: Any, model: Any) -> tuple[Any, ...]:
        """Values of `STYLED` for a style that was just chosen; others leave them as they are."""
        try:
            limit = self.library.get(name_of(model)).config.max_target_tokens
        except ValueError:  # the model can't be opened; summarising will say so
            limit = MAX_LENGTH
        values = style_values(style, limit)
        return tuple(values.get(name, gr.skip()) for name in STYLED)

    def example(self, example: Example, model: Any) -> tuple[Any, ...]:
        """(text, style, tabs) of an example; a model without its style keeps the one it has."""
        try:
            styles = self.library.get(name_of(model)).styles
        except ValueError:
            styles = ()
        style = gr.update(value=example.style) if example.style in styles else gr.skip()
        return example.text, style, gr.update(selected="write")

    def reset(self, style: Any, model: Any) -> list[Any]:
        """(preset, strategy, *controls) as a new visitor finds them."""
        strategy, *updates = preset(DEFAULT_PRESET)
        for control, update in zip(CONTROLS, updates, strict=True):
            update["value"] = control.start
        for name, value in zip(STYLED, self.style(style, model), strict=True):
            updates[CONTROL_NAMES.index(name)]["value"] = value
        return [DEFAULT_PRESET, strategy, *updates]


def strategy(name: Any) -> list[Any]:
    """Updates of all controls: those without effect rest and say why."""
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
    """(strategy, *controls) of a preset."""
    row = next((row for row in PRESETS if row.name == name), None)
    if row is None:
        return [gr.skip()] * (len(CONTROLS) + 1)
    updates = strategy(row.strategy)
    for control, value in preset_values(row).items():
        updates[CONTROL_NAMES.index(control)]["value"] = value
    return [row.strategy, *updates]


def style_choice(styles: Sequence[str], wanted: str | None = None) -> Any:
    """The style radio for a model with these styles."""
    chosen = wanted if wanted in styles else next(iter(styles), None)
    return gr.update(choices=list(styles), value=chosen, visible=bool(styles))


def _length(limit: int, value: Any) -> Any:
    """A length slider under a model's limit, with the value it had where that still fits."""
    wanted = value if isinstance(value, int | float) else limit
    return gr.update(maximum=min(limit, MAX_LENGTH), value=min(wanted, limit, MAX_LENGTH))
