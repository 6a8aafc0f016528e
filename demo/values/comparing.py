"""Two runs of one text side by side, as plain values for the page. Runs no model, no gradio.

Every text in a value is handed on as it is; compare.js writes it with `textContent`.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np

from demo.messages import Message, message
from demo.session import FORCED, MOST_RUNS, Run, Session
from demo.settings.controls import CONTROLS
from demo.settings.strategies import strategy_row
from demo.values.reading import summary_words, word_count
from model.explain.comparison import Branch, Comparison, compare
from model.options import DecodingOptions
from model.trace import Trace

LONGEST_SETTING = 60  # characters of a setting's value; a record may come from anyone


def empty_comparison(notice: Message | str = "") -> dict[str, Any]:
    """The card before there are two runs, with the reason where there is one."""
    return {"state": "empty", "notice": notice}


def running_comparison(left: Run, text: str, progress: Message | str = "") -> dict[str, Any]:
    """The card while the right side is being written, and how far it read a long document."""
    own = left.trace.hypotheses[left.hypothesis].text
    return {
        "state": "running",
        "notice": progress,
        "sides": [_side(left), None],
        "texts": [own, text],
    }


def comparison(left: Run, right: Run) -> dict[str, Any]:
    """Both sides, their words in aligned rows, and where they part."""
    compared = compare(left.trace, left.hypothesis, right.trace, right.hypothesis)
    settings = _apart(left.trace, right.trace)
    return {
        "state": "done",
        "notice": _notice(left, right),
        "sides": [
            {**_side(run), "settings": own}
            for run, own in zip((left, right), settings, strict=True)
        ],
        "parting": _parting(compared),
        "rows": _rows(compared, _words(left), _words(right)),
    }


def run_choices(session: Session) -> list[tuple[str, str]]:
    """All runs, oldest first: what a side's picker shows and its value, a number from 1."""
    return [(f"{number} · {run.label}", str(number)) for number, run in enumerate(session.runs, 1)]


def opening_sides(session: Session) -> tuple[int, int]:
    """Places of the runs to set side by side: the shown one and the newest, or the one before."""
    newest = len(session.runs) - 1
    shown = session.current if 0 <= session.current < newest else newest - 1
    return max(0, shown), newest


def beside(session: Session, run: Run) -> Session:
    """With one more run, while the one that is shown stays shown and is not forgotten."""
    shown = session.run
    if shown is None:
        return session.adding(run)
    runs = list(session.runs)
    while len(runs) >= MOST_RUNS:
        del runs[next(place for place, one in enumerate(runs) if one is not shown)]
    return Session((*runs, run), runs.index(shown))


def strategy_label(trace: Trace) -> str:
    """How a run was written: "Beam search"; empty where its record does not say."""
    if trace.options.get("strategy") == FORCED:
        return "Given text"
    try:
        return strategy_row(DecodingOptions.from_dict(trace.options).strategy).label
    except ValueError:  # a record from elsewhere may hold anything
        return ""


def signed(score: float) -> str:
    """A score for reading: with a minus sign instead of a hyphen."""
    return f"{score:.2f}".replace("-", "−")


def _side(run: Run) -> dict[str, Any]:
    """A side's heading."""
    chosen = run.trace.hypotheses[run.hypothesis]
    spoken = [word.probability for word in summary_words(run.trace, run.hypothesis)]
    mean = f"{np.mean(spoken):.2f}" if spoken else "–"
    count = word_count(run.trace.words(run.hypothesis))
    return {
        "model": str(run.trace.model.get("name", "")),
        "style": run.trace.source.style or "",
        "strategy": strategy_label(run.trace),
        "facts": [
            {"label": "score", "value": signed(chosen.score), "help": SCORE_HELP},
            {"label": "mean probability", "value": mean, "help": MEAN_HELP},
            {"label": "words", "value": str(count), "help": ""},
        ],
    }


SCORE_HELP = "What the search ranked by; comparable only under the same length penalty"
MEAN_HELP = "Mean of the words' probabilities"


def _apart(left: Trace, right: Trace) -> tuple[list[Message], list[Message]]:
    """The settings in which two runs differ, as each side has them."""
    sides: tuple[list[Message], list[Message]] = ([], [])
    if FORCED in (left.options.get("strategy"), right.options.get("strategy")):
        return sides
    for control in CONTROLS:
        values = [trace.options.get(control.name) for trace in (left, right)]
        if values[0] != values[1]:
            for side, value in zip(sides, values, strict=True):
                side.append(
                    message("{setting}: {value}", setting=control.label, value=_plain(value))
                )
    return sides


def _plain(value: Any) -> str:
    """An option's value for reading."""
    if value in (None, "", (), []):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return shown if len(shown) <= LONGEST_SETTING else f"{shown[: LONGEST_SETTING - 1]}…"


def _notice(left: Run, right: Run) -> list[Message]:
    """What keeps the two from being comparable; empty when nothing does."""
    found = []
    if left.text != right.text:
        found.append(message("These two runs read different texts."))
    for side, run in ((message("left"), left), (message("right"), right)):
        if run.parts:
            key = "The {side} run read the text in {parts} parts and merged their summaries."
            found.append(message(key, side=side, parts=len(run.parts)))
        source = run.trace.source
        if source.cut_tokens:
            read = sum(token.end > token.start for token in source.tokens)
            key = "The {side} model read {read} of {total} tokens."
            found.append(message(key, side=side, read=read, total=read + source.cut_tokens))
    return found


def _words(run: Run) -> list[dict[str, Any]]:
    """A side's words without the end mark, each with what stands before it."""
    return [
        {"text": word.text, "gap": word.gap, "probability": round(word.probability, 4)}
        for word in summary_words(run.trace, run.hypothesis)
        if not word.special
    ]


def _rows(
    compared: Comparison, left: list[dict[str, Any]], right: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Stretches of equal and of differing words; an empty side is a gap."""
    aligned = list(zip(compared.pairs, compared.equal, strict=True))
    rows = []
    for same, stretch in groupby(aligned, key=lambda pair: pair[1]):
        places = [pair for pair, _ in stretch]
        rows.append(
            {
                "same": same,
                "left": [left[one] for one, _ in places if one is not None],
                "right": [right[other] for _, other in places if other is not None],
            }
        )
    return rows


def _parting(compared: Comparison) -> dict[str, Any]:
    """Where they part in a sentence, and what either side thought of both tokens there."""
    if compared.parting is None:
        return {"says": message("Both wrote the same words."), "branches": []}
    left, right = compared.parting
    place = left.place + 1
    if not left.word:
        key = "They part at word {place}: the left ends, the right goes on with “{right}”."
    elif not right.word:
        key = "They part at word {place}: the right ends, the left goes on with “{left}”."
    else:
        key = "They part at word {place}: the left wrote “{left}”, the right “{right}”."
    says = message(key, place=place, left=left.word, right=right.word)
    return {"says": says, "branches": [_branch(left, right), _branch(right, left)]}


def _branch(side: Branch, other: Branch) -> list[dict[str, Any]]:
    """The tokens of both sides as this side saw them; empty where it wrote none."""
    if side.step is None:
        return []
    weighed = [_weighed(side.token, side.own)]
    return [*weighed, _weighed(other.token, side.other)] if other.token else weighed


def _weighed(token: str, probability: float | None) -> dict[str, Any]:
    """A token and its probability; None was too improbable to be recorded."""
    return {
        "token": message("the end") if token == "</s>" else token.strip() or token,
        "probability": None if probability is None else round(probability, 4),
    }
