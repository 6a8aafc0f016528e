"""Documents longer than a model reads: summarised part by part, then merged. Never cut silently.

The text is split between sentences, every part is summarised on its own, and the parts' summaries,
a line each, are summarised in turn: the merged run, whose trace has them as its source. Where even
they don't fit, they are split again, in as many rounds as it takes. In the styles "notes" and
"summary", part summaries that together keep to `max_new_tokens` are the summary as they are; their
trace is then that of a given text (`Summarizer.score`), and `joined` says so.

Where time is short, `enough` ends the reading: the rest of the parts is left out, and said to be.

A forced prefix and the least length belong to the whole summary, so the parts go without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from model.options import DecodingOptions
from model.records.record import Source
from model.text.splitting import Parts, split_text
from model.trace import Trace

if TYPE_CHECKING:
    from model.summarizer import StreamUpdate

MOST_PARTS = 50  # some 20,000 words; a part's trace can be megabytes
JOINED_STYLES = ("notes", "summary")  # of several sentences; the others are one line


class Reader(Protocol):
    """What is needed of a `Summarizer`."""

    def read(self, text: str, style: str | None = None) -> Source: ...

    def room(self, style: str | None = None) -> int: ...

    def token_counts(self, texts: Sequence[str]) -> list[int]: ...

    def defaults(self, style: str | None = None) -> DecodingOptions: ...

    def fitting(self, options: DecodingOptions) -> DecodingOptions: ...

    def stream(
        self, text: str, options: DecodingOptions = ..., style: str | None = None
    ) -> Iterator[StreamUpdate]: ...

    def score(self, text: str, reference: str, style: str | None = None) -> Trace: ...


@dataclass(frozen=True)
class DocumentUpdate:
    """How far a document is; the last update has the trace and the final text."""

    text: str  # summaries of this round so far, a line each; of the merged run when merging
    part: int  # being summarised, from 1; stays at `parts` when merging
    parts: int  # of this round; 1 for a text that fits
    trace: Trace | None = None
    part_traces: tuple[Trace, ...] = ()  # of the document's own parts, as far as they are done
    merging: bool = False  # the parts of the document are done, their summaries are being merged
    joined: bool = False  # the text is the part summaries one after another
    cut_sentences: int = 0  # sentences longer than the model reads, which had to be cut
    left_out: int = 0  # of the document's parts, those that there was no time for


def stream_document(
    summarizer: Reader,
    text: str,
    options: DecodingOptions | None = None,
    style: str | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Iterator[DocumentUpdate]:
    """Summarise a text of any length. Bad input raises here, not later; closing it stops it.

    `enough` is asked after every step: True leaves out all parts but the first that are not done.
    """
    source = summarizer.read(text, style)
    if source.cut_tokens:  # white space around a text is no part of it
        text = text.strip()
        source = summarizer.read(text, style)
    options = summarizer.fitting(options) if options else summarizer.defaults(style)
    whole = summarizer.stream(text, options, style)  # not begun yet: checks the options
    if not source.cut_tokens:
        return _short(whole)
    parts = _split(summarizer, source.text, source.style)
    return _Document(summarizer, options, source.style, enough).updates(parts)


def _short(updates: Iterator[StreamUpdate]) -> Iterator[DocumentUpdate]:
    for update in updates:
        yield DocumentUpdate(update.text, 1, 1, update.trace)


def _alone(trace: Trace) -> Iterator[DocumentUpdate]:
    """The one part that was read, whose summary there is nothing to merge with."""
    yield DocumentUpdate(trace.hypotheses[0].text, 0, 0, trace)


def _split(summarizer: Reader, text: str, style: str | None) -> Parts:
    """The parts of a text; ValueError when there are too many."""
    room = summarizer.room(style)
    while room > 0:
        parts = split_text(text, room, summarizer.token_counts)
        if len(parts.texts) > MOST_PARTS:
            raise ValueError(
                f"the text has {len(text):,} characters, which this model reads in "
                f"{len(parts.texts)} parts; at most {MOST_PARTS} are summarised"
            )
        if not any(summarizer.read(part, style).cut_tokens for part in parts.texts):
            return parts
        # Tokens of sentences don't always add up to those of the text: leave room for that.
        room -= 1 + room // 50
    raise ValueError(f"the text can't be cut into parts that fit {summarizer.room(style)} tokens")


@dataclass(frozen=True)
class _Document:
    """One long document under way."""

    summarizer: Reader
    options: DecodingOptions
    style: str | None
    enough: Callable[[], bool]

    def updates(self, parts: Parts) -> Iterator[DocumentUpdate]:
        """Rounds of parts until their summaries fit, then the merged run."""
        traces: tuple[Trace, ...] = ()
        cut = parts.cut_sentences
        number = left_out = 0
        while True:
            number += 1
            summaries: list[str] = []
            for update in self._round(parts.texts, first=number == 1):
                if update.trace is not None:
                    summaries.append(update.trace.hypotheses[0].text.strip())
                    traces += (update.trace,) if number == 1 else ()
                yield replace(
                    update, trace=None, part_traces=traces, merging=number > 1, cut_sentences=cut
                )
            left_out += len(parts.texts) - len(summaries)
            joined = "\n".join(summary for summary in summaries if summary)
            if not joined:
                raise ValueError(f"the model wrote nothing for any of {len(parts.texts)} parts")
            if not self.summarizer.read(joined, self.style).cut_tokens:
                break
            before = sum(self.summarizer.token_counts(parts.texts))
            after = sum(self.summarizer.token_counts([joined]))
            if after >= before:
                raise ValueError(
                    f"the summaries of {len(parts.texts)} parts have {after} tokens, no fewer than "
                    f"the parts ({before}): this model can't shorten them"
                )
            parts = _split(self.summarizer, joined, self.style)
        count = len(parts.texts)
        for update in self._merged(summaries, joined) if len(traces) > 1 else _alone(traces[0]):
            yield replace(
                update, part=count, parts=count, part_traces=traces, cut_sentences=cut,
                left_out=left_out,
            )  # fmt: skip

    def _round(self, texts: Sequence[str], first: bool) -> Iterator[DocumentUpdate]:
        """Every part summarised on its own; an update with a trace ends a part.

        Only the first round may end early: in a later one, parts that were read would be lost.
        """
        done: list[str] = []
        for number, text in enumerate(texts, start=1):
            for update in self.summarizer.stream(text, self._part_options(), self.style):
                if first and done and update.trace is None and self.enough():
                    return
                so_far = "\n".join([*done, update.text])
                yield DocumentUpdate(so_far, number, len(texts), update.trace)
            done.append(update.text)
            if first and self.enough():
                return

    def _merged(self, summaries: Sequence[str], joined: str) -> Iterator[DocumentUpdate]:
        """The parts' summaries as they are where they are short enough, or summarised again."""
        separator = " " if self.style == "summary" else "\n"
        text = separator.join(summary for summary in summaries if summary)
        if self._may_join(text):
            trace = self.summarizer.score(joined, text, self.style)
            yield DocumentUpdate(text, 0, 0, trace, merging=True, joined=True)
            return
        for update in self.summarizer.stream(joined, self.options, self.style):
            yield DocumentUpdate(update.text, 0, 0, update.trace, merging=True)

    def _may_join(self, text: str) -> bool:
        """Whether the parts' summaries are the summary: of a style that has room for them all."""
        if self.style not in JOINED_STYLES or self.options.forced_prefix or not text:
            return False
        tokens = self.summarizer.token_counts([text])[0] + 1  # and the end
        return self.options.min_new_tokens <= tokens <= self.options.max_new_tokens

    def _part_options(self) -> DecodingOptions:
        """A third of what is read, at most: three summaries always fit one source."""
        most = max(1, min(self.options.max_new_tokens, self.summarizer.room(self.style) // 3))
        return replace(self.options, max_new_tokens=most, min_new_tokens=0, forced_prefix="")
