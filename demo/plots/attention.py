"""Where the model looked: summary words against words, sentences or tokens of the source."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from demo.plots.frame import empty_figure, frame, label, word_axis
from demo.reading import MARKS_NAME, AttentionView, summary_words, word_attention
from model.trace import Trace

# Transparent at zero, so that one scale serves a light and a dark page.
SCALE = [[0.0, "rgba(109,102,240,0)"], [0.08, "rgba(109,102,240,0.14)"], [1.0, "#6d66f0"]]
ROW_HEIGHT = 24  # pixels
COLUMN_WIDTH = {"words": 14, "tokens": 14, "sentences": 44}
LABEL_SPACE = (34.0, 5.6)  # pixels above the map for slanted labels: at least, and per character


def attention_map(
    trace: Trace, hypothesis: int = 0, view: AttentionView | None = None
) -> go.Figure:
    """A heat map, one row a summary word; rows sum to 1 with the column of special tokens."""
    view = view or AttentionView()
    words = summary_words(trace, hypothesis)
    if not words:
        return empty_figure("The summary is empty.")
    if trace.attention_shape is None:
        return empty_figure("This run recorded no attention.")
    pooled = word_attention(trace, hypothesis, view)
    parts = [part.text for part in pooled.source]
    columns = [*parts, MARKS_NAME]
    weights = np.concatenate([pooled.weights, pooled.outside[:, None]], axis=1)
    # The marks can draw most of the attention; the scale is that of the ordinary columns.
    peak = float(pooled.weights.max()) if pooled.weights.size else 1.0
    labels = _column_labels(parts, view.unit)
    above = round(LABEL_SPACE[0] + LABEL_SPACE[1] * max(len(label(text)) for text in labels))
    height = above + ROW_HEIGHT * len(words) + 12
    figure = go.Figure(layout=frame(height, {"l": 96, "r": 8, "t": above, "b": 12}))
    figure.add_heatmap(
        z=(100 * weights).astype(np.float32),
        zmin=0.0,
        zmax=100 * max(peak, 1e-6),
        colorscale=SCALE,
        showscale=False,
        xgap=1,
        ygap=2,
        x0=0,
        dx=1,
        y0=0,
        dy=1,
        hoverongaps=False,
        hovertemplate="%{y} → %{x}<br>%{z:.1f} % of the attention<extra></extra>",
    )
    figure.update_layout(
        xaxis=word_axis(
            labels,
            side="top",
            tickangle=-60 if view.unit != "sentences" else -30,
            tickfont={"size": 10.5},
            range=[-0.5, len(columns) - 0.5],
        ),
        yaxis=word_axis(
            [word.text for word in words],
            range=[len(words) - 0.5, -0.5],
            tickfont={"size": 12},
        ),
        meta={
            "axis": "y",
            "words": list(range(len(words))),
            "min_width": 110 + COLUMN_WIDTH[view.unit] * len(columns),
            "unit": view.unit,
        },
    )
    return figure


def _column_labels(parts: list[str], unit: str) -> list[str]:
    if unit == "sentences":
        return [f"{number}  {part}" for number, part in enumerate(parts, 1)] + [MARKS_NAME]
    return [*parts, MARKS_NAME]
