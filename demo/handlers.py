"""From the page's values to the model and back. Every value is hostile until it was checked.

Thin on purpose: options are made in `controls`, drawn values in `views`, figures in `plots`.
A `ValueError` becomes a message here and nowhere else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo import views
from demo.assets import Example
from demo.controls import CONTROL_NAMES, CONTROLS, MAX_LENGTH, STYLE_LENGTHS
from demo.library import Library
from demo.plots import attention_map, empty_figure, word_probabilities
from demo.reading import UNITS, AttentionView, opening_unit
from demo.strategies import PRESETS, availability, preset_values, strategy_row, to_options
from model.trace import Trace

MEAN = "mean"
LENGTHS = ("max_new_tokens", "min_new_tokens")  # options that a model limits
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Handlers:
    """The page's answers to its events, over one library. Holds nothing of any user."""

    library: Library

    def summarize(
        self, text: Any, model: Any, style: Any, strategy: Any, *values: Any
    ) -> Iterator[tuple[Any, ...]]:
        """Updates of (summary, *results): text while it grows, then everything drawn at once."""
        try:
            options = to_options(strategy, values)
            summarizer = self.library.get(_name(model))
            yield _growing("")
            for update in summarizer.stream(text, options, _style(style, summarizer.styles)):
                yield drawn(update.trace) if update.trace else _growing(update.text)
        except ValueError as error:
            gr.Warning(str(error), title="Not summarised")
            yield failed(str(error))
        except Exception:
            # What went wrong is for the log; it could hold paths or other people's text.
            LOG.exception("A summary failed")
            gr.Warning(UNEXPECTED, title="Not summarised")
            yield failed(UNEXPECTED)

    def look(self, trace: Any, unit: Any, layer: Any, head: Any) -> tuple[Any, ...]:
        """(source, attention map) again, for another unit, layer or head. Runs no model."""
        if not isinstance(trace, Trace):
            return gr.skip(), gr.skip()
        try:
            view = attention_view(trace, unit, layer, head)
            return views.source_panel(trace, view=view), attention_map(trace, view=view)
        except ValueError as error:
            gr.Warning(str(error), title="Not drawn")
            return gr.skip(), gr.skip()

    def model_chosen(self, model: Any, *lengths: Any) -> tuple[Any, ...]:
        """(style, *LENGTHS) for a model that was just chosen; this opens it."""
        try:
            summarizer = self.library.get(_name(model))
        except ValueError as error:
            gr.Warning(str(error), title="The model can't be opened")
            return (gr.skip(),) * (1 + len(lengths))
        limit = summarizer.config.max_target_tokens
        return (style_choice(summarizer.styles), *(_length(limit, value) for value in lengths))

    def style_chosen(self, style: Any, model: Any) -> Any:
        """The longest length for a style that was just chosen; others leave it as it is."""
        wanted = STYLE_LENGTHS.get(style) if isinstance(style, str) else None
        if wanted is None:
            return gr.skip()
        try:
            return min(wanted, self.library.get(_name(model)).config.max_target_tokens)
        except ValueError:  # the model can't be opened; summarising will say so
            return gr.skip()

    def sample_chosen(self, example: Example, model: Any) -> tuple[Any, ...]:
        """(text, style, tabs) of an example; a model without its style keeps the one it has."""
        try:
            styles = self.library.get(_name(model)).styles
        except ValueError:
            styles = ()
        style = gr.update(value=example.style) if example.style in styles else gr.skip()
        return example.text, style, gr.update(selected="write")


UNEXPECTED = "The summary failed. Your text is still there; the server's log says what happened."


def drawn(trace: Trace) -> tuple[Any, ...]:
    """Everything that shows a finished run: (summary, *results) in the page's order."""
    unit = opening_unit(trace)
    view = AttentionView(unit)
    layers, heads = trace.attention_shape or (0, 0)
    return (
        views.finished_summary(trace),
        views.source_panel(trace, view=view),
        views.alternatives(trace),
        word_probabilities(trace),
        attention_map(trace, view=view),
        trace,
        gr.update(value=unit),
        _numbered(layers),
        _numbered(heads),
        gr.update(selected="read"),
    )


