"""Components without a look of their own: they carry things between Python and the browser."""

from __future__ import annotations

import gradio as gr

from demo.assets import asset


def outbox() -> gr.HTML:
    """Saves or copies what a handler puts into it; see `files.saved_json` and `Links.made`."""
    return _bridge("outbox")


def inbox() -> gr.HTML:
    """Fires `link_opened` {link} when the page was opened by a link with settings in its hash."""
    return _bridge("inbox")


def selection() -> gr.HTML:
    """Fires `word_chosen` {word} when another word of the summary was selected."""
    return _bridge("selection")


def _bridge(name: str) -> gr.HTML:
    return gr.HTML(
        value={},
        html_template="<div hidden></div>",
        js_on_load=asset("js", f"{name}.js"),
        elem_id=name,
        elem_classes="gs-bridge",
        apply_default_css=False,
    )
