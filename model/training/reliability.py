"""A reliability diagram as SVG: how often tokens were right, by how probable the model found them.

Readable on light and dark ground, without fonts or scripts of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from model.training.calibration import Bin, Calibration

SIDE = 300  # of the square, in pixels
LEFT, TOP, BELOW = 52, 34, 44
COLOURS = ("#6b7280", "#c2620a")  # before and after the temperature
INK = "#6b7280"


def reliability_svg(before: Calibration, after: Calibration) -> str:
    """The diagram of the bins of both, the diagonal being what a calibrated model would show."""
    width, height = LEFT + SIDE + 16, TOP + SIDE + BELOW
    parts = [_line((0.0, 0.0), (1.0, 1.0), f'stroke="{INK}" stroke-dasharray="4 4"'), *_axes()]
    for place, (one, colour) in enumerate(zip((before, after), COLOURS, strict=True)):
        label = f"T = {one.temperature:g}, ECE {100 * one.error:.1f} %"
        parts.append(_text(LEFT + place * SIDE / 2, 20, label, "start", colour))
        parts.append(_curve(one.bins, colour))
    title = f"Reliability of {after.tokens} tokens: {escape(after.name)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'role="img" font-family="sans-serif" font-size="12"><title>{title}</title>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _axes() -> list[str]:
    frame = f'fill="none" stroke="{INK}"'
    parts = [f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" {frame}/>']
    for tenths in range(0, 11, 2):
        x, y = _place(tenths / 10, tenths / 10)
        parts.append(_text(x, TOP + SIDE + 16, f"{tenths / 10:g}", "middle"))
        parts.append(_text(LEFT - 6, y + 4, f"{tenths / 10:g}", "end"))
    middle = LEFT + SIDE / 2
    parts.append(_text(middle, TOP + SIDE + 36, "probability of the first choice", "middle"))
    turned = f'<g transform="translate(14 {TOP + SIDE / 2}) rotate(-90)">'
    return [*parts, f"{turned}{_text(0, 0, 'share that was right', 'middle')}</g>"]


def _curve(bins: Sequence[Bin], colour: str) -> str:
    """A point per bin with tokens, and the line through them."""
    points = [_place(b.confidence or 0.0, b.accuracy or 0.0) for b in bins if b.tokens]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in points)
    line = f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    return f'{line}<g fill="{colour}">{dots}</g>'


def _line(start: tuple[float, float], end: tuple[float, float], look: str) -> str:
    (x1, y1), (x2, y2) = _place(*start), _place(*end)
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {look}/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = INK) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


def _place(confidence: float, accuracy: float) -> tuple[float, float]:
    return LEFT + SIDE * confidence, TOP + SIDE * (1 - accuracy)
