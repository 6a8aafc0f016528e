"""The four pickers of the attention map: what they offer, and the view that they ask for."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.values.reading import UNITS, AttentionView
from model.trace import Trace

REDUCTIONS = ("mean", "max")
WHOLE = "all of it"  # the zoom that zooms into no sentence
LONGEST_SENTENCE = 60  # characters of a sentence in the zoom's list


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
        *((line_of(number, one.text), str(number)) for number, one in enumerate(sentences, 1)),
    ]


def line_of(number: int, text: str) -> str:
    """A sentence or a part as a choice: its number and how it begins."""
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


def numbered(count: int) -> Any:
    """The choices of a picker over `count` layers or heads."""
    names = [*REDUCTIONS, *(str(number) for number in range(1, count + 1))]
    choices = [(name, name) for name in names]
    return gr.update(choices=choices, value="mean", interactive=count > 1)
