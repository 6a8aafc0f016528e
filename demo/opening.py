"""The page before anybody touched it: a shipped run, drawn by the code that draws every run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from pydantic import BaseModel

from demo.assets import ASSETS
from demo.drawing import FIGURES, everything
from demo.session import Run, Session
from model.trace import Trace

STORED_RUN = ASSETS / "examples" / "1-news.json"  # `make stored-run` writes it


def opening_session() -> Session:
    """A session that holds the stored run; an empty one where the file is missing."""
    if not STORED_RUN.is_file():
        return Session()
    trace = Trace.from_json(STORED_RUN.read_text(encoding="utf-8"))
    return Session().adding(Run(trace, f"{trace.source.style} · stored", stored=True))


def show(session: Session, components: Sequence[Any], tab: str) -> None:
    """Give the components of `Views` what they show of the session's run while `tab` is open."""
    run = session.run
    if run is None:
        return
    drawn = everything(session)._replace(**FIGURES[tab](run.trace, run.hypothesis)._asdict())
    for component, value in zip(components, drawn, strict=True):
        if isinstance(value, dict) and value.get("__type__") == "update":
            for setting in value.keys() - {"__type__"}:
                setattr(component, setting, value[setting])
        elif isinstance(component, gr.State):
            component.value = value
        else:
            component.value = _as_constructed(component, value)


def _as_constructed(component: Any, value: Any) -> Any:
    """The value as the component would have it, had it been built with it."""
    made = component.postprocess(value)
    return made.model_dump() if isinstance(made, BaseModel) else made
