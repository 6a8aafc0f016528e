"""The summary strip, the source panel, the alternatives panel and small fixed pieces."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.assets import asset

SUMMARY = """<div class="gs-summary" data-state="empty">
<div class="gs-head"><h2>Summary</h2><span class="gs-aside gs-legend" hidden>certain
<span class="gs-ramp" aria-hidden="true"></span> unsure</span></div>
<p class="gs-empty">Press Summarize, then click a word of the summary.</p>
<p class="gs-text" aria-live="polite"></p>
<div class="gs-words" role="group" aria-label="Words of the summary"></div>
<p class="gs-notice" role="status" hidden></p>
<dl class="gs-facts"></dl></div>"""

SOURCE = """<div><p class="gs-source" tabindex="0" role="group"
aria-label="The source as the model read it"></p>
<div class="gs-head" style="margin-top:10px"><p class="gs-hint"></p>
<span class="gs-aside gs-extent"></span></div></div>"""

ALTERNATIVES = """<div class="gs-alternatives">
<div class="gs-head"><h2 class="gs-title">Alternatives</h2>
<span class="gs-aside gs-step"></span></div>
<p class="gs-hint">Click a word of the summary to see what else the model could have written.</p>
<div class="gs-pieces" role="group" aria-label="Parts of the word"></div>
<table hidden><thead><tr><th scope="col">candidate</th><th scope="col"><span
aria-hidden="true">model / after rules</span></th><th scope="col">model</th>
<th scope="col">final</th><th scope="col">rule</th></tr></thead><tbody></tbody></table></div>"""


def summary_strip(value: dict[str, Any]) -> gr.HTML:
    """The summary as buttons; see `views.finished_summary`."""
    return _component(SUMMARY, "summary.js", value, "summary")


def source_panel() -> gr.HTML:
    """The shaded source; see `views.source_panel`."""
    return _component(SOURCE, "source.js", {}, "source")


def alternatives_panel() -> gr.HTML:
    """Candidates of the word shown; see `views.alternatives`."""
    return _component(ALTERNATIVES, "alternatives.js", {}, "alternatives")


def brand() -> gr.HTML:
    """Name and one line."""
    return _fixed(
        '<div class="gs-brand"><h1>Gistscope</h1>'
        "<p>Watch a summary being made, word by word.</p></div>"
    )


def theme_button() -> gr.HTML:
    """Switches between light and dark."""
    return _fixed(
        '<button type="button" class="gs-theme" aria-pressed="false" '
        'aria-label="Dark theme" title="Light or dark">◐</button>'
    )


def heading(text: str, aside: str = "") -> gr.HTML:
    """A card's heading. Both texts are the page's own, never a user's."""
    side = f'<span class="gs-aside">{aside}</span>' if aside else ""
    return _fixed(f'<div class="gs-head"><h2>{text}</h2>{side}</div>')


def _component(template: str, script: str, value: dict[str, Any], name: str) -> gr.HTML:
    return gr.HTML(
        value=value,
        html_template=template,
        js_on_load=asset("js", script),
        elem_id=name,
        apply_default_css=False,
    )


def _fixed(markup: str) -> gr.HTML:
    return gr.HTML(markup, js_on_load=None, apply_default_css=False)
