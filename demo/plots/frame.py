"""What all figures share: fonts, transparency, axes that count words. Sees no trace.

The page's own words in a figure stand between two invisible separators (`ours`): the browser says
those in the reader's language, and leaves alone what comes from a text.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from demo.values.reading import Piece, Word

ACCENT = "#6d66f0"  # seen well on white and on near-black
DOUBT = "#f59e0b"
COPIED = "#0d9488"
INK = "#6b6b80"  # the page's style sheet replaces it by the theme's own ink
FAINT = "rgba(128, 128, 150, 0.18)"
FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"
LONGEST_LABEL = 18  # characters
CHARACTER = 6.5  # pixels that one of an axis label takes
HOVER_LINE, LONGEST_HOVER = 56, 168  # characters
SEPARATOR = "\u2063"  # as wide as nothing


def frame(height: int, margin: dict[str, int]) -> go.Layout:
    """A transparent layout without drag-zoom surprises; axes are added by the figure."""
    return go.Layout(
        template={},  # Plotly's own is 7 KB of colours that nothing here uses
        height=height,
        margin=margin,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 12, "color": INK},
        hoverlabel={
            "bgcolor": "#26263a",
            "bordercolor": "#26263a",
            "font": {"color": "#ffffff", "family": FONT},
            "align": "left",
        },
        showlegend=False,
        dragmode=False,
    )


def word_axis(labels: Sequence[str], **settings: Any) -> dict[str, Any]:
    """An axis with one whole number a label; the labels are made by `label` or `ours`."""
    return {
        "tickmode": "array",
        "tickvals": list(range(len(labels))),
        "ticktext": list(labels),
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        # Plotly would measure every label again and again, to hide those at the figure's edge.
        "ticklabeloverflow": "allow",
        "fixedrange": True,
        **settings,
    }


def piece_axis(pieces: Sequence[Piece], **settings: Any) -> dict[str, Any]:
    """The same for tokens; one that goes on with a word shows so by a dot before it."""
    return word_axis([_piece_label(piece) for piece in pieces], **settings)


def _piece_label(piece: Piece) -> str:
    return piece_name(piece) if piece.begins else label(f"·{piece.text}")


def piece_name(piece: Piece) -> str:
    """A token as a label."""
    return ours(piece.text) if piece.special else label(piece.text)


def word_name(word: Word) -> str:
    """A word as a label."""
    return ours(word.text) if word.special else label(word.text)


def ours(words: str) -> str:
    """Words of the page's own, for the browser to translate; Plotly's markup may be in them."""
    return f"{SEPARATOR}{words}{SEPARATOR}"


def leaning(characters: int, degrees: int) -> tuple[int, int]:
    """Pixels that a slanted label takes sideways, and up or down."""
    length, angle = CHARACTER * characters, math.radians(abs(degrees))
    return round(length * math.cos(angle)), round(length * math.sin(angle))


def label(text: str, longest: int = LONGEST_LABEL) -> str:
    """A word as plain axis text: one line, cut when long, never Plotly markup."""
    line = " ".join(text.split()) or "␣"
    if len(line) > longest:
        line = line[: longest - 1] + "…"
    return plain(line)


def wrapped(text: str) -> str:
    """Any text as plain lines for a hover box; a very long one is cut."""
    cut = text if len(text) <= LONGEST_HOVER else text[: LONGEST_HOVER - 1] + "…"
    return "<br>".join(map(plain, textwrap.wrap(cut, HOVER_LINE)))


def plain(text: str) -> str:
    """Text without meaning to Plotly, which reads a few HTML tags and entities, or to `ours`."""
    return (
        text.replace(SEPARATOR, "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )


def empty_figure(message: str, height: int = 160) -> go.Figure:
    """A figure that only says why it is empty."""
    figure = go.Figure(layout=frame(height, {"l": 10, "r": 10, "t": 10, "b": 10}))
    figure.update_layout(xaxis={"visible": False}, yaxis={"visible": False}, meta={})
    figure.add_annotation(
        text=ours(message), showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper"
    )
    return figure
