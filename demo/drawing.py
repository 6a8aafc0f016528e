"""From a session to everything the page shows of it, in one fixed order. Runs no model."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, ParamSpec

import gradio as gr

from demo import plots
from demo.messages import Message, message
from demo.privacy.masked_runs import is_masked
from demo.session import Run, Session
from demo.values import views
from demo.values.packed import packed
from demo.values.picking import WHOLE, line_of, numbered, zooms
from demo.values.reading import AttentionView, opening_view
from model.long_documents import DocumentUpdate
from model.summarizer import StreamUpdate
from model.trace import Trace

MERGED = "all parts, merged"
NOTHING = "Nothing to draw yet."
KEEP: Any = gr.skip()

Given = ParamSpec("Given")


class Views(NamedTuple):
    """What a handler hands to the page; what is left out stays as it is.

    The names are those of the components in `page.Cards`.
    """

    session: Any = KEEP
    summary: Any = KEEP
    part: Any = KEEP
    source: Any = KEEP
    alternatives: Any = KEEP
    history: Any = KEEP
    chart: Any = KEEP
    attention: Any = KEEP
    unit: Any = KEEP
    layer: Any = KEEP
    head: Any = KEEP
    zoom: Any = KEEP
    entropy: Any = KEEP
    strip: Any = KEEP
    distribution: Any = KEEP
    tree: Any = KEEP
    hypotheses: Any = KEEP
    tabs: Any = KEEP


class Figures(NamedTuple):
    """The figures of the tabs with the map's pickers, by the names of `Views`."""

    attention: Any = KEEP
    unit: Any = KEEP
    layer: Any = KEEP
    head: Any = KEEP
    zoom: Any = KEEP
    entropy: Any = KEEP
    strip: Any = KEEP
    tree: Any = KEEP


def everything(session: Session) -> Views:
    """The views of the run that is shown, but for the figures of the tabs: see `opened`."""
    run = session.run
    if run is None:
        return nothing("")
    trace, place = run.trace, run.hypothesis
    return Views(
        session=session,
        summary=views.summary_of(run),
        part=_parts(run),
        source=packed(views.source_panel(trace, place, opening_view(trace))),
        alternatives=packed(views.alternatives(trace, place, fixed=is_masked(trace))),
        history=views.history(session),
        chart=plots.word_probabilities(trace, place),
        hypotheses=views.hypotheses(trace, place),
        tabs=gr.update(selected="read"),
        **_blank(),
    )


def opened(session: Session, tab: Any) -> Figures:
    """The figures of one tab; those of closed tabs are neither made nor sent."""
    run = session.run
    if not isinstance(tab, str) or tab not in FIGURES:
        raise ValueError(f"tab must be one of {', '.join(FIGURES)}, got {tab!r:.80}")
    return FIGURES[tab](run.trace, run.hypothesis) if run else Figures()


def _attention(trace: Trace, place: int) -> Figures:
    view = opening_view(trace)
    layers, heads = trace.attention_shape or (0, 0)
    return Figures(
        attention=plots.attention_map(trace, place, view),
        unit=gr.update(value=view.unit),
        layer=numbered(layers),
        head=numbered(heads),
        zoom=gr.update(choices=zooms(trace), value=WHOLE, interactive=True),
    )


def _probabilities(trace: Trace, place: int) -> Figures:
    return Figures(
        entropy=plots.entropy_and_rank(trace, place), strip=plots.candidate_strip(trace, place)
    )


def _beams(trace: Trace, place: int) -> Figures:
    return Figures(tree=plots.beam_tree(trace, place))


def _nothing(trace: Trace, place: int) -> Figures:
    return Figures()


FIGURES: dict[str, Callable[[Trace, int], Figures]] = {
    "attention": _attention,
    "probabilities": _probabilities,
    "beams": _beams,
    "compare": _nothing,
    "reference": _nothing,
    "takeaway": _nothing,
}


@functools.cache
def _blank() -> dict[str, Any]:
    """The figures of closed tabs: the same for everybody, and nobody changes them."""
    empty = plots.empty_figure(NOTHING)
    names = ("attention", "entropy", "strip", "tree")
    chosen = plots.empty_figure("Click a word of the summary.")
    return {**dict.fromkeys(names, empty), "distribution": chosen}


def growing(update: DocumentUpdate | StreamUpdate) -> Views:
    """The summary while words arrive, and how far a long document was read."""
    value = views.running_summary(update.text)
    if said := progress(update):
        value["notice"] = said
    return Views(summary=value)


def progress(update: DocumentUpdate | StreamUpdate) -> Message | str:
    """How far a long document was read; empty for a text that fits."""
    if not isinstance(update, DocumentUpdate) or update.parts <= 1:
        return ""
    if update.merging:
        return message("Merging the summaries of {parts} parts.", parts=update.parts)
    return message("Part {part} of {parts}", part=update.part, parts=update.parts)


def parted(
    handler: Callable[Given, Iterator[Views]],
) -> Callable[Given, Iterator[tuple[Any, Views]]]:
    """The handler as (summary, what else there is to show), the second for `drawn`.

    At every update Gradio makes all outputs of a listener anew, also those that stay as they are:
    with all views a summary that grows keeps the server's one loop busy half of the time.
    """

    @functools.wraps(handler)
    def in_two(*values: Given.args, **named: Given.kwargs) -> Iterator[tuple[Any, Views]]:
        for shown in handler(*values, **named):
            grows = shown.session is KEEP
            yield (shown.summary, Views()) if grows else (KEEP, shown)

    return in_two


def drawn(waiting: Views) -> tuple[Any, ...]:
    """The rest of the views, and that nothing waits any longer."""
    return (*waiting, Views())


def begun() -> Views:
    """An empty summary that waits for its first word."""
    return Views(summary=views.running_summary(""))


def nothing(message: str, session: Session | None = None) -> Views:
    """The message in the summary's place; nothing of an earlier run stays beside it.

    The runs made before are kept: their chips bring them back.
    """
    kept = Session(session.runs) if session is not None else Session()
    return Views(
        session=kept,
        summary={"state": "failed", "notice": message} if message else views.empty_summary(),
        part=gr.update(visible=False),
        source={},
        alternatives={},
        history=views.history(kept),
        chart=plots.empty_figure(NOTHING),
        hypotheses={},
        tabs=gr.update(selected="write"),
        **_blank(),
    )


def _parts(run: Run) -> Any:
    """The parts of a long document to choose from; hidden for other runs."""
    choices = [(MERGED, "0")]
    choices += [
        (line_of(number, part.source.text), str(number)) for number, part in enumerate(run.parts, 1)
    ]
    return gr.update(choices=choices, value="0", visible=bool(run.parts), interactive=True)


def looked(run: Run, view: AttentionView) -> tuple[Any, Any]:
    """(source, attention) again, for another unit, layer, head or sentence."""
    trace, place = run.trace, run.hypothesis
    source = views.source_panel(trace, place, view)
    return packed(source), plots.attention_map(trace, place, view)
