"""The summary, source and alternatives panels, the runs and the hypotheses, and small fixed pieces.

Templates lie in assets/html, their scripts in assets/js. Fixed texts carry `data-say`: the browser
says them in the reader's language. `data-user` keeps what a visitor wrote from being taken for one
of the page's own labels.
"""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from demo.assets import asset
from demo.language import header_buttons


def summary_strip(value: dict[str, Any]) -> gr.HTML:
    """The summary as buttons; see `values.views.finished_summary`."""
    return drawn_by_script("summary", value)


def source_panel(value: dict[str, Any] | None = None) -> gr.HTML:
    """The shaded source; see `values.views.source_panel`."""
    return drawn_by_script("source", value or {})


def alternatives_panel(value: dict[str, Any] | None = None) -> gr.HTML:
    """Candidates of the word shown; see `values.views.alternatives`.

    Event: `continue_here` {step, token_id} or {step, text}.
    """
    return drawn_by_script("alternatives", value or {})


def history(value: dict[str, Any] | None = None) -> gr.HTML:
    """The runs made so far; see `values.views.history`. Event: `run_chosen` {place}."""
    return drawn_by_script("history", value or {})


def hypotheses(value: dict[str, Any] | None = None) -> gr.HTML:
    """All hypotheses of a run; see `values.views.hypotheses`.

    Events: `hypothesis_chosen` {place}, and `node_chosen` {step, row} for a click in the tree.
    """
    return drawn_by_script("hypotheses", value or {})


def about(value: dict[str, Any]) -> gr.HTML:
    """A line on the chosen model; see `about.about`."""
    return drawn_by_script("about", value)


def masked() -> gr.HTML:
    """What would be masked in the shown run; see `hiding.what_is_masked`. Event: `mask_shown`."""
    return drawn_by_script("masked", {})


def brand() -> gr.HTML:
    """Name and one line."""
    return _fixed(
        '<div class="gs-brand"><h1>Gistscope</h1>'
        '<p data-say="Watch a summary being made, word by word.">'
        "Watch a summary being made, word by word.</p></div>"
    )


def tools() -> gr.HTML:
    """The header's small buttons: language, presenter view, tour, and light or dark."""
    return _fixed(f'<div class="gs-tools">{header_buttons()}</div>')


def shortcuts() -> gr.HTML:
    """What keys do, the switch of the one that is a letter, and the way to the privacy page.

    Whoever speaks to type needs that switch.
    """
    keys = _said("span", "", "Ctrl ↵ summarizes, Esc stops and lets go of words.")
    letter = _said("span", "", "Key p switches the presenter view")
    switch = f'<label><input type="checkbox" class="gs-key-p" checked> {letter}</label>'
    privacy = _said("span", "", "What happens to your text")
    # Relative: the page may be served below another path.
    link = f'<a href="privacy" target="_blank" rel="noopener">{privacy}</a>'
    return _fixed(f'<p class="gs-hint gs-shortcuts">{keys} {switch} {link}</p>')


def heading(text: str, aside: str = "") -> gr.HTML:
    """A card's heading. Both texts are the page's own, never a user's."""
    side = _said("span", "gs-aside", aside) if aside else ""
    return _fixed(f'<div class="gs-head">{_said("h2", "", text)}{side}</div>')


def note(text: str) -> gr.HTML:
    """A sentence of the page's own below a heading."""
    return _fixed(_said("p", "gs-hint", text))


def _said(tag: str, name: str, text: str) -> str:
    """An element whose text follows the page's language."""
    return f'<{tag} class="{name}" data-say="{escape(text)}">{escape(text)}</{tag}>'


def drawn_by_script(name: str, value: dict[str, Any]) -> gr.HTML:
    """The template assets/html/<name>.html, painted by assets/js/<name>.js; its id is the name."""
    return gr.HTML(
        value=value,
        html_template=asset("html", f"{name}.html"),
        js_on_load=asset("js", f"{name}.js"),
        elem_id=name,
        apply_default_css=False,
    )


def _fixed(markup: str) -> gr.HTML:
    return gr.HTML(markup, js_on_load=None, apply_default_css=False)
