"""From token ids and steps to the frozen `Trace`. Needs a tokenizer, never a model."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model.decoding import Candidate, Update
from model.records.record import Hypothesis, Source, SourceToken, Step, compact
from model.tokenizer import Encoded, Tokenizer
from model.trace import Trace


def source_of(text: str, encoded: Encoded, style: str | None) -> Source:
    """The source as the trace holds it."""
    tokens = [
        SourceToken(id, name, start, end)
        for id, name, (start, end) in zip(encoded.ids, encoded.tokens, encoded.offsets, strict=True)
    ]
    read_to = max((end for _, end in encoded.offsets), default=0)
    cut_at = read_to if encoded.truncated else len(text)
    return Source(text, tuple(tokens), style, encoded.truncated, cut_at)


class Recording:
    """Collects the updates of one batch of sources, and the time; one per call, never shared."""

    def __init__(
        self,
        sources: Sequence[Source],
        tokenizer: Tokenizer,
        options: Mapping[str, Any],
        model: Mapping[str, Any],
    ) -> None:
        self.sources = sources
        self._tokenizer = tokenizer
        self._options = options
        self._model = model
        self._steps: list[list[Step]] = [[] for _ in sources]
        self._candidates: tuple[tuple[Candidate, ...], ...] = ()
        self._start = time.perf_counter()
        self._timing: dict[str, float] = {}

    def encoded(self) -> None:
        """The encoder has read the sources."""
        self._timing["encode"] = time.perf_counter() - self._start

    def add(self, update: Update) -> None:
        """Keep what one step says."""
        now = time.perf_counter() - self._start
        self._timing.setdefault("first_token", now)
        for steps, step in zip(self._steps, update.steps, strict=True):
            if step is not None:  # compact at once: the batch's arrays are let go
                steps.append(compact(step))
        if update.hypotheses is not None:
            self._candidates = update.hypotheses
            self._timing["total"] = now
            written = sum(len(hypotheses[0].token_ids) for hypotheses in update.hypotheses)
            self._timing["tokens_per_second"] = written / max(now - self._timing["encode"], 1e-9)

    def traces(self) -> list[Trace]:
        """The trace of every source, after the last update. Timing is that of the whole batch."""
        return [
            self._freeze(source, steps, candidates)
            for source, steps, candidates in zip(
                self.sources, self._steps, self._candidates, strict=True
            )
        ]

    def _freeze(
        self, source: Source, steps: Sequence[Step], candidates: Sequence[Candidate]
    ) -> Trace:
        ids = sorted({id for step in steps for id in _ids_of(step)})
        return Trace(
            source=source,
            steps=tuple(steps),
            hypotheses=tuple(_hypothesis(c, self._tokenizer, bool(steps)) for c in candidates),
            options=self._options,
            model=self._model,
            vocabulary={id: self._tokenizer.token_text(id) for id in ids},
            timing=dict(self._timing),
        )


def _ids_of(step: Step) -> list[int]:
    ids: list[int] = np.append(step.token_ids, step.top_ids).tolist()
    return ids


def _hypothesis(candidate: Candidate, tokenizer: Tokenizer, recorded: bool) -> Hypothesis:
    text, offsets = tokenizer.spans(candidate.token_ids)
    return Hypothesis(
        text=text,
        token_ids=candidate.token_ids,
        offsets=offsets,
        rows=candidate.rows if recorded else (),
        log_prob=candidate.log_prob,
        score=candidate.score,
        finished=candidate.finished,
    )
