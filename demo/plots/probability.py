"""How probable the model found every word, and how sure it was at every token."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from demo.plots.frame import (
    ACCENT,
    COPIED,
    DOUBT,
    FAINT,
    empty_figure,
    frame,
    leaning,
    ours,
    piece_axis,
    piece_name,
    word_axis,
    word_name,
)
from demo.values.reading import Piece, summary_pieces, summary_words
from model.trace import Trace

LOW = 0.5  # below it a bar is orange: another word or words together were more probable
MOST_NUMBERS = 40  # bars; more of them leave no room for numbers
BAR_WIDTH = 34  # pixels a word or a token needs at least
SLANT = -45  # degrees
# Three rows over one axis, as (low, high) shares of the height.
PROBABILITY_ROW, ENTROPY_ROW, RANK_ROW = (0.68, 1.0), (0.36, 0.62), (0.0, 0.28)


def word_probabilities(trace: Trace, hypothesis: int = 0) -> go.Figure:
    """One bar a word: the probability of its tokens after one another, low ones in orange."""
    words = summary_words(trace, hypothesis)
    if not words:
        return empty_figure("The summary is empty.")
    heights = [word.probability for word in words]
    numbers = [f"{height:.2f}" for height in heights] if len(words) <= MOST_NUMBERS else None
    labels = [word_name(word) for word in words]
    left, below = _room(labels, 34)
    figure = go.Figure(layout=frame(206 + below, {"l": left, "r": 8, "t": 18, "b": below}))
    figure.add_bar(
        x=list(range(len(words))),
        y=heights,
        width=0.62,
        marker={"color": _bar_colours(heights), "cornerradius": 4, "line": {"width": 0}},
        text=numbers,
        textposition="outside",
        textfont={"size": 10},
        cliponaxis=False,
        customdata=labels,
        hovertemplate="%{customdata}: %{y:.3f}<extra></extra>",
    )
    figure.update_layout(
        xaxis=word_axis(labels, tickangle=SLANT, tickfont={"size": 11}),
        yaxis=_scale(range=[0, 1.08], tickvals=[0, 0.5, 1]),
        meta={
            "axis": "x",
            "words": list(range(len(words))),
            "min_width": left + 26 + BAR_WIDTH * len(words),
        },
    )
    return figure


def entropy_and_rank(trace: Trace, hypothesis: int = 0) -> go.Figure:
    """For every token: its probability, the entropy it was chosen under, and its rank.

    A rank of 1 is the model's favourite. The ranks' axis is logarithmic and has 1 at its top.
    """
    pieces = summary_pieces(trace, hypothesis)
    if not pieces:
        return empty_figure("The summary is empty.")
    probabilities = np.exp(trace.token_log_probs(hypothesis).astype(float))
    entropy = trace.entropy(hypothesis).astype(float)
    ranks = trace.ranks(hypothesis) + 1
    left, below = _room([piece_name(piece) for piece in pieces], 62)
    figure = go.Figure(layout=frame(336 + below, {"l": left, "r": 12, "t": 12, "b": below}))
    _add_bars(figure, pieces, probabilities)
    _add_entropy(figure, pieces, entropy)
    _add_ranks(figure, pieces, ranks)
    figure.update_layout(
        xaxis=piece_axis(pieces, anchor="y3", tickangle=SLANT, tickfont={"size": 11}),
        yaxis=_scale(
            range=[0, 1.05],
            tickvals=[0, 0.5, 1],
            domain=PROBABILITY_ROW,
            title=_title(ours("probability")),
        ),
        yaxis2=_scale(
            rangemode="tozero", nticks=4, domain=ENTROPY_ROW, title=_title(ours("entropy, bits"))
        ),
        yaxis3=_rank_scale(int(ranks.max())),
        meta={
            "axis": "x",
            "words": [piece.word for piece in pieces],
            "min_width": left + 12 + BAR_WIDTH * len(pieces),
        },
    )
    return figure


def _room(labels: list[str], axis: int) -> tuple[int, int]:
    """Margins left and below, in pixels: a label ends under its bar and begins left of it."""
    left = leaning(len(labels[0]), SLANT)[0] - BAR_WIDTH // 2 + 8
    return max(axis, left), max(64, 22 + leaning(max(map(len, labels)), SLANT)[1])


def _add_bars(figure: go.Figure, pieces: tuple[Piece, ...], heights: np.ndarray) -> None:
    figure.add_bar(
        **_along(pieces),
        y=heights.round(4),
        width=0.62,
        marker={"color": _bar_colours(heights.tolist()), "cornerradius": 3, "line": {"width": 0}},
        hovertemplate=f"%{{customdata}}: {ours('probability')} %{{y:.3f}}<extra></extra>",
    )


def _add_entropy(figure: go.Figure, pieces: tuple[Piece, ...], entropy: np.ndarray) -> None:
    figure.add_scatter(
        **_along(pieces),
        y=entropy.round(3),
        yaxis="y2",
        mode="lines+markers",
        line={"color": ACCENT, "width": 2},
        marker={"size": 6, "color": ACCENT},
        fill="tozeroy",
        fillcolor="rgba(109,102,240,0.14)",
        hovertemplate=f"%{{customdata}}: %{{y:.2f}} {ours('bits')}<extra></extra>",
    )


def _add_ranks(figure: go.Figure, pieces: tuple[Piece, ...], ranks: np.ndarray) -> None:
    first = ranks == 1
    figure.add_scatter(
        **_along(pieces),
        y=ranks,
        yaxis="y3",
        mode="markers",
        # Shape as well as colour: the favourite is a disc, anything else a diamond.
        marker={
            "size": 9,
            "color": np.where(first, COPIED, DOUBT).tolist(),
            "symbol": np.where(first, "circle", "diamond").tolist(),
        },
        cliponaxis=False,
        hovertemplate=f"%{{customdata}}: {ours('rank')} %{{y}}<extra></extra>",
    )


def _along(pieces: tuple[Piece, ...]) -> dict[str, Any]:
    return {
        "x": list(range(len(pieces))),
        "customdata": [piece_name(piece) for piece in pieces],
    }


def _rank_scale(worst: int) -> dict[str, Any]:
    decades = [place for place in (1, 10, 100, 1_000, 10_000, 100_000) if place < max(10, worst)]
    ticks = [*decades, worst] if worst > 1 and worst > 1.6 * decades[-1] else decades
    return _scale(
        type="log",
        # Upside down, with room around the outermost markers.
        range=[float(np.log10(max(worst, 10))) + 0.15, -0.15],
        tickvals=ticks,
        ticktext=[f"{tick:,}" for tick in ticks],
        domain=RANK_ROW,
        title=_title(ours("rank")),
    )


def _scale(**settings: Any) -> dict[str, Any]:
    return {"gridcolor": FAINT, "zeroline": False, "fixedrange": True, **settings}


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "font": {"size": 11}, "standoff": 6}


def _bar_colours(heights: list[float]) -> list[str]:
    return [DOUBT if height < LOW else ACCENT for height in heights]
