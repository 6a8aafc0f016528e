"""Text in, summaries out: the one door to a trained model.

Streaming is the primitive; everything else collects a stream. Nothing of a request is kept on the
`Summarizer`, so one serves many threads. A source longer than the model reads is cut at the limit,
and the trace says where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.checkpoint import Checkpoint, family_of
from model.checkpoint import load as load_checkpoint
from model.config import ModelConfig
from model.continuing import continued_options, forced_ids, options_of
from model.length_batches import batches_of
from model.options import DecodingOptions
from model.reach import DEFAULTS, Reach
from model.records.freezing import Recording, source_of
from model.records.record import Source
from model.running import Run, StreamUpdate
from model.text.source_text import TextError, clean_text
from model.trace import Trace
from model.weights.precision import check_precision, use_precision

__all__ = ["Result", "StreamUpdate", "Summarizer", "TextError"]


@dataclass(frozen=True)
class Result:
    """A summary and how it came about."""

    text: str
    trace: Trace


class Summarizer:
    """A trained model with its tokenizer.

    >>> summarizer = Summarizer.load("assets/models/lstm")  # doctest: +SKIP
    >>> summarizer.summarize("A long text ...").text  # doctest: +SKIP
    """

    def __init__(self, checkpoint: Checkpoint, precision: str = "fp32") -> None:
        """`precision` is what the checkpoint's model was prepared for, see `use_precision`."""
        self.precision = precision
        self._checkpoint = checkpoint
        self._tokenizer = checkpoint.tokenizer
        self._reach = Reach(checkpoint)

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
        return self._reach.defaults(style)

    def fitting(self, options: DecodingOptions) -> DecodingOptions:
        """The options with the default length cut to what this model can write."""
        return self._reach.fitting(options)

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
        options = self._asked(options, style)
        return self._run([self._source(text, style)], options).stream(self._over)

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
        options = self._reach.fitting(options) if options else options_of(trace, limit)
        options = continued_options(options, ids, self._tokenizer)
        self._reach.check(options, self.name, ids)
        source = self._source(trace.source.text, trace.source.style)
        return self._run([source], options, ids).stream(self._over)

    def read(self, text: str, style: str | None = None) -> Source:
        """The source as the model would read it, and where it would be cut; runs nothing."""
        return self._source(text, style)

    def room(self, style: str | None = None) -> int:
        """How many tokens of a text are read; the style's token and the end take the rest."""
        return self.config.max_source_tokens - self._tokenizer.overhead(self._reach.style(style))

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """How many tokens every text has, without any special one."""
        return [len(ids) for ids in self._tokenizer.encode_batch(texts, inside=False)]

    def summarize_many(
        self, texts: Sequence[str], options: DecodingOptions | None = None, style: str | None = None
    ) -> list[Result]:
        """Summarise texts in batches of similar length; results are in the order of `texts`."""
        options = self._asked(options, style)
        names = [f"text at {place}" if len(texts) > 1 else "text" for place in range(len(texts))]
        sources = [self._source(text, style, name) for text, name in zip(texts, names, strict=True)]
        results: dict[int, Result] = {}
        for places in batches_of([len(s.tokens) for s in sources], options.num_beams):
            run = self._run([sources[place] for place in places], options)
            for place, trace in zip(places, run.traces(self._over), strict=True):
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
        (trace,) = Run(self._reach, self._recording([source], settings)).forced([target])
        return trace

    def _asked(self, options: DecodingOptions | None, style: str | None) -> DecodingOptions:
        """The options of a run; ValueError where this model can't follow them."""
        options = self.defaults(style) if options is None else self._reach.fitting(options)
        self._reach.check(options, self.name)
        return options

    def _run(
        self, sources: Sequence[Source], options: DecodingOptions, kept: Sequence[int] = ()
    ) -> Run:
        recording = self._recording(sources, options.to_dict())
        return Run(self._reach, recording, options, kept)

    def _over(self) -> Callable[[], bool] | None:
        """Asked after every step whether a run ends there with what it has; a shared page does."""
        return None

    def _source(self, text: str, style: str | None, name: str = "text") -> Source:
        text = clean_text(text, name)
        style = self._reach.style(style)
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
