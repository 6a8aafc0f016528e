"""A model that keeps to the limits of the call it works for; without a call, to the defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gradio as gr

from demo.serving.calls import Call, current, rows_of
from demo.serving.limits import LimitError
from model.options import DecodingOptions
from model.records.record import Source
from model.summarizer import Result, StreamUpdate, Summarizer
from model.trace import Trace

NO_SEARCH = DecodingOptions(num_beams=1, max_new_tokens=1)


class BoundedSummarizer(Summarizer):
    """Refuses a text or a search that is too large, and ends a run whose time is over.

    A run that has to end keeps what it wrote: its trace has unfinished hypotheses. The next run of
    the same call, such as another part of a long document, is refused.
    """

    _called: str = ""

    def called(self, name: str) -> BoundedSummarizer:
        """Itself, under the name by which the page and its traces know it."""
        self._called = name
        return self

    @property
    def name(self) -> str:
        return self._called or super().name

    def read(self, text: str, style: str | None = None) -> Source:
        _check_text(_call(), text)
        return super().read(text, style)

    def stream(
        self, text: str, options: DecodingOptions | None = None, style: str | None = None
    ) -> Iterator[StreamUpdate]:
        call = self._admitted([text], options or self.defaults(style))
        updates = super().stream(text, options, style)  # not begun; refuses bad input here
        if call.elsewhere:
            updates = call.elsewhere(call, self.name, "stream", (text, options, style), {})
        return _watched(call, updates)

    def continue_from(
        self,
        trace: Trace,
        hypothesis: int,
        step: int,
        *,
        token_id: int | None = None,
        text: str | None = None,
        options: DecodingOptions | None = None,
    ) -> Iterator[StreamUpdate]:
        call = self._admitted([trace.source.text], options or self.defaults(trace.source.style))
        named: dict[str, Any] = {"token_id": token_id, "text": text, "options": options}
        updates = super().continue_from(trace, hypothesis, step, **named)
        if call.elsewhere:
            values = (trace, hypothesis, step)
            updates = call.elsewhere(call, self.name, "continue_from", values, named)
        return _watched(call, updates)

    def summarize_many(
        self, texts: Sequence[str], options: DecodingOptions | None = None, style: str | None = None
    ) -> list[Result]:
        call = self._admitted(texts, options or self.defaults(style))
        if call.elsewhere:
            values = (texts, options, style)
            (results,) = call.elsewhere(call, self.name, "summarize_many", values, {})
        else:
            results = super().summarize_many(texts, options, style)
        for result in results:
            _count(call, result.trace)
        _tell(call)
        return results

    def score(self, text: str, reference: str, style: str | None = None) -> Trace:
        call = self._admitted([text], NO_SEARCH)
        _check_text(call, reference)
        if call.elsewhere:
            values = (text, reference, style)
            (trace,) = call.elsewhere(call, self.name, "score", values, {})
        else:
            trace = super().score(text, reference, style)
        _count(call, trace)
        return trace

    def _over(self) -> Callable[[], bool]:
        return _call().over

    def _admitted(self, texts: Sequence[str], options: DecodingOptions) -> Call:
        """The call under way, if it may run this. Raises `LimitError`."""
        call = _call()
        if call.over():
            raise LimitError(call.why_cut())
        for text in texts:
            _check_text(call, text)
        # Of the longest source, whatever this text has: a limit that only shows on some texts
        # would be hard to explain.
        written = min(options.max_new_tokens, self.config.max_target_tokens)
        work = rows_of(options) * written * self.config.max_source_tokens
        if work > call.limits.run_work:
            raise LimitError(
                f"num_beams x max_new_tokens x source tokens is {work:,}, "
                f"the limit is {call.limits.run_work:,} (GISTSCOPE_RUN_WORK)"
            )
        return call


def _call() -> Call:
    return current() or Call()


def _check_text(call: Call, text: object) -> None:
    most = call.limits.text_characters
    if isinstance(text, str) and len(text) > most:
        raise LimitError(
            f"the text has {len(text):,} characters, "
            f"the limit is {most:,} (GISTSCOPE_TEXT_CHARACTERS)"
        )


def _watched(call: Call, updates: Iterator[StreamUpdate]) -> Iterator[StreamUpdate]:
    for update in updates:
        if update.trace is not None:
            _count(call, update.trace)
            _tell(call)
        yield update


def _count(call: Call, trace: Trace) -> None:
    call.tokens += len(trace.hypotheses[0].token_ids)


def _tell(call: Call) -> None:
    if call.was_cut:
        gr.Warning(call.why_cut(), title="Cut short")