def failed(message: str) -> tuple[Any, ...]:
    """The message in the summary's place; nothing of an earlier run stays beside it."""
    nothing = empty_figure("Nothing to draw yet.")
    return (
        {"state": "failed", "notice": message},
        {},
        {},
        nothing,
        nothing,
        None,
        gr.skip(),
        gr.skip(),
        gr.skip(),
        gr.update(selected="write"),
    )


RESULTS = 10  # values in an update


def busy() -> tuple[Any, Any]:
    """(summarize, stop) while a run is under way."""
    return gr.update(interactive=False), gr.update(interactive=True)


def ready() -> tuple[Any, Any]:
    """(summarize, stop) when none is."""
    return gr.update(interactive=True), gr.update(interactive=False)


def strategy_chosen(strategy: Any) -> list[Any]:
    """Updates of all controls: those without effect rest and say why."""
    idle, starts = availability(strategy), strategy_row(strategy).starts
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


def preset_chosen(name: Any) -> list[Any]:
    """(strategy, *controls) of a preset."""
    preset = next((preset for preset in PRESETS if preset.name == name), None)
    if preset is None:
        return [gr.skip()] * (len(CONTROLS) + 1)
    updates = strategy_chosen(preset.strategy)
    for control, value in preset_values(preset).items():
        updates[CONTROL_NAMES.index(control)]["value"] = value
    return [preset.strategy, *updates]


def style_choice(styles: Sequence[str], wanted: str | None = None) -> Any:
    """The style radio for a model with these styles."""
    chosen = wanted if wanted in styles else next(iter(styles), None)
    return gr.update(choices=list(styles), value=chosen, visible=bool(styles))


def attention_view(trace: Trace, unit: Any, layer: Any, head: Any) -> AttentionView:
    """The view that three pickers ask for; checked here, since anybody can call."""
    if unit not in UNITS:
        raise ValueError(f"unit must be one of {', '.join(UNITS)}, got {unit!r:.80}")
    layers, heads = trace.attention_shape or (0, 0)
    return AttentionView(unit, _place("layer", layer, layers), _place("head", head, heads))


def _place(name: str, value: Any, count: int) -> int | None:
    """What a picker shows, "mean" or a number from 1, as an index or None."""
    if value in (None, MEAN):
        return None
    if not isinstance(value, str) or not value.isdecimal() or not 1 <= int(value[:9]) <= count:
        raise ValueError(f"{name} must be mean or a number from 1 to {count}, got {value!r:.80}")
    return int(value) - 1


def _numbered(count: int) -> Any:
    choices = [MEAN, *(str(number) for number in range(1, count + 1))]
    return gr.update(choices=choices, value=MEAN, interactive=count > 1)


def _length(limit: int, value: Any) -> Any:
    """A length slider under a model's limit, with the value it had where that still fits."""
    wanted = value if isinstance(value, int | float) else limit
    return gr.update(maximum=min(limit, MAX_LENGTH), value=min(wanted, limit, MAX_LENGTH))


def _growing(text: str) -> tuple[Any, ...]:
    return (views.running_summary(text), *[gr.skip()] * (RESULTS - 1))


def _name(model: Any) -> str | None:
    if model is not None and not isinstance(model, str):
        raise ValueError(f"model must be a name, got {model!r:.80}")
    return model or None


def _style(style: Any, styles: Sequence[str]) -> str | None:
    """The style asked for; a model without styles takes none."""
    if not styles or style in (None, ""):
        return None
    if not isinstance(style, str) or style not in styles:
        raise ValueError(f"style must be one of {', '.join(styles)}, got {style!r:.80}")
    return style
