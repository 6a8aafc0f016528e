"""What a visitor brings and takes away: documents, runs as JSON, reports, links."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from demo import choosing
from demo.asked import name_of, sent, shown, visit
from demo.choosing import style_choice
from demo.controls import CONTROL_NAMES, CONTROLS, SHORTEST
from demo.drawing import Views, everything
from demo.library import Library
from demo.report import html_report
from demo.saved_runs import MAX_RUN_BYTES, file_stem, load_run, run_json
from demo.session import Run
from demo.strategies import to_options
from demo.telling import said
from demo.uploads import read_document
from model.summarizer import Summarizer


def document(path: Any) -> tuple[Any, Any]:
    """(text, tabs) of an uploaded document; a bad one leaves the text as it is."""
    try:
        return read_document(Path(path), Path(path).name), gr.update(selected="write")
    except (TypeError, ValueError) as error:
        gr.Warning(str(error), title="Not read")
        return gr.skip(), gr.skip()


@dataclass(frozen=True)
class Runs:
    """Saved runs in and out, over one library."""

    library: Library

    def opened(self, session: Any, path: Any) -> Views:
        """A run saved as JSON or as a report, exactly as it was; it says which model differs."""
        return said("Not opened")(self._opened)(session, path)

    def _opened(self, session: Any, path: Any) -> Views:
        file = Path(path)
        if file.stat().st_size > MAX_RUN_BYTES:
            raise ValueError(
                f"the file has {file.stat().st_size:,} bytes, the limit is {MAX_RUN_BYTES:,}"
            )
        run = load_run(file.read_text(encoding="utf-8"))
        if difference := self.difference(run.trace.model):
            gr.Info(difference)
        return everything(visit(session).adding(run))

    def difference(self, model: Any) -> str:
        """How a run's model differs from the one of that name here; empty when it doesn't."""
        name = str(model.get("name", ""))
        if name not in self.library.names:
            return f"There is no model {name!r:.80} here; the run is shown as it was saved."
        if self.library.get(name).fingerprint != model.get("fingerprint"):
            return f"The model {name!r:.80} here is another one; the run is shown as it was saved."
        return ""


def saved_json(session: Any) -> dict[str, Any]:
    """The shown run as the download component's value."""
    return _download(session, "json", "application/json")


def saved_report(session: Any) -> dict[str, Any]:
    """The shown run as one offline HTML page, as the download component's value."""
    return _download(session, "html", "text/html")


def _download(session: Any, ending: str, kind: str) -> dict[str, Any]:
    try:
        run = shown(session)
    except ValueError as error:
        gr.Warning(str(error), title="Nothing to save")
        return {}
    text = run_json(run) if ending == "json" else html_report(run)
    return {"name": f"{file_stem(run)}.{ending}", "text": text, "type": kind}


@dataclass(frozen=True)
class Links:
    """Settings as a link in the URL's hash, over one library. Nothing of it is kept here."""

    library: Library

    def made(
        self, session: Any, text: Any, model: Any, style: Any, strategy: Any, *values: Any
    ) -> Any:
        """What a link holds, as the takeaway component's value.

        Where the shown run of this text was led another way, the link leads there, too.
        """
        return said("No link")(self._made)(session, text, model, style, strategy, *values)

    def _made(
        self, session: Any, text: Any, model: Any, style: Any, strategy: Any, *values: Any
    ) -> Any:
        summarizer = self.library.get(name_of(model))
        controls = dict(zip(CONTROL_NAMES, values, strict=True))
        run = visit(session).run
        if run is not None and isinstance(text, str) and text.split() == run.text.split():
            controls = _led(run, controls, summarizer)
        return {
            "link": {
                "text": text,
                "model": summarizer.name if model is None else model,
                "fingerprint": summarizer.fingerprint,
                "style": style,
                "strategy": strategy,
                "controls": controls,
            }
        }

    def opened(self, event: gr.EventData) -> tuple[Any, ...]:
        """(text, model, style, strategy, *controls) of a link; a bad one changes nothing.

        It raises instead of warning: what follows upon success must not follow.
        """
        try:
            return self._values(sent(event).get("link"))
        except (TypeError, ValueError) as error:
            title = "The link can't be opened"
            raise gr.Error(str(error), title=title, print_exception=False) from error

    def _values(self, held: Any) -> tuple[Any, ...]:
        if not isinstance(held, dict):
            raise ValueError("The link holds no settings.")
        text, strategy, given = held.get("text"), held.get("strategy"), held.get("controls")
        if not (isinstance(text, str) and isinstance(strategy, str) and isinstance(given, dict)):
            raise ValueError("The link holds no text or no settings.")
        summarizer = self.library.get(name_of(held.get("model")))
        if held.get("fingerprint") != summarizer.fingerprint:
            gr.Info("The model here is another one than the link's; the summary can differ.")
        style = style_choice(summarizer.styles, held.get("style"))
        updates = choosing.strategy(strategy)
        for control, update in zip(CONTROLS, updates, strict=True):
            update["value"] = given.get(control.name, control.start)
        to_options(strategy, [update["value"] for update in updates])  # refuses bad values
        return text, held.get("model"), style, strategy, *updates


def _led(run: Run, controls: dict[str, Any], summarizer: Summarizer) -> dict[str, Any]:
    """The settings under which the run's beginning, given by the visitor, is given again.

    One that was ended by hand has no room for another word: that ends it at the same place.
    """
    prefix = run.trace.options.get("forced_prefix")
    if not isinstance(prefix, str) or not prefix:
        return controls
    led = {**controls, "forced_prefix": prefix}
    shown = run.trace.hypotheses[run.hypothesis]
    count = summarizer.token_counts([prefix])[0]
    if shown.finished and shown.text == prefix and count >= SHORTEST:
        led |= {"max_new_tokens": count, "min_new_tokens": 0}
    return led
