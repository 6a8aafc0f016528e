"""What the model weighed: at every token at a glance, and at one token before and after rules."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from demo.plots.frame import (
    ACCENT,
    FAINT,
    INK,
    empty_figure,
    frame,
    label,
    leaning,
    ours,
    piece_axis,
    piece_name,
    plain,
    word_axis,
)
from demo.values.alternatives import RULES
from demo.values.reading import END_TOKEN, summary_pieces, token_text
from model.trace import Alternative, Trace

STRIP_ROWS = 6  # candidates a token; one more row where a less probable one was chosen
STRIP_LABEL = 10  # characters in a cell
SLANT = -45  # degrees, of the labels above
CELL_WIDTH, CELL_HEIGHT = 64, 28  # pixels
MOST_BARS = 8  # candidates of one step
BAR_LABEL = 13  # characters left of a bar
AFTER = "rgba(109,102,240,0.42)"  # the page's ink is read on it, be it black or white
GENERAL = ("temperature",)  # rules that move every token: nothing to say of one
BLOCKED = -1.0  # in place of a probability: the cell is grey
# Pale enough at its darkest for the page's ink, black or white, to be read on it.
STRIP_SCALE = [
    [0.0, "rgba(128,128,150,0.30)"],
    [0.499, "rgba(128,128,150,0.30)"],
    [0.5, "rgba(109,102,240,0.04)"],
    [1.0, "rgba(109,102,240,0.58)"],
]


def candidate_strip(trace: Trace, hypothesis: int = 0) -> go.Figure:
    """A column a token, its most probable candidates from the top; colour is probability.

    Frames show what was chosen, ✕ on grey what a rule forbade.
    """
    pieces = summary_pieces(trace, hypothesis)
    if not pieces:
        return empty_figure("The summary is empty.")
    steps = [trace.candidates(hypothesis, step) for step in range(len(pieces))]
    columns = [_column(candidates) for candidates in steps]
    rows = max(len(column) for column in columns)
    names = [str(rank) for rank in range(1, STRIP_ROWS + 1)] + ["…"]
    labels = [piece_name(piece) for piece in pieces]
    above = max(66, 22 + leaning(max(map(len, labels)), SLANT)[1])
    right = max(24, leaning(len(labels[-1]), SLANT)[0] - CELL_WIDTH // 2 + 8)
    height = above + CELL_HEIGHT * rows + 10
    figure = go.Figure(layout=frame(height, {"l": 30, "r": right, "t": above, "b": 10}))
    figure.add_trace(_strip_cells(columns, rows))
    figure.add_trace(_frames(columns))
    figure.update_layout(
        xaxis=piece_axis(
            pieces,
            side="top",
            tickangle=SLANT,
            tickfont={"size": 11},
            range=[-0.5, len(pieces) - 0.5],
        ),
        yaxis=word_axis(names[:rows], range=[rows - 0.5, -0.5], tickfont={"size": 11}),
        meta={
            "axis": "x",
            "words": [piece.word for piece in pieces],
            "min_width": 30 + right + CELL_WIDTH * len(pieces),
        },
    )
    return figure


def raw_and_final(trace: Trace, hypothesis: int, step: int) -> go.Figure:
    """One token's candidates: the model's own probability, and the one after the rules."""
    candidates = trace.candidates(hypothesis, step)  # refuses a step that does not exist
    shown = candidates[:MOST_BARS] + [one for one in candidates[MOST_BARS:] if one.chosen]
    raw = [math.exp(one.log_prob) for one in shown]
    final: list[float | None] = [_final(one) for one in shown]
    raw.append(max(0.0, 1 - sum(raw)))
    # Only sampling divides by what the rules left over; elsewhere the rest is not known.
    sampled = bool(trace.options.get("do_sample"))
    final.append(max(0.0, 1 - sum(map(_final, shown))) if sampled else None)
    names = [*(_marked(one, BAR_LABEL) for one in shown), ours("all others")]
    height = 56 + 36 * len(names)
    figure = go.Figure(layout=frame(height, {"l": 100, "r": 8, "t": 34, "b": 26}))
    figure.add_trace(_bars(ours("model"), raw, ACCENT, upper=True))
    figure.add_trace(_bars(ours("after rules"), final, AFTER, upper=False))
    figure.data[1].text = [
        *map(_after_text, shown),
        "" if final[-1] is None else f"{final[-1]:.3f}",
    ]
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"},
        xaxis={
            "range": [0, 1.3],  # room for the rule behind a long bar
            "tickvals": [0, 0.5, 1],
            "gridcolor": FAINT,
            "zeroline": False,
            "fixedrange": True,
        },
        yaxis=word_axis(
            names,
            range=[len(names) - 0.5, -0.5],
            tickfont={"size": 12},
        ),
        meta={"axis": None, "min_width": 420},
    )
    return figure


def _bars(name: str, lengths: Sequence[float | None], colour: str, upper: bool) -> go.Bar:
    return go.Bar(
        name=name,
        x=[None if length is None else round(length, 5) for length in lengths],
        y=list(range(len(lengths))),
        orientation="h",
        width=0.34,
        offset=-0.36 if upper else 0.02,
        marker={"color": colour, "cornerradius": 3, "line": {"width": 0}},
        text=[f"{length:.3f}" if length is not None else "" for length in lengths],
        textposition="outside",
        textfont={"size": 10.5},
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.4f}<extra>" + name + "</extra>",
    )


def _strip_cells(columns: Sequence[Sequence[Alternative | None]], rows: int) -> go.Heatmap:
    z = np.full((rows, len(columns)), np.nan, dtype=np.float32)
    text = [[""] * len(columns) for _ in range(rows)]
    hover = [[""] * len(columns) for _ in range(rows)]
    for place, column in enumerate(columns):
        for row, one in enumerate(column):
            if one is not None:
                z[row, place] = BLOCKED if _blocked(one) else math.exp(one.log_prob)
                text[row][place] = _marked(one, STRIP_LABEL, chosen=False)
                hover[row][place] = _hover(one)
    return go.Heatmap(
        z=z,
        zmin=-1.0,
        zmax=1.0,
        colorscale=STRIP_SCALE,
        showscale=False,
        xgap=2,
        ygap=2,
        x0=0,
        dx=1,
        y0=0,
        dy=1,
        text=text,
        texttemplate="%{text}",
        textfont={"size": 11, "color": INK},
        hovertext=hover,
        hoverongaps=False,
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _frames(columns: Sequence[Sequence[Alternative | None]]) -> go.Scatter:
    """A rectangle around every chosen cell, as one broken line: it fits cells of any size."""
    x: list[float | None] = []
    y: list[float | None] = []
    for place, column in enumerate(columns):
        for row, one in enumerate(column):
            if one is not None and one.chosen:
                left, right, top, bottom = place - 0.46, place + 0.46, row - 0.44, row + 0.44
                x += [left, right, right, left, left, None]
                y += [top, top, bottom, bottom, top, None]
    line = {"color": ACCENT, "width": 2}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


def _column(candidates: Sequence[Alternative]) -> list[Alternative | None]:
    """The first candidates, and one more row for a chosen one that is not among them."""
    column: list[Alternative | None] = list(candidates[:STRIP_ROWS])
    column += [one for one in candidates[STRIP_ROWS:] if one.chosen]
    return column


def _hover(one: Alternative) -> str:
    named = ours("(end)") if one.text == END_TOKEN else f"“{plain(token_text(one.text))}”"
    lines = [
        f"{named} · {ours('chosen')}" if one.chosen else named,
        f"{ours('model')} {math.exp(one.log_prob):.4f}",
        ours("blocked") if _blocked(one) else f"{ours('after rules')} {_final(one):.4f}",
        *map(_rule, one.rules),
    ]
    return "<br>".join(lines)


def _after_text(one: Alternative) -> str:
    """The number behind a bar after rules, and the rule where one said something of this token."""
    named = [_rule(rule) for rule in one.rules if rule not in GENERAL]
    if _blocked(one):
        return f"✕ {ours('blocked')}: {', '.join(named) or ours('by a rule')}"
    return " · ".join([f"{_final(one):.3f}", *named])


def _rule(name: str) -> str:
    """A rule in words; one that is not known comes from a record and is nobody's to translate."""
    return ours(RULES[name]) if name in RULES else plain(name.replace("_", " "))


def _marked(one: Alternative, longest: int, chosen: bool = True) -> str:
    """A candidate as a label, with what became of it."""
    mark = "✕ " if _blocked(one) else "▸ " if chosen and one.chosen else ""
    if one.text == END_TOKEN:
        return mark + ours("(end)")
    return label(mark + token_text(one.text), longest)


def _blocked(one: Alternative) -> bool:
    return math.isinf(one.filtered_log_prob)


def _final(one: Alternative) -> float:
    # Penalties can leave log-probs that are no longer a distribution.
    return min(1.0, math.exp(one.filtered_log_prob))
