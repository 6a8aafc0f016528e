"""Where the model looked: summary words against words, sentences or tokens of the source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from demo.plots.columns import Columns, map_columns, word_ranges
from demo.plots.frame import (
    COPIED,
    empty_figure,
    frame,
    label,
    leaning,
    ours,
    word_axis,
    word_name,
    wrapped,
)
from demo.values.reading import (
    MARKS_NAME,
    AttentionView,
    copied_by_word,
    opening_view,
    pooled_over,
    summary_words,
    word_attention,
)
from model.trace import PooledAttention, Trace

# Transparent at zero, so that one scale serves a light and a dark page.
SCALE = [[0.0, "rgba(109,102,240,0)"], [0.08, "rgba(109,102,240,0.14)"], [1.0, "#6d66f0"]]
COPIED_SCALE = [[0.0, "rgba(13,148,136,0.06)"], [1.0, COPIED]]
ROW_HEIGHT = 24  # pixels
COLUMN_WIDTH = {"words": 12, "tokens": 12, "sentences": 44}
SLANT = {"words": -60, "tokens": -60, "sentences": -30}  # degrees
BESIDE = 7.0  # pixels a character of the words left of the map
STRIP, GAP = 18, 10  # pixels: the strip of copied shares, and what parts it from the map
UNIT_GRID = {"x0": 0, "dx": 1, "y0": 0, "dy": 1}


def attention_map(
    trace: Trace, hypothesis: int = 0, view: AttentionView | None = None
) -> go.Figure:
    """A heat map, one row a summary word; rows sum to 100 % with the column of special tokens.

    A model with a copy gate has a strip before it: how much of every word was copied.
    """
    words = summary_words(trace, hypothesis)
    if not words:
        return empty_figure("The summary is empty.")
    if trace.attention_shape is None:
        return empty_figure("This run recorded no attention.")
    view = view or opening_view(trace)
    columns = map_columns(trace, view)
    pooled = pooled_over(trace, hypothesis, view, columns.parts)
    copied = copied_by_word(trace, hypothesis)
    figure = go.Figure(layout=_layout([word_name(word) for word in words], columns, view))
    figure.add_trace(_cells(pooled, _peak(trace, hypothesis, view, pooled, columns), view))
    if copied is not None:
        _add_copied(figure, copied)
    figure.layout.meta = {**figure.layout.meta, "columns": word_ranges(trace, columns)}
    return figure


def _peak(
    trace: Trace,
    hypothesis: int,
    view: AttentionView,
    pooled: PooledAttention,
    columns: Columns,
) -> float:
    """The weight with the full colour. Marks and "before" can draw most; they don't set it.

    A zoomed sentence has the colours it has in the whole map: little attention stays pale.
    """
    ordinary = np.delete(pooled.weights, columns.rest, axis=1)
    peak = float(ordinary.max(initial=1e-8))
    if columns.rest:
        peak = max(peak, float(word_attention(trace, hypothesis, view).weights.max(initial=0)))
    return peak


def _cells(pooled: PooledAttention, peak: float, view: AttentionView) -> go.Heatmap:
    weights = np.concatenate([pooled.weights, pooled.outside[:, None]], axis=1)
    strongest = "max" in (view.layer, view.head)
    counted = ours("of the strongest attention") if strongest else ours("of the attention")
    return go.Heatmap(
        # Columns are few, see MOST_COLUMNS: exact numbers stay small on their way.
        z=(100 * weights).astype(np.float32),
        zmin=0.0,
        zmax=100 * peak,
        colorscale=SCALE,
        showscale=False,
        xgap=1,
        ygap=2,
        **UNIT_GRID,
        hovertemplate=f"%{{y}} → %{{x}}<br>%{{z:.1f}} % {counted}<extra></extra>",
    )


def _add_copied(figure: go.Figure, copied: np.ndarray) -> None:
    """A strip between words and map, with an axis of its own: this is no attention.

    It stands left, where it is seen: a map of many columns scrolls sideways.
    """
    across = figure.layout.meta["min_width"] - figure.layout.margin.l - figure.layout.margin.r
    figure.add_heatmap(
        z=(100 * copied[:, None]).astype(np.float32),
        zmin=0.0,
        zmax=100.0,
        colorscale=COPIED_SCALE,
        showscale=False,
        ygap=2,
        xaxis="x2",
        **UNIT_GRID,
        hovertemplate=f"%{{y}}: %{{z:.0f}} % {ours('copied from the source')}<extra></extra>",
    )
    figure.update_layout(
        xaxis={"domain": [(STRIP + GAP) / across, 1]},
        yaxis={"anchor": "x2"},
        xaxis2=word_axis(
            [ours("copied")],
            domain=[0, STRIP / across],
            side="top",
            tickangle=SLANT["words"],
            tickfont={"size": 10.5},
            range=[-0.5, 0.5],
        ),
    )


def _layout(words: Sequence[str], columns: Columns, view: AttentionView) -> go.Layout:
    """Axes, labels and sizes. The hover text is the axis text, so that is the long form."""
    sentences = view.unit == "sentences"
    short = [*_labels(columns, sentences), ours(MARKS_NAME)]
    full = [*(wrapped(part.text) for part in columns.parts), ours(MARKS_NAME)]
    above = 34 + leaning(max(map(len, short)), SLANT[view.unit])[1]
    left = round(28 + BESIDE * max(map(len, words)))
    right = 14 + leaning(len(short[-1]), SLANT[view.unit])[0]  # the last one leans out of the map
    height = above + ROW_HEIGHT * len(words) + 12
    layout = frame(height, {"l": left, "r": right, "t": above, "b": 12})
    layout.update(
        xaxis=word_axis(
            full if sentences else short,
            showticklabels=not sentences,
            side="top",
            tickangle=SLANT[view.unit],
            tickfont={"size": 10.5},
            range=[-0.5, len(short) - 0.5],
        ),
        yaxis=word_axis(words, range=[len(words) - 0.5, -0.5], tickfont={"size": 12}),
        annotations=_headings(short, full) if sentences else [],
        meta={
            "axis": "y",
            "words": list(range(len(words))),
            "min_width": left + right + STRIP + GAP + COLUMN_WIDTH[view.unit] * len(short),
            "unit": view.unit,
        },
    )
    return layout


def _headings(short: Sequence[str], full: Sequence[str]) -> list[dict[str, Any]]:
    """Labels that say the whole sentence when pointed at; an axis' own ones can't."""
    return [
        {
            "x": place,
            "y": 1,
            "xref": "x",
            "yref": "paper",
            "xanchor": "left",
            "yanchor": "bottom",
            "showarrow": False,
            "textangle": SLANT["sentences"],
            "text": text,
            "font": {"size": 10.5},
            "hovertext": whole,
        }
        for place, (text, whole) in enumerate(zip(short, full, strict=True))
    ]


def _labels(columns: Columns, numbered: bool) -> list[str]:
    """The columns' names, cut; "before" and "after" are no words of the text."""
    return [
        ours(part.text)
        if place in columns.rest
        else label(f"{place + 1}  {part.text}" if numbered else part.text)
        for place, part in enumerate(columns.parts)
    ]
