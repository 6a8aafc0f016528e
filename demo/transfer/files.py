"""What a visitor brings and takes away: documents, runs as JSON, reports, the summary itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from demo.asked import visit
from demo.drawing import Views, everything
from demo.library import Library
from demo.privacy.hiding import run_to_take, what_is_masked
from demo.serving.calls import limits_now
from demo.telling import noted, said
from demo.transfer.report import html_report
from demo.transfer.saved_runs import MAX_RUN_BYTES, file_stem, load_run, run_json
from demo.uploads import read_document


def document(path: Any) -> tuple[Any, Any]:
    """(text, tabs) of an uploaded document; a bad one leaves the text as it is."""
    try:
        return read_document(Path(path), Path(path).name, limits_now()), gr.update(selected="write")
    except (TypeError, ValueError) as error:
        noted(error)
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


def saved_json(session: Any, mask: Any) -> tuple[Any, Any]:
    """(outbox, masked) for the shown run as JSON."""
    return said("Nothing to save")(_download)(session, mask, "json", "application/json")


def saved_report(session: Any, mask: Any) -> tuple[Any, Any]:
    """(outbox, masked) for the shown run as one offline HTML page."""
    return said("Nothing to save")(_download)(session, mask, "html", "text/html")


def copied_summary(session: Any, mask: Any) -> tuple[Any, Any]:
    """(outbox, masked) for the text of the shown summary, to be copied."""
    return said("Nothing to copy")(_copied)(session, mask)


def _download(session: Any, mask: Any, ending: str, kind: str) -> tuple[Any, Any]:
    run = run_to_take(session, mask)
    text = run_json(run) if ending == "json" else html_report(run)
    held = {"name": f"{file_stem(run)}.{ending}", "text": text, "type": kind}
    return held, what_is_masked(session, mask)


def _copied(session: Any, mask: Any) -> tuple[Any, Any]:
    run = run_to_take(session, mask)
    return {"copy": run.trace.hypotheses[run.hypothesis].text}, what_is_masked(session, mask)
