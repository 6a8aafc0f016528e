"""From a session to everything the page shows of it, in one fixed order. Runs no model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import gradio as gr

from demo import plots, views
from demo.comparing import opening_sides, run_choices
from demo.messages import message
from demo.reading import UNITS, AttentionView, opening_view
from demo.session import Run, Session
from model.long_documents import DocumentUpdate
from model.summarizer import StreamUpdate
from model.trace import Trace

REDUCTIONS = ("mean", "max")
WHOLE = "all of it"  # the zoom that zooms into no sentence
MERGED = "all parts, merged"
LONGEST_SENTENCE = 60  # characters of a sentence in the zoom's list
NOTHING = "Nothing to draw yet."
KEEP: Any = gr.skip()


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
    left: Any = KEEP
    right: Any = KEEP
    tabs: Any = KEEP


def everything(session: Session) -> Views:
    """The views of the run that is shown, but for the figures of the tabs: see `opened`."""
    run = session.run
    if run is None:
        return nothing("")
    trace, place = run.trace, run.hypothesis
    left, right = compared(session)
    return Views(
        session=session,
        summary=_summary(run),
        part=_parts(run),
        source=views.source_panel(trace, place, opening_view(trace)),
        alternatives=views.alternatives(trace, place),
        history=views.history(session),
        chart=plots.word_probabilities(trace, place),
        hypotheses=views.hypotheses(trace, place),
        left=left,
        right=right,
        tabs=gr.update(selected="read"),
        **_blank(),
    )


def opened(session: Session, tab: Any) -> Views:
    """The figures of one tab; those of closed tabs are neither made nor sent."""
    run = session.run
    if not isinstance(tab, str) or tab not in FIGURES:
        raise ValueError(f"tab must be one of {', '.join(FIGURES)}, got {tab!r:.80}")
    return Views(**FIGURES[tab](run.trace, run.hypothesis)) if run else Views()


def _attention(trace: Trace, place: int) -> dict[str, Any]:
    view = opening_view(trace)
    layers, heads = trace.attention_shape or (0, 0)
    return {
        "attention": plots.attention_map(trace, place, view),
        "unit": gr.update(value=view.unit),
        "layer": _numbered(layers),
        "head": _numbered(heads),
        "zoom": gr.update(choices=zooms(trace), value=WHOLE, interactive=True),
    }


def _probabilities(trace: Trace, place: int) -> dict[str, Any]:
    return {
        "entropy": plots.entropy_and_rank(trace, place),
        "strip": plots.candidate_strip(trace, place),
    }


def _beams(trace: Trace, place: int) -> dict[str, Any]:
    return {"tree": plots.beam_tree(trace, place)}


def _nothing(trace: Trace, place: int) -> dict[str, Any]:
    return {}


FIGURES: dict[str, Callable[[Trace, int], dict[str, Any]]] = {
    "attention": _attention,
    "probabilities": _probabilities,
    "beams": _beams,
    "compare": _nothing,
    "reference": _nothing,
    "takeaway": _nothing,
}


def _blank() -> dict[str, Any]:
    empty = plots.empty_figure(NOTHING)
    names = ("attention", "entropy", "strip", "tree")
    chosen = plots.empty_figure("Click a word of the summary.")
    return {**dict.fromkeys(names, empty), "distribution": chosen}


def growing(update: DocumentUpdate | StreamUpdate) -> Views:
    """The summary while words arrive, and how far a long document was read."""
    value = views.running_summary(update.text)
    if isinstance(update, DocumentUpdate) and update.parts > 1:
        value["notice"] = (
            message("Merging the summaries of {parts} parts.", parts=update.parts)
            if update.merging
            else message("Part {part} of {parts}", part=update.part, parts=update.parts)
        )
    return Views(summary=value)


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


def _summary(run: Run) -> dict[str, Any]:
    value = views.finished_summary(run.trace, run.hypothesis, stored=run.stored)
    if run.parts:
        said = message(
            "The text is longer than the model reads: it was summarised in {parts} parts, "
            "and their summaries were merged.",
            parts=len(run.parts),
        )
        value["notice"] = [said, *value["notice"]]
    return value


def _parts(run: Run) -> Any:
    """The parts of a long document to choose from; hidden for other runs."""
    choices = [(MERGED, "0")]
    choices += [
        (_line(number, part.source.text), str(number)) for number, part in enumerate(run.parts, 1)
    ]
    return gr.update(choices=choices, value="0", visible=bool(run.parts), interactive=True)


def looked(run: Run, view: AttentionView) -> Views:
    """Source and map again, for another unit, layer, head or sentence."""
    trace, place = run.trace, run.hypothesis
    return Views(
        source=views.source_panel(trace, place, view),
        attention=plots.attention_map(trace, place, view),
    )


def compared(session: Session) -> tuple[Any, Any]:
    """The choices of the comparison's two sides."""
    names, sides = run_choices(session), opening_sides(session)
    left, right = (str(place + 1) if names else None for place in sides)
    return gr.update(choices=names, value=left), gr.update(choices=names, value=right)


def attention_view(trace: Trace, unit: Any, layer: Any, head: Any, zoom: Any) -> AttentionView:
    """The view that four pickers ask for; checked here, since anybody can call."""
    if unit not in UNITS:
        raise ValueError(f"unit must be one of {', '.join(UNITS)}, got {unit!r:.80}")
    layers, heads = trace.attention_shape or (0, 0)
    sentence = None if zoom in (None, WHOLE) else _place("sentence", zoom, _sentences(trace))
    return AttentionView(
        unit, _reduction("layer", layer, layers), _reduction("head", head, heads), sentence
    )


def zooms(trace: Trace) -> list[tuple[str, str]]:
    """The zoom's choices: all of the source, or one of its sentences."""
    sentences = trace.source_sentences()
    return [
        (WHOLE, WHOLE),
        *((_line(number, one.text), str(number)) for number, one in enumerate(sentences, 1)),
    ]


def _line(number: int, text: str) -> str:
    line = " ".join(text.split())
    cut = line if len(line) <= LONGEST_SENTENCE else f"{line[: LONGEST_SENTENCE - 1]}…"
    return f"{number}  {cut}"


def _sentences(trace: Trace) -> int:
    return len(trace.source_sentences())


def _reduction(name: str, value: Any, count: int) -> Any:
    """What a picker shows, "mean", "max" or a number from 1, as `AttentionView` has it."""
    if value is None:
        return "mean"
    return value if value in REDUCTIONS else _place(name, value, count)


def _place(name: str, value: Any, count: int) -> int:
    if not isinstance(value, str) or not value.isdecimal() or not 1 <= int(value[:9]) <= count:
        raise ValueError(f"{name} must be a number from 1 to {count}, got {value!r:.80}")
    return int(value) - 1


def _numbered(count: int) -> Any:
    names = [*REDUCTIONS, *(str(number) for number in range(1, count + 1))]
    choices = [(name, name) for name in names]
    return gr.update(choices=choices, value="mean", interactive=count > 1)
