"""The page: its cards, and which event calls which handler."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from demo import components, halting, handlers
from demo.about import about
from demo.cards import SettingsCard, SourceCard, Start, header, settings_card, source_card
from demo.drawing import Figures, Views, drawn, parted
from demo.endpoints import add_endpoints
from demo.events import HIDDEN, LIGHT, MODEL
from demo.halting import Halt
from demo.handlers import Handlers
from demo.library import Library
from demo.opening import opening_session, show
from demo.privacy import hiding
from demo.results import Inspection, SummaryCards, inspection, summary_cards
from demo.session import Session
from demo.settings import choosing
from demo.settings.choosing import Choices, longest
from demo.settings.controls import CONTROL_NAMES, MAX_LENGTH, STYLED
from demo.tabs.compare import refresh, wire_compare
from demo.tabs.reference import wire_reference
from demo.transfer import files
from demo.transfer.files import Runs
from demo.transfer.links import Links
from demo.values import views
from model.options import DecodingOptions

SESSION_SECONDS = 3_600  # an idle visitor's runs are dropped after this
BEGIN = "() => { window.gistscope.begin(); return []; }"
STOP = "(halt) => { window.gistscope.stop(); return [halt]; }"
RUN_LINK = "() => { document.querySelector('#summarize').click(); return []; }"


@dataclass(frozen=True)
class Cards:
    """Everything on the page that events read or change."""

    model: gr.Dropdown
    source: SourceCard
    settings: SettingsCard
    summary: SummaryCards
    inspection: Inspection
    session: gr.State
    halt: gr.State  # `Halt`: whether the visitor pressed Stop
    waiting: gr.State  # `Views` of a run that has just ended

    @property
    def outputs(self) -> list[Any]:
        """The components of `Views`, in its order."""
        cards = (self.source, self.summary, self.inspection)
        named = {name: part for card in cards for name, part in vars(card).items()}
        return [(named | {"session": self.session})[name] for name in Views._fields]

    @property
    def figures(self) -> list[Any]:
        """The components of `Figures`, in its order."""
        return [vars(self.inspection)[name] for name in Figures._fields]

    @property
    def how(self) -> list[Any]:
        """What decides how a text is summarised: model, style, preset, strategy, controls."""
        chosen = self.settings
        return [self.model, chosen.style, chosen.preset, chosen.strategy, *chosen.controls]


def build(library: Library) -> gr.Blocks:
    """The whole page over one library."""
    start, summary_start = _opening(library)
    with gr.Blocks(title="Gistscope", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        model = header(library.names)
        with gr.Row(elem_classes="gs-columns", equal_height=False):
            with gr.Column(scale=5, elem_classes="gs-left"):
                source = source_card()
                settings = settings_card(start)
            with gr.Column(scale=7):
                summary = summary_cards(summary_start)
        inspected = inspection(library.names, start.styles)
        components.shortcuts()
        # Without a model the summary's card says why; a stored run would hide it.
        opened = Session() if summary_start["state"] == "failed" else opening_session()
        session = gr.State(opened, time_to_live=SESSION_SECONDS)
        halt = gr.State(Halt())
        waiting = gr.State(Views(), time_to_live=SESSION_SECONDS)
        cards = Cards(model, source, settings, summary, inspected, session, halt, waiting)
        add_endpoints(library)  # first: a listener would take the name of its own function
        show(opened, cards.outputs, inspected.tab.value)
        _wire_runs(library, cards)
        _wire_looking(cards)
        _wire_choices(Choices(library), cards)
        _wire_files(library, cards)
    return page


def _wire_runs(library: Library, cards: Cards) -> None:
    """Events that run a model, and the one that stops them."""
    answers, source, alternatives = Handlers(library), cards.source, cards.summary.alternatives
    buttons = [source.summarize, source.stop]
    # Before the runs: the browser takes the listeners of one event in turn.
    for begin in (source.summarize.click, alternatives.continue_here):
        begin(handlers.busy, None, buttons, js=BEGIN, **LIGHT)
    # The comparison writes into a card of its own: what is selected stays.
    cards.inspection.compare.run.click(handlers.busy, None, buttons, **LIGHT)
    under_way = [cards.session, cards.halt]
    values = [*under_way, source.text, *cards.how]
    growing, all_views = [cards.summary.summary, cards.waiting], [*cards.outputs, cards.waiting]
    told = [
        source.summarize.click(parted(answers.summarize), values, growing, **MODEL),
        alternatives.continue_here(parted(answers.continue_here), under_way, growing, **MODEL),
    ]
    others = [
        wire_compare(cards.inspection, cards.session, cards.halt, cards.summary.history, library),
        wire_reference(cards.inspection.reference, cards.session, cards.outputs, library),
    ]
    for run in [*(one.then(drawn, cards.waiting, all_views, **LIGHT) for one in told), *others]:
        _drawing_tab(run.then(handlers.ready, None, buttons, **LIGHT), cards)
    # First what ends a run at its next step; Gradio itself waits for its next update.
    source.stop.click(halting.press, cards.halt, None, js=STOP, **LIGHT)
    source.stop.click(handlers.ready, None, buttons, cancels=[*told, *others], **LIGHT)
    compared = cards.inspection.compare
    source.stop.click(
        refresh,
        cards.session,
        [compared.comparison, compared.left, compared.right],
        **LIGHT,
    )


def _drawing_tab(event: Any, cards: Cards) -> Any:
    """The event, followed by drawing the open tab: which one that is may have changed meanwhile."""
    taken = cards.inspection.takeaway
    values = [cards.session, cards.inspection.tab, taken.mask]
    return event.then(handlers.tab_drawn, values, [*cards.figures, taken.masked], **LIGHT)


def _wire_looking(cards: Cards) -> None:
    """Events that show another run, hypothesis, part or view. None runs a model."""
    summary, looks, session = cards.summary, cards.inspection, cards.session
    for event, handler, values in (
        (summary.history.run_chosen, handlers.run_chosen, [session]),
        (looks.hypotheses.hypothesis_chosen, handlers.hypothesis_chosen, [session]),
        (looks.hypotheses.node_chosen, handlers.node_chosen, [session]),
        (summary.part.input, handlers.part_chosen, [session, summary.part]),
    ):
        _drawing_tab(event(handler, values, cards.outputs, **LIGHT), cards)
    for name, tab in looks.opened.items():
        chosen = tab.select(partial(str, name), None, looks.tab, **LIGHT)
        _drawing_tab(chosen, cards)
    summary.selection.word_chosen(handlers.word_shown, [session], looks.distribution, **LIGHT)
    pickers: list[Any] = [looks.unit, looks.layer, looks.head, looks.zoom]
    gr.on(
        [picker.input for picker in pickers],
        handlers.look,
        [session, *pickers],
        [cards.source.source, looks.attention],
        **LIGHT,
    )


def _wire_choices(choices: Choices, cards: Cards) -> None:
    source, settings = cards.source, cards.settings
    styled = [settings.controls[CONTROL_NAMES.index(name)] for name in STYLED]
    chosen = [settings.strategy, *settings.controls]
    for button, example in source.samples:
        button.click(
            partial(choices.example, example),
            [cards.model],
            [source.text, settings.style, source.tabs, *styled],
            **LIGHT,
        )
    filled = [settings.style, settings.about, settings.preset, *chosen]
    cards.model.input(choices.model, cards.model, filled, **MODEL)
    # By hand alone: what else sets a style sets what suits it, or, as a link, what it holds.
    settings.style.input(choices.style, [settings.style, cards.model], styled, **LIGHT)
    settings.strategy.input(choosing.strategy, settings.strategy, list(settings.controls), **LIGHT)
    settings.preset.input(
        choices.preset, [settings.preset, settings.style, cards.model], chosen, **LIGHT
    )
    settings.reset.click(
        choices.reset, [settings.style, cards.model], [settings.preset, *chosen], **LIGHT
    )
    # Changing anything by hand leaves the preset.
    by_hand = [one.input for one in (settings.strategy, *settings.controls)]
    gr.on(by_hand, None, None, settings.preset, js="() => null", **LIGHT)


def _wire_files(library: Library, cards: Cards) -> None:
    source, settings, taken = cards.source, cards.settings, cards.inspection.takeaway
    links, runs = Links(library), Runs(library)
    chosen = [source.text, cards.model, settings.style, settings.strategy, *settings.controls]
    source.upload.upload(files.document, source.upload, [source.text, source.tabs], **HIDDEN)
    leaving, sent = [cards.session, taken.mask], [taken.outbox, taken.masked]
    taken.link.click(links.made, [*leaving, *chosen], sent, **LIGHT)
    taken.copy.click(files.copied_summary, leaving, sent, **LIGHT)
    taken.json.click(files.saved_json, leaving, sent, **HIDDEN)
    taken.report.click(files.saved_report, leaving, sent, **HIDDEN)
    taken.mask.input(hiding.what_is_masked, leaving, taken.masked, **LIGHT)
    for event, handler, values in (
        (taken.masked.mask_shown, hiding.masked_shown, leaving),
        (taken.upload.upload, runs.opened, [cards.session, taken.upload]),
    ):
        _drawing_tab(event(handler, values, cards.outputs, **HIDDEN), cards)
    # A page opened by a link fills in what the link holds, then summarises.
    taken.inbox.link_opened(links.opened, None, chosen, **MODEL).success(
        None, None, None, js=RUN_LINK, **LIGHT
    )


def _opening(library: Library) -> tuple[Start, dict[str, Any]]:
    """The first model's settings and the summary card, or the reason why there is no model."""
    try:
        first = library.get()
    except ValueError as error:
        reason = {"state": "failed", "notice": str(error)}
        return Start({}, (), MAX_LENGTH, DecodingOptions()), reason
    start = Start(about(first), first.styles, longest(first), first.defaults())
    return start, views.empty_summary()
