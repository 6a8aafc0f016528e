"""One run of a model over a batch of sources, recorded as it goes. Text comes in and out elsewhere.

A value: nothing of it is kept on the model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from model.decoding import Update, decode, force
from model.filters import Filter
from model.length_batches import padded
from model.options import DecodingOptions
from model.reach import DEFAULTS, Reach
from model.records.freezing import Recording
from model.seq2seq import Memory
from model.strategies.dialogue import Dialogue
from model.strategies.ending import CutPenalty
from model.strategies.naming import NamesFromSource, token_texts
from model.strategies.repeating import WordPairsOnce
from model.strategies.speaking import SpeakerWords
from model.strategies.wording import NovelNgramPenalty
from model.trace import Trace

SECONDS_BETWEEN_TEXTS = 0.04  # 25 a second: smooth to read, cheap to draw

Over = Callable[[], Callable[[], bool] | None]  # asked as the run begins, for what is asked then


@dataclass(frozen=True)
class StreamUpdate:
    """The summary as it was a moment ago; the last update has the trace and the final text."""

    text: str
    trace: Trace | None = None


@dataclass(frozen=True)
class Run:
    """What is run, and its record."""

    reach: Reach
    recording: Recording
    options: DecodingOptions = DEFAULTS
    kept: Sequence[int] = ()  # tokens to begin with where their text isn't enough

    def stream(self, over: Over) -> Iterator[StreamUpdate]:
        """Run over one source and show; what was `kept` is there from the first update on.

        An update a step, so that whoever reads can end the run at any; most repeat the text before.
        """
        shown, shown_at = self._readable(self.kept), -SECONDS_BETWEEN_TEXTS
        for update in self._updates(over()):
            due = time.monotonic() - shown_at >= SECONDS_BETWEEN_TEXTS
            if due and len(update.best[0]) >= len(self.kept):
                shown, shown_at = self._readable(update.best[0]), time.monotonic()
            yield StreamUpdate(shown)
        trace = self.recording.traces()[0]
        yield StreamUpdate(trace.hypotheses[0].text, trace)

    def traces(self, over: Over) -> list[Trace]:
        """Run to the end: a trace for every source."""
        for _ in self._updates(over()):
            pass
        return self.recording.traces()

    def forced(self, targets: Sequence[Sequence[int]]) -> list[Trace]:
        """The traces of given targets, one for every source."""
        checkpoint = self.reach.checkpoint
        updates = force(checkpoint.model, self._encode(), checkpoint.config, targets, self.options)
        for update in updates:
            self.recording.add(update)
        return self.recording.traces()

    def _updates(self, over: Callable[[], bool] | None) -> Iterator[Update]:
        checkpoint = self.reach.checkpoint
        updates = decode(
            checkpoint.model,
            self._encode(),
            checkpoint.config,
            self.options,
            bad_words_ids=self.reach.bad_words(self.options),
            forced_prefix_ids=self.kept or self.reach.prefix(self.options),
            manners=checkpoint.manners,
            text_rules=self._text_rules(),
            line_breaks=self._line_breaks(),
            over=over,
        )
        for update in updates:
            self.recording.add(update)
            yield update

    def _text_rules(self) -> list[Filter]:
        """Rules that look at words; only what was read of a source counts."""
        options, tokenizer = self.options, self.reach.checkpoint.tokenizer
        rules: list[Filter] = []
        read = [source.text[: source.cut_at] for source in self.recording.sources]
        dialogues = [Dialogue.of(text, tokenizer) for text in read if options.names_from_source]
        if options.word_pairs_once:
            rules.append(WordPairsOnce.of(tokenizer, self._source_ids()))
        if options.novel_ngram_penalty > 0:
            penalty = options.novel_ngram_penalty
            rules.append(NovelNgramPenalty.of(penalty, tokenizer, self._source_ids(), dialogues))
        if options.cut_penalty > 0:
            rules.append(CutPenalty.of(options.cut_penalty, tokenizer, self._source_ids()))
        if options.names_from_source:
            rules.append(NamesFromSource.of(options, tokenizer, read))
            speakers = SpeakerWords.of(tokenizer, dialogues)
            if speakers is not None:
                rules.append(speakers)
        return rules

    def _line_breaks(self) -> frozenset[int]:
        """Tokens between lines that begin with the names of speakers, which come again."""
        if not self.options.names_from_source:
            return frozenset()
        texts = token_texts(self.reach.checkpoint.tokenizer)
        return frozenset(id for id, text in enumerate(texts) if "\n" in text)

    def _source_ids(self) -> list[list[int]]:
        return [[token.id for token in source.tokens] for source in self.recording.sources]

    def _encode(self) -> Memory:
        checkpoint = self.reach.checkpoint
        ids, mask = padded(self._source_ids(), checkpoint.config.pad_id)
        with torch.no_grad():
            memory = checkpoint.model.encode(ids, mask)
        self.recording.encoded()
        return memory

    def _readable(self, ids: Sequence[int]) -> str:
        """The text of a summary that is not finished."""
        # The end may be the first half of a character that the next token completes.
        return self.reach.checkpoint.tokenizer.decode(ids).rstrip("\ufffd")
