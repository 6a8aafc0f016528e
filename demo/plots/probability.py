"""How probable the model found every word of a summary."""

from __future__ import annotations

import plotly.graph_objects as go

from demo.plots.frame import ACCENT, DOUBT, FAINT, empty_figure, frame, plain, word_axis
from demo.reading import summary_words
from model.trace import Trace

LOW = 0.5  # below it a bar is orange: another word or words together were more probable
MOST_NUMBERS = 40  # bars; more of them leave no room for numbers
BAR_WIDTH = 34  # pixels a word needs at least


def word_probabilities(trace: Trace, hypothesis: int = 0) -> go.Figure:
    """One bar a word: the probability of its tokens after one another, low ones in orange."""
    words = summary_words(trace, hypothesis)
    if not words:
        return empty_figure("The summary is empty.")
    heights = [word.probability for word in words]
    numbers = [f"{height:.2f}" for height in heights] if len(words) <= MOST_NUMBERS else None
    figure = go.Figure(layout=frame(270, {"l": 34, "r": 8, "t": 18, "b": 64}))
    figure.add_bar(
        x=list(range(len(words))),
        y=heights,
        width=0.62,
        marker={
            "color": [DOUBT if height < LOW else ACCENT for height in heights],
            "cornerradius": 4,
        },
        text=numbers,
        textposition="outside",
        textfont={"size": 10},
        cliponaxis=False,
        customdata=[plain(word.text) for word in words],
        hovertemplate="%{customdata}: %{y:.3f}<extra></extra>",
    )
    figure.update_layout(
        xaxis=word_axis([word.text for word in words], tickangle=-45, tickfont={"size": 11}),
        yaxis={
            "range": [0, 1.08],
            "tickvals": [0, 0.5, 1],
            "gridcolor": FAINT,
            "zeroline": False,
            "fixedrange": True,
        },
        meta={
            "axis": "x",
            "words": list(range(len(words))),
            "min_width": 60 + BAR_WIDTH * len(words),
        },
    )
    return figure
