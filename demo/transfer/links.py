"""Text and settings as a link in the URL's hash. Nothing of it is kept here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.asked import name_of, sent, visit
from demo.library import Library
from demo.privacy.hiding import known_in, listed
from demo.privacy.masked_runs import texts_of
from demo.session import Run
from demo.settings import choosing
from demo.settings.choosing import style_choice
from demo.settings.controls import CONTROL_NAMES, CONTROLS
from demo.settings.strategies import to_options
from demo.telling import said
from model.summarizer import Summarizer

TEXTS = ("forced_prefix", "bad_words")  # controls that hold text


@dataclass(frozen=True)
class Links:
    """Links made and opened, over one library."""

    library: Library

    def made(
        self, session: Any, mask: Any, text: Any, model: Any, style: Any, *settings: Any
    ) -> tuple[Any, Any]:
        """(outbox, masked) for a link; `settings`: strategy, controls.

        Where the shown run of this text was led another way, the link leads there, too.
        """
        return said("No link")(self._made)(session, mask, text, model, style, *settings)

    def _made(
        self, session: Any, mask: Any, text: Any, model: Any, style: Any, *settings: Any
    ) -> tuple[Any, Any]:
        strategy, *values = settings
        summarizer = self.library.get(name_of(model))
        controls = dict(zip(CONTROL_NAMES, values, strict=True))
        if not isinstance(text, str):
            raise ValueError(f"text must be text, got {text!r:.80}")
        run = visit(session).run
        led = run if run is not None and text.split() == run.text.split() else None
        texts = [text, *(str(controls[name]) for name in TEXTS)]
        known = known_in([*texts, *(texts_of(run) if run else ())], mask)
        hide = known.hide if known else str
        controls |= {name: hide(str(controls[name])) for name in TEXTS if controls[name]}
        held = {
            "text": hide(text),
            "model": summarizer.name if model is None else model,
            "fingerprint": summarizer.fingerprint,
            "style": style,
            "strategy": strategy,
            "controls": _led(led, controls, summarizer, hide) if led else controls,
        }
        return {"link": held}, {**listed(known), "can_show": run is not None}

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


def _prefix(run: Run | None) -> str:
    """The beginning that the visitor gave a run; empty where there is none."""
    prefix = run.trace.options.get("forced_prefix") if run else ""
    return prefix if isinstance(prefix, str) else ""


def _led(
    run: Run, controls: dict[str, Any], summarizer: Summarizer, hide: Callable[[str], str]
) -> dict[str, Any]:
    """The settings under which the run's beginning, given by the visitor, is given again.

    One that was ended by hand has no room for another word: that ends it at the same place.
    """
    prefix = _prefix(run)
    if not prefix:
        return controls
    led = {**controls, "forced_prefix": hide(prefix)}
    shown = run.trace.hypotheses[run.hypothesis]
    if shown.finished and shown.text == prefix:
        led["max_new_tokens"] = summarizer.token_counts([led["forced_prefix"]])[0]
        led["min_new_tokens"] = 0
    return led
