"""The page's own components: gr.HTML with a fixed template, and a script from assets/js.

A template holds no values. The scripts write every text with `textContent`: gr.HTML would run
markup in a value, and users' text is never to be trusted.
"""

from __future__ import annotations

from demo.components.bridges import inbox, outbox, selection
from demo.components.panels import (
    about,
    alternatives_panel,
    brand,
    drawn_by_script,
    heading,
    history,
    hypotheses,
    masked,
    note,
    shortcuts,
    source_panel,
    summary_strip,
    tools,
)

__all__ = [
    "about",
    "alternatives_panel",
    "brand",
    "drawn_by_script",
    "heading",
    "history",
    "hypotheses",
    "inbox",
    "masked",
    "note",
    "outbox",
    "selection",
    "shortcuts",
    "source_panel",
    "summary_strip",
    "tools",
]
