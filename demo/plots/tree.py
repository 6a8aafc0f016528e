"""The beam tree: every continuation the search tried, and which of them it dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from demo.plots.branches import Branch, branches, lanes, most_telling
from demo.plots.frame import (
    ACCENT,
    COPIED,
    LONGEST_HOVER,
    empty_figure,
    frame,
    label,
    ours,
    wrapped,
)
from demo.values.reading import END_TOKEN, token_text
from model.text.byte_level import read_bytes
from model.trace import Node, Trace

MOST_NODES = 400  # more can neither be read nor sent fast
TREE_LABEL = 9  # characters
STEP_WIDTH, LANE_HEIGHT = 60, 34  # pixels
GREY = "#8b8b9e"
# Colour, shape and size say the same, for those who see one of them less well.
STYLES: dict[str, dict[str, Any]] = {
    "live": {"color": ACCENT, "symbol": "circle", "size": 9},
    "finished": {"color": COPIED, "symbol": "square", "size": 12},
    "pruned": {"color": GREY, "symbol": "x-thin-open", "size": 7},
}
LINES: dict[str, dict[str, Any]] = {
    "pruned": {"color": GREY, "width": 1, "dash": "dot"},
    "live": {"color": ACCENT, "width": 1.5},
    "shown": {"color": ACCENT, "width": 4},
}


def beam_tree(trace: Trace, hypothesis: int = 0) -> go.Figure:
    """Steps from left to right, the shown hypothesis on top; point i is `meta["nodes"][i]`."""
    if not trace.steps or not trace.hypotheses:
        return empty_figure("This run recorded no steps.")
    if max(len(step.token_ids) for step in trace.steps) == 1:
        return empty_figure("One hypothesis at every step: only beam search grows a tree.")
    tree = trace.tree()
    place_of = {(node.step, node.row): place for place, node in enumerate(tree)}
    shown = {place_of[at] for at in enumerate(trace.hypotheses[hypothesis].rows)}
    every = branches(tree, shown)
    drawn = most_telling(every, MOST_NODES)
    lane_of = lanes(tree, drawn)
    places = sorted(lane_of)
    steps, rows = 1 + max(tree[place].step for place in places), 1 + max(lane_of.values())
    figure = go.Figure(layout=frame(82 + LANE_HEIGHT * rows, {"l": 12, "r": 110, "t": 40, "b": 28}))
    for name, wanted in (("pruned", False), ("live", True)):
        figure.add_trace(_lines(tree, lane_of, [one for one in drawn if one.kept is wanted], name))
    figure.add_trace(_lines(tree, lane_of, [one for one in drawn if one.shown], "shown"))
    figure.add_trace(_nodes(trace, tree, lane_of, places))
    for state, style in STYLES.items():
        figure.add_scatter(
            x=[None], y=[None], name=ours(state), mode="markers", marker=_marker([style])
        )
    _note_left_out(figure, len(tree) - len(places), len(tree))
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"},
        xaxis={"visible": False, "range": [-0.6, steps - 0.4], "fixedrange": True},
        yaxis={"visible": False, "range": [rows - 0.4, -0.8], "fixedrange": True},
        meta={
            "axis": None,
            "nodes": [[tree[place].step, tree[place].row] for place in places],
            "min_width": 122 + STEP_WIDTH * steps,
        },
    )
    return figure


def _lines(
    tree: Sequence[Node], lane_of: dict[int, int], wanted: Sequence[Branch], name: str
) -> go.Scatter:
    """The branches as one broken line each, from the node they leave."""
    x: list[int | None] = []
    y: list[int | None] = []
    for branch in wanted:
        path = [*([] if branch.parent is None else [branch.parent]), *branch.nodes]
        x += [*(tree[place].step for place in path), None]
        y += [*(lane_of[place] for place in path), None]
    return go.Scatter(x=x, y=y, mode="lines", line=LINES[name], hoverinfo="skip", showlegend=False)


def _nodes(
    trace: Trace, tree: Sequence[Node], lane_of: dict[int, int], places: Sequence[int]
) -> go.Scatter:
    """All nodes as one trace, so that a point's number tells the node."""
    ranks = {
        (len(one.rows) - 1, one.rows[-1]): (rank, one.score)
        for rank, one in reversed(list(enumerate(trace.hypotheses, 1)))
        if one.rows
    }
    labels, positions, hovers = [], [], []
    texts = _texts(tree)
    for place in places:
        node = tree[place]
        ended = ranks.get((node.step, node.row))
        end = node.text == END_TOKEN
        name = ours("(end)") if end else label(token_text(node.text), TREE_LABEL)
        labels.append(f"{name}  <b>{ended[0]}</b> · {ended[1]:.2f}" if ended else name)
        positions.append("middle right" if ended else "top center")
        hovers.append(_hover(node, texts[place], ended))
    return go.Scatter(
        x=[tree[place].step for place in places],
        y=[lane_of[place] for place in places],
        mode="markers+text",
        marker=_marker([STYLES[tree[place].state] for place in places]),
        text=labels,
        textposition=positions,
        textfont={"size": 10.5},
        cliponaxis=False,
        hovertext=hovers,
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )


def _texts(tree: Sequence[Node]) -> list[str]:
    """The summary up to every node."""
    texts: list[str] = []
    for node in tree:
        before = texts[node.parent] if node.parent is not None else ""
        texts.append(before + ("" if node.text == END_TOKEN else node.text))
    return texts


def _hover(node: Node, text: str, ended: tuple[int, float] | None) -> str:
    text = read_bytes(text).decode("utf-8", "replace").strip()
    if len(text) > LONGEST_HOVER:
        text = "…" + text[1 - LONGEST_HOVER :]
    about = f"{ours(node.state)} · {ours('sum of log-probabilities')} {node.score:.3f}"
    if ended:
        about += f"<br>{ours('hypothesis')} {ended[0]} · {ours('score')} {ended[1]:.3f}"
    return "<br>".join([*([wrapped(text)] if text else []), about])


def _marker(styles: Sequence[dict[str, Any]]) -> dict[str, Any]:
    marker = {name: [style[name] for style in styles] for name in ("color", "symbol", "size")}
    return {**marker, "line": {"width": 1.5, "color": marker["color"]}, "opacity": 1}


def _note_left_out(figure: go.Figure, left_out: int, all_of_them: int) -> None:
    if left_out:
        figure.add_annotation(
            text=f"{ours('Not drawn, the shortest branches:')} {left_out:,} / {all_of_them:,}",
            x=0,
            y=0,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="top",
            showarrow=False,
            font={"size": 11},
        )
