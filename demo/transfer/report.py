"""A run as one HTML page that needs nobody: the page's own components over stored values.

Everything is in the file: styles, scripts, Plotly, the values of every view and the trace itself.
A user's text is only ever in JSON, or escaped. Runs no model and knows no gradio.
"""

from __future__ import annotations

import dataclasses
import json
from html import escape
from string import Template
from typing import Any

from plotly.offline import get_plotlyjs

from demo import plots
from demo.assets import asset
from demo.language import LANGUAGE_BUTTON, language_head, script
from demo.session import Run
from demo.settings.controls import CONTROLS
from demo.values import views
from demo.values.reading import opening_view
from model.options import DecodingOptions
from model.trace import Trace

# The page may run what it holds and fetch nothing at all.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)
COMPONENTS = ("summary", "source", "alternatives", "hypotheses")
HEAD_SCRIPTS = ("link.js", "choosing.js", "figures.js")  # behind language.js
STYLES = (
    ("css", "page.css"),
    ("css", "run.css"),
    ("css", "manners.css"),
    ("report", "report.css"),
)
MOST_HYPOTHESES = 6  # that can be looked at; all views of each are stored
MAIN_FACTS = ("name", "family", "fingerprint")  # of the model, in this order
LONGEST_TITLE = 70
MERGED = "What was merged: the summaries of the parts"


def html_report(run: Run) -> str:
    """The whole page; it holds the trace, so that `saved_runs.load_run` reads it again."""
    text = run.trace.hypotheses[run.hypothesis].text if run.trace.hypotheses else ""
    line = " ".join(text.split())
    short = line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1]}…"
    template = Template(asset("report", "page.html"))
    return template.substitute(
        {name: asset("html", f"{name}.html") for name in COMPONENTS},
        policy=POLICY,
        title=escape(f"{short} · Gistscope" if short else "Gistscope"),
        styles="".join(asset(*path) for path in STYLES),
        scripts=language_head() + "".join(script(asset("js", name)) for name in HEAD_SCRIPTS),
        language=LANGUAGE_BUTTON,
        settings=_settings(run.trace),
        read=_said("h2", MERGED if run.parts else "Source text"),
        parts=_parts(run.parts),
        trace=_safe(run.trace.to_json()),
        views=_safe(json.dumps(_views(run), ensure_ascii=False, separators=(",", ":"))),
        runtime=_runtime(),
    )


def _views(run: Run) -> dict[str, Any]:
    """What every component and figure shows of every hypothesis, and the way between them."""
    places = {*range(min(MOST_HYPOTHESES, len(run.trace.hypotheses))), run.hypothesis}
    shown: dict[int, Any] = {}
    template: dict[str, Any] = {}
    for place in sorted(places):
        figures = _figures(run.trace, place)
        for figure in figures.values():  # the same in all of them, and the largest part
            template = figure["layout"].pop("template", template)
        shown[place] = {"values": _values(run, place), "figures": figures}
    return {
        "shown": run.hypothesis,
        "views": shown,
        "rows": [list(one.rows) for one in run.trace.hypotheses],
        "template": template,
    }


def _values(run: Run, place: int) -> dict[str, Any]:
    trace = run.trace
    return {
        "summary": views.summary_of(run, place),
        "source": views.source_panel(trace, place, opening_view(trace)),
        # Nothing can go on from here: there is no model.
        "alternatives": views.alternatives(trace, place, fixed=True),
        "hypotheses": views.hypotheses(trace, place),
    }


def _figures(trace: Trace, place: int) -> dict[str, Any]:
    figures = {
        "chart": plots.word_probabilities(trace, place),
        "attention": plots.attention_map(trace, place, opening_view(trace)),
        "entropy": plots.entropy_and_rank(trace, place),
        "strip": plots.candidate_strip(trace, place),
        "tree": plots.beam_tree(trace, place),
    }
    # Plotly's own JSON packs arrays and has no NaN.
    return {name: json.loads(figure.to_json()) for name, figure in figures.items()}


def _settings(trace: Trace) -> str:
    """The model, the style and what was not left at its default; all other settings folded."""
    labels = {control.name: control.label for control in CONTROLS}
    defaults = {field.name: field.default for field in dataclasses.fields(DecodingOptions)}
    rows, folded = [], []
    for name in MAIN_FACTS:
        if name in trace.model:
            rows.append(_row(f"Model: {name}", trace.model[name]))
    if trace.source.style:
        rows.append(_row("Style", trace.source.style))
    for name, value in trace.options.items():
        label = labels.get(name, name.replace("_", " "))
        if name in defaults and _plain(defaults[name]) == _plain(value):
            folded.append(_row(label, value))
        else:
            rows.append(_row(label, value, other=True))
    rest = "All other settings: the defaults"
    closed = f"<details>{_said('summary', rest)}{_table(folded)}</details>" if folded else ""
    return _table(rows) + closed


def _parts(parts: tuple[Trace, ...]) -> str:
    """The whole of a long document, part by part: what came of each, and what stands there."""
    if not parts:
        return ""
    items = "".join(
        f"<li><p>{escape(part.hypotheses[0].text if part.hypotheses else '')}</p>"
        f"<details>{_said('summary', 'The text of this part')}"
        f"<p>{escape(part.source.text)}</p></details></li>"
        for part in parts
    )
    heading = _said("h2", "The whole document, part by part")
    return (
        f'<section class="gs-card"><div class="gs-head">{heading}</div>'
        f'<ol class="gs-parts" data-user>{items}</ol></section>'
    )


def _runtime() -> str:
    """Plotly, the components' scripts as functions, and what starts them."""
    functions = [
        f"{name}: function (element, props, watch, trigger) {{\n{asset('js', f'{name}.js')}\n}}"
        for name in COMPONENTS
    ]
    return (
        script(get_plotlyjs())
        + script("window.gistscopeComponents = {" + ",".join(functions) + "};")
        + script(asset("report", "runtime.js"))
    )


def _table(rows: list[str]) -> str:
    return f'<table class="gs-table" data-user><tbody>{"".join(rows)}</tbody></table>'


def _row(label: str, value: Any, other: bool = False) -> str:
    kind = ' class="gs-other"' if other else ""
    name = _said("th", label, ' scope="row"')
    return f"<tr{kind}>{name}<td>{escape(_written(value))}</td></tr>"


def _said(tag: str, text: str, attributes: str = "") -> str:
    """An element whose text follows the report's language."""
    return f'<{tag}{attributes} data-say="{escape(text)}">{escape(text)}</{tag}>'


def _written(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value) or "–"
    return "–" if value is None or value == "" else str(value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _safe(text: str) -> str:
    """JSON that may stand in a script element: no sign in it means anything to HTML."""
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
