"""The page: its cards, and which event calls which handler."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from demo import views
from demo.cards import (
    AttentionCard,
    SettingsCard,
    SourceCard,
    SummaryCards,
    attention_card,
    header,
    settings_card,
    source_card,
    summary_cards,
)
from demo.controls import CONTROL_NAMES, MAX_LENGTH
from demo.endpoints import CONCURRENCY, add_endpoints
from demo.handlers import LENGTHS, Handlers, busy, preset_chosen, ready, strategy_chosen
from demo.library import Library

TRACE_SECONDS = 3_600  # an idle session's trace is dropped after this
# A listener of the page is no endpoint for programs; those stand in `endpoints`.
HIDDEN: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
LIGHT: dict[str, Any] = {**HIDDEN, "queue": False}  # answers at once, runs no model
BEGIN = "() => { window.gistscope.begin(); return []; }"
STOP = "() => { window.gistscope.stop(); return []; }"


@dataclass(frozen=True)
class Cards:
    """Everything on the page that events read or change."""

    model: gr.Dropdown
    source: SourceCard
    settings: SettingsCard
    summary: SummaryCards
    attention: AttentionCard
    trace: gr.State

    @property
    def outputs(self) -> list[Any]:
        """What a run changes, in the order of `handlers.drawn`."""
        return [
            self.summary.summary,
            self.source.source,
            self.summary.alternatives,
            self.summary.chart,
            self.attention.attention,
            self.trace,
            self.attention.unit,
            self.attention.layer,
            self.attention.head,
            self.source.tabs,
        ]


def build(library: Library) -> gr.Blocks:
    """The whole page over one library."""
    styles, limit, start = _opening(library)
    with gr.Blocks(title="Gistscope", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        model = header(library.names)
        with gr.Row(elem_classes="gs-columns", equal_height=False):
            with gr.Column(scale=5):
                source = source_card()
                settings = settings_card(styles, limit)
            with gr.Column(scale=7):
                summary = summary_cards(start)
        attention = attention_card()
        trace = gr.State(None, time_to_live=TRACE_SECONDS)
        cards = Cards(model, source, settings, summary, attention, trace)
        add_endpoints(library)  # first: a listener would take the name of its own function
        handlers = Handlers(library)
        _wire_run(handlers, cards)
        _wire_choices(handlers, cards)
    return page


def _wire_run(handlers: Handlers, cards: Cards) -> None:
    source, settings = cards.source, cards.settings
    buttons = [source.summarize, source.stop]
    values = [source.text, cards.model, settings.style, settings.strategy, *settings.controls]
    run = source.summarize.click(busy, None, buttons, js=BEGIN, **LIGHT).then(
        handlers.summarize,
        values,
        cards.outputs,
        concurrency_id=CONCURRENCY,
        **HIDDEN,
    )
    run.then(ready, None, buttons, **LIGHT)
    source.stop.click(ready, None, buttons, js=STOP, cancels=[run], **LIGHT)


def _wire_choices(handlers: Handlers, cards: Cards) -> None:
    source, settings, attention = cards.source, cards.settings, cards.attention
    for button, example in source.samples:
        button.click(
            partial(handlers.sample_chosen, example),
            [cards.model],
            [source.text, settings.style, source.tabs],
            **LIGHT,
        )
    lengths = [settings.controls[CONTROL_NAMES.index(name)] for name in LENGTHS]
    cards.model.input(
        handlers.model_chosen,
        [cards.model, *lengths],
        [settings.style, *lengths],
        concurrency_id=CONCURRENCY,
        **HIDDEN,
    )
    longest = settings.controls[CONTROL_NAMES.index("max_new_tokens")]
    settings.style.change(handlers.style_chosen, [settings.style, cards.model], longest, **LIGHT)
    settings.strategy.input(strategy_chosen, settings.strategy, list(settings.controls), **LIGHT)
    settings.preset.input(
        preset_chosen, settings.preset, [settings.strategy, *settings.controls], **LIGHT
    )
    # Changing anything by hand leaves the preset.
    by_hand = [one.input for one in (settings.strategy, *settings.controls)]
    gr.on(by_hand, None, None, settings.preset, js="() => null", **LIGHT)
    gr.on(
        [attention.unit.input, attention.layer.input, attention.head.input],
        handlers.look,
        [cards.trace, attention.unit, attention.layer, attention.head],
        [source.source, attention.attention],
        **LIGHT,
    )


def _opening(library: Library) -> tuple[tuple[str, ...], int, dict[str, Any]]:
    """(styles, length limit, summary card) of the first model, or the reason there is none."""
    try:
        first = library.get()
    except ValueError as error:
        return (), MAX_LENGTH, {"state": "failed", "notice": str(error)}
    limit = min(first.config.max_target_tokens, MAX_LENGTH)
    return tuple(first.styles), limit, views.empty_summary()
