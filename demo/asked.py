"""What a visitor sends, checked: sessions, events, names. Every value is hostile until it was here.

Knows neither the model nor what is drawn; a `ValueError` names the value and what is allowed.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.session import NO_RUN, Run, Session


def visit(session: Any) -> Session:
    """The visitor's session; an expired one starts anew."""
    return session if isinstance(session, Session) else Session()


def shown(session: Any) -> Run:
    """The run that is looked at."""
    run = visit(session).run
    if run is None:
        raise ValueError(NO_RUN)
    return run


def sent(event: gr.EventData) -> dict[str, Any]:
    """What a component's event carries; anything but named values is as good as nothing."""
    return event._data if isinstance(event._data, dict) else {}


def number(name: str, value: Any) -> int:
    """A whole number from the page; JSON has no other kind of number than this may be."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 9:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} must be a whole number, got {value!r:.80}")
    return value


def name_of(model: Any) -> str | None:
    """A model's name; empty is the first model."""
    if model is not None and not isinstance(model, str):
        raise ValueError(f"model must be a name, got {model!r:.80}")
    return model or None


def style_of(style: Any, styles: tuple[str, ...]) -> str | None:
    """The style asked for; a model without styles takes none."""
    if not styles or style in (None, ""):
        return None
    if not isinstance(style, str) or style not in styles:
        raise ValueError(f"style must be one of {', '.join(styles)}, got {style!r:.80}")
    return style
