"""Text in, summaries out: the one door to a trained model.

Streaming is the primitive; everything else collects a stream. Nothing of a request is kept on the
`Summarizer`, so one serves many threads. A source longer than the model reads is cut at the limit,
and the trace says where.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from model.checkpoint import Checkpoint, family_of
from model.checkpoint import load as load_checkpoint
from model.config import ModelConfig
from model.continuing import continued_options, forced_ids, options_of
from model.decoding import Update, decode, force
from model.freezing import Recording, source_of
from model.length_batches import batches_of, padded
from model.options import DecodingOptions
from model.precision import check_precision, use_precision
from model.record import Source
from model.seq2seq import Memory
from model.source_text import UNWRITABLE, TextError, clean_text
from model.style_options import styled
from model.trace import Trace

__all__ = ["Result", "StreamUpdate", "Summarizer", "TextError"]

DEFAULTS = DecodingOptions()
SECONDS_BETWEEN_TEXTS = 0.04  # 25 a second: smooth to read, cheap to draw


@dataclass(frozen=True)
class Result:
    """A summary and how it came about."""

    text: str
    trace: Trace


@dataclass(frozen=True)
class StreamUpdate:
    """The summary as it was a moment ago; the last update has the trace and the final text."""

    text: str
    trace: Trace | None = None


class Summarizer:
    """A trained model with its tokenizer.

    >>> summarizer = Summarizer.load("assets/models/lstm")  # doctest: +SKIP
    >>> summarizer.summarize("A long text ...").text  # doctest: +SKIP
    """

    def __init__(self, checkpoint: Checkpoint, precision: str = "fp32") -> None:
        """`precision` is what the checkpoint's model was prepared for, see `use_precision`."""
        self.precision = precision
        self._checkpoint = checkpoint
        self._model = checkpoint.model
        self._tokenizer = checkpoint.tokenizer

    @classmethod
    def load(
        cls,
        folder: str | Path,
        tell: Callable[[str], None] | None = None,
        *,
        precision: str = "auto",
    ) -> Summarizer:
        """Open a model folder, or a model of the Hub by its name there ("owner/name").

        `tell` hears how much memory a model made elsewhere needs, before it is read. `precision`
        is one of `PRECISIONS`. Raises `CheckpointError` with the file and the reason, and
        ValueError for a precision that is unknown or not to be had.
        """
        check_precision(precision)  # refuses before anything is read
        checkpoint = load_checkpoint(folder, tell)
        return cls(checkpoint, use_precision(checkpoint.model, precision))

    @property
    def name(self) -> str:
        """Name of the model's folder."""
        return self._checkpoint.name

    @property
    def fingerprint(self) -> str:
        """Changes with the weights, the settings and the tokenizer."""
        return self._checkpoint.fingerprint

    @property
    def config(self) -> ModelConfig:
        """The model's settings."""
        return self._checkpoint.config

    @property
    def styles(self) -> tuple[str, ...]:
        """Styles to choose from; the first is the default. Empty for a model without styles."""
        return self._tokenizer.styles

    def defaults(self, style: str | None = None) -> DecodingOptions:
        """How the model writes unless asked otherwise; one made elsewhere brings its own.

        `style` None is the first; what suits a style stands in `model.style_options`.
        """
        style = style or next(iter(self.styles), None)
        return styled(self._fitting(self._checkpoint.defaults), style)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the folder of a model made elsewhere asks for and Gistscope doesn't do."""
        return self._checkpoint.notes

    def summarize(
        self, text: str, options: DecodingOptions | None = None, style: str | None = None
    ) -> Result:
        """Summarise one text."""
        return self.summarize_many([text], options, style)[0]

    def stream(
        self, text: str, options: DecodingOptions | None = None, style: str | None = None
    ) -> Iterator[StreamUpdate]:
        """Summarise one text and show the summary grow; bad input raises here, not later."""
        options = self.defaults(style) if options is None else self._fitting(options)
        self._check(options)
        recording = self._recording([self._source(text, style)], options.to_dict())
        return self._stream(recording, options)

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
        """Write a summary again from `step` on: its tokens before, then the token or the text.

        The same source and style, and the same options unless given. A typed text gets the space
        that the token in its place had; the end token ends the summary there. The new trace's
        `forced_prefix` is the text of what was kept and put, so its options make this run again
        (but for an end token that was asked for). Whatever is wrong raises here, not later.
        """
        theirs = trace.model.get("fingerprint")
        if theirs != self.fingerprint:
            name = trace.model.get("name")
            raise ValueError(
                f"the trace is of another model: {name!r:.80} ({theirs!r:.80}), "
                f"this is {self.name!r} ({self.fingerprint!r})"
            )
        ids = forced_ids(trace, hypothesis, step, self._tokenizer, token_id=token_id, text=text)
        limit = self.config.max_target_tokens
        options = self._fitting(options) if options else options_of(trace, limit)
        options = continued_options(options, ids, self._tokenizer)
        self._check(options, ids)
        source = self._source(trace.source.text, trace.source.style)
        return self._stream(self._recording([source], options.to_dict()), options, ids)

    def read(self, text: str, style: str | None = None) -> Source:
        """The source as the model would read it, and where it would be cut; runs nothing."""
        return self._source(text, style)

    def room(self, style: str | None = None) -> int:
        """How many tokens of a text are read; the style's token and the end take the rest."""
        style = style or next(iter(self.styles), None)
        return self.config.max_source_tokens - self._tokenizer.overhead(style)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """How many tokens every text has, without any special one."""
        return [len(ids) for ids in self._tokenizer.encode_batch(texts)]

    def summarize_many(
        self, texts: Sequence[str], options: DecodingOptions | None = None, style: str | None = None
    ) -> list[Result]:
        """Summarise texts in batches of similar length; results are in the order of `texts`."""
        options = self.defaults(style) if options is None else self._fitting(options)
        self._check(options)
        names = [f"text at {place}" if len(texts) > 1 else "text" for place in range(len(texts))]
        sources = [self._source(text, style, name) for text, name in zip(texts, names, strict=True)]
        results: dict[int, Result] = {}
        for places in batches_of([len(s.tokens) for s in sources], options.num_beams):
            recording = self._recording([sources[place] for place in places], options.to_dict())
            for _ in self._updates(recording, options):
                pass
            for place, trace in zip(places, recording.traces(), strict=True):
                results[place] = Result(trace.hypotheses[0].text, trace)
        return [results[place] for place in range(len(sources))]

    def score(self, text: str, reference: str, style: str | None = None) -> Trace:
        """The trace of a given summary: what the model thinks of each of its tokens.

        White space around the reference is left out, as it was in training.
        """
        source = self._source(text, style)
        target = self._tokenizer.encode_target(clean_text(reference, "reference").strip())
        limit = self.config.max_target_tokens
        if len(target) > limit:
            raise TextError(
                f"the reference has {len(target)} tokens, the limit of {self.name} is {limit}"
            )
        settings = {"strategy": "forced", "record_top_k": DEFAULTS.record_top_k}
        recording = self._recording([source], settings)
        memory = self._encode(recording)
        for update in force(self._model, memory, self.config, [target], DEFAULTS):
            recording.add(update)
        return recording.traces()[0]

    def _stream(
        self, recording: Recording, options: DecodingOptions, kept: Sequence[int] = ()
    ) -> Iterator[StreamUpdate]:
        """Run and show; what was `kept` of another run is there from the first update on.

        An update a step, so that whoever reads can end the run at any; most repeat the text before.
        """
        shown, shown_at = self._readable(kept), -SECONDS_BETWEEN_TEXTS
        for update in self._updates(recording, options, kept):
            due = time.monotonic() - shown_at >= SECONDS_BETWEEN_TEXTS
            if due and len(update.best[0]) >= len(kept):
                shown, shown_at = self._readable(update.best[0]), time.monotonic()
            yield StreamUpdate(shown)
        trace = recording.traces()[0]
        yield StreamUpdate(trace.hypotheses[0].text, trace)

    def _readable(self, ids: Sequence[int]) -> str:
        """The text of a summary that is not finished."""
        # The end may be the first half of a character that the next token completes.
        return self._tokenizer.decode(ids).rstrip("\ufffd")

    def _updates(
        self, recording: Recording, options: DecodingOptions, kept: Sequence[int] = ()
    ) -> Iterator[Update]:
        """Run to the end; `kept` are the tokens to begin with where their text isn't enough."""
        memory, manners = self._encode(recording), self._checkpoint.manners
        updates = decode(
            self._model,
            memory,
            self.config,
            options,
            bad_words_ids=[*manners.banned_ids, *self._bad_words(options.bad_words)],
            forced_prefix_ids=kept or self._prefix(options),
            ends_at_limit=manners.ends_at_limit,
            over=self._over(),
        )
        for update in updates:
            recording.add(update)
            yield update

    def _over(self) -> Callable[[], bool] | None:
        """Asked after every step whether a run ends there with what it has; a shared page does."""
        return None

    def _encode(self, recording: Recording) -> Memory:
        sources = [[token.id for token in source.tokens] for source in recording.sources]
        ids, mask = padded(sources, self.config.pad_id)
        with torch.no_grad():
            memory = self._model.encode(ids, mask)
        recording.encoded()
        return memory

    def _source(self, text: str, style: str | None, name: str = "text") -> Source:
        text = clean_text(text, name)
        if style is None and self.styles:
            style = self.styles[0]
        encoded = self._tokenizer.encode_source(text, style, self.config.max_source_tokens)
        return source_of(text, encoded, style)

    def _recording(self, sources: Sequence[Source], options: Mapping[str, Any]) -> Recording:
        model = {
            "name": self.name,
            "family": family_of(self.config),
            "fingerprint": self.fingerprint,
            "precision": self.precision,
        }
        return Recording(sources, self._tokenizer, options, model)

    def _bad_words(self, words: Sequence[str]) -> list[list[int]]:
        """Ids of every word as it stands at the beginning of a text and behind a space."""
        variants = [variant for word in words for variant in (word.strip(), f" {word.strip()}")]
        return self._tokenizer.encode_batch(variants)

    def _prefix(self, options: DecodingOptions) -> list[int]:
        if not options.forced_prefix:
            return list(self._checkpoint.manners.first_ids)
        return self._tokenizer.encode_prefix(options.forced_prefix)

    def _fitting(self, options: DecodingOptions) -> DecodingOptions:
        """The options, with the default length cut to what this model can write.

        A default can't be told from the same number asked for: both are cut. Any other length
        stays, and is refused where it is too much.
        """
        limit = self.config.max_target_tokens
        if options.max_new_tokens != DEFAULTS.max_new_tokens or options.max_new_tokens <= limit:
            return options
        return replace(options, max_new_tokens=limit)

    def _check(self, options: DecodingOptions, kept: Sequence[int] = ()) -> None:
        """Refuse what this model can't do; `kept` as in `_updates`."""
        limit = self.config.max_target_tokens
        if options.max_new_tokens > limit:
            raise ValueError(
                f"max_new_tokens must be at most {limit} for {self.name} (its max_target_tokens), "
                f"got {options.max_new_tokens}"
            )
        if UNWRITABLE.search(options.forced_prefix + "".join(options.bad_words)):
            raise ValueError("forced_prefix and bad_words must hold no NUL and no lone surrogates")
        prefix = len(kept or self._prefix(options))
        if prefix > options.max_new_tokens:
            what = "what is kept of the summary" if kept else "forced_prefix"
            raise ValueError(
                f"{what} has {prefix} tokens, more than max_new_tokens ({options.max_new_tokens})"
            )
