"""The record of one run. Numpy only: what is seen on the page comes from here, never from a model.

Letters: K beam rows, L decoder layers, H heads, S source tokens, T target tokens, N candidates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from model.records.beam_tree import Node, beam_tree
from model.records.lookup import hypothesis_through, rows_to
from model.records.pooling import PooledAttention, Reduction, check_reduction, pool, reduced
from model.records.record import Hypothesis, Record, Source, SourceToken, Step, TraceError
from model.records.trace_json import read_record, write_record
from model.text.words import Segment, sentences, words

__all__ = [
    "Alternative",
    "Hypothesis",
    "Node",
    "PooledAttention",
    "Reduction",
    "Segment",
    "Source",
    "SourceToken",
    "Step",
    "Trace",
    "TraceError",
]

Unit = Literal["words", "sentences"]


@dataclass(frozen=True)
class Alternative:
    """A token the model weighed at one step of a hypothesis."""

    token_id: int
    text: str
    log_prob: float  # raw: the model's own
    filtered_log_prob: float  # after the rules; -inf where forbidden
    rules: tuple[str, ...]  # the rules that moved or blocked it
    chosen: bool


@dataclass(frozen=True, eq=False)
class Trace(Record):
    """All that happened in one run; `hypotheses` are ordered best first.

    Token j of a hypothesis was chosen at step j, by the beam row it came from. That row differs
    from step to step, and only the methods here follow it. None of them runs a model.
    """

    @property
    def attention_shape(self) -> tuple[int, int] | None:
        """Layers and heads of the recorded attention; None when none was recorded."""
        if not self.steps or self.steps[0].cross_attention is None:
            return None
        _, layers, heads, _ = self.steps[0].cross_attention.shape
        return layers, heads

    @property
    def source_tokens(self) -> tuple[str, ...]:
        """Text of the source tokens [S]; a special token's name."""
        return tuple(token.text for token in self.source.tokens)

    def target_tokens(self, hypothesis: int) -> tuple[str, ...]:
        """Text of the hypothesis' tokens [T]; a special token's name."""
        chosen = self._hypothesis(hypothesis)
        return tuple(
            chosen.text[start:end] if end > start else self.vocabulary.get(id, "")
            for id, (start, end) in zip(chosen.token_ids, chosen.offsets, strict=True)
        )

    def attention(
        self, hypothesis: int, layer: Reduction = None, head: Reduction = None
    ) -> np.ndarray:
        """Cross-attention [T, S]; None is the mean over layers or heads. Rows sum to 1 unless
        one of both is "max".
        """
        shape = self.attention_shape
        if shape is None:
            raise TraceError("this run recorded no attention")
        check_reduction("layer", layer, shape[0])
        check_reduction("head", head, shape[1])
        weights = np.zeros((len(self._path(hypothesis)), len(self.source.tokens)), dtype=np.float32)
        for place, (step, row, _) in enumerate(self._path(hypothesis)):
            assert step.cross_attention is not None
            by_layer = reduced(step.cross_attention[row].astype(np.float32), head, axis=1)  # [L, S]
            weights[place] = reduced(by_layer, layer, axis=0)
        return weights

    def pooled_attention(
        self,
        hypothesis: int,
        unit: Unit = "words",
        layer: Reduction = None,
        head: Reduction = None,
    ) -> PooledAttention:
        """Cross-attention between words or sentences; special tokens' share is kept apart."""
        if unit not in ("words", "sentences"):
            raise ValueError(f"unit must be words or sentences, got {unit!r:.80}")
        weights = self.attention(hypothesis, layer, head)
        if unit == "words":
            return pool(weights, self.words(hypothesis), self.source_words())
        return pool(weights, self.sentences(hypothesis), self.source_sentences())

    def candidates(self, hypothesis: int, step: int) -> list[Alternative]:
        """What the model weighed for token `step` of the hypothesis, most probable first."""
        path = self._path(hypothesis)
        if not 0 <= step < len(path):
            raise ValueError(f"step must be between 0 and {len(path) - 1}, got {step}")
        at, row, child = path[step]
        chosen = int(at.token_ids[child])
        return [
            Alternative(id, self.vocabulary.get(id, ""), log_prob, filtered, rules, id == chosen)
            for id, log_prob, filtered, rules in zip(
                at.top_ids[row].tolist(),
                at.top_log_probs[row].tolist(),
                at.filtered_log_probs[row].tolist(),
                at.rules[row],
                strict=True,
            )
        ]

    def token_log_probs(self, hypothesis: int) -> np.ndarray:
        """The model's own log-probability of every chosen token [T]."""
        path = self._path(hypothesis)
        return np.array([s.token_log_probs[child] for s, _, child in path], dtype=np.float32)

    def ranks(self, hypothesis: int) -> np.ndarray:
        """Rank of every chosen token among all [T]; 0 is the most probable."""
        path = self._path(hypothesis)
        return np.array([step.ranks[child] for step, _, child in path], dtype=np.int32)

    def entropy(self, hypothesis: int) -> np.ndarray:
        """Entropy, in bits, of the model's distribution at every token [T]."""
        path = self._path(hypothesis)
        return np.array([step.entropy[row] for step, row, _ in path], dtype=np.float32)

    def copy_gate(self, hypothesis: int) -> np.ndarray | None:
        """Probability [T] that the token is copied; None for a model without a copy gate."""
        gates = [
            step.copy_gate[row]
            for step, row, _ in self._path(hypothesis)
            if step.copy_gate is not None
        ]
        recorded = bool(self.steps) and self.steps[0].copy_gate is not None
        return np.array(gates, dtype=np.float32) if recorded else None

    def words(self, hypothesis: int) -> tuple[Segment, ...]:
        """Words of the hypothesis; punctuation marks are words, special tokens are in none."""
        chosen = self._hypothesis(hypothesis)
        if hypothesis not in self._words:
            self._words[hypothesis] = words(chosen.text, chosen.offsets)
        return self._words[hypothesis]

    def word_log_probs(self, hypothesis: int) -> np.ndarray:
        """Log-probability of every word of `words`: the sum over its tokens."""
        log_probs = self.token_log_probs(hypothesis)
        sums = [log_probs[list(word.tokens)].sum() for word in self.words(hypothesis)]
        return np.array(sums, dtype=np.float32)

    def sentences(self, hypothesis: int) -> tuple[Segment, ...]:
        """Sentences of the hypothesis."""
        chosen = self._hypothesis(hypothesis)
        return sentences(chosen.text, chosen.offsets)

    def source_words(self) -> tuple[Segment, ...]:
        """Words of the source, as far as the model read it."""
        return self._source_words

    def source_sentences(self) -> tuple[Segment, ...]:
        """Sentences of the source, as far as the model read it."""
        return sentences(self.source.text, self._source_spans())

    def tree(self) -> tuple[Node, ...]:
        """The beam tree, step by step; a node names its parent by its place."""
        return beam_tree(self.steps, self.hypotheses, self.vocabulary)

    def through(self, step: int, row: int) -> tuple[Trace, int]:
        """This trace with the hypothesis that ends in child `row` of `step`, and its place.

        One that the search kept is found as it is. Any other is put together from the vocabulary
        and added: unfinished unless it ends with the end token, its score without the coverage
        penalty, and `searched` False.
        """
        rows = rows_to(self.steps, step, row)
        for place, known in enumerate(self.hypotheses):
            if known.rows == rows:
                return self, place
        found = hypothesis_through(self, rows)
        return replace(self, hypotheses=(*self.hypotheses, found)), len(self.hypotheses)

    def kept(self, hypothesis: int, step: int) -> tuple[int, ...]:
        """The tokens before `step`, which may be the place of the end token or behind the last."""
        chosen = self._hypothesis(hypothesis)
        last = len(chosen.token_ids) - chosen.finished
        if isinstance(step, bool) or not isinstance(step, int) or not 0 <= step <= last:
            raise ValueError(f"step must be a number between 0 and {last}, got {step!r:.80}")
        return chosen.token_ids[:step]

    def to_json(self) -> str:
        """The whole trace as JSON text; `from_json` reads it back."""
        return write_record(self)

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """Read a trace back. The text may come from anyone: `TraceError` says what is wrong."""
        return cls(**vars(read_record(text)))

    # Every view asks for the words again, and nothing in a trace ever changes.
    @cached_property
    def _source_words(self) -> tuple[Segment, ...]:
        return words(self.source.text, self._source_spans())

    @cached_property
    def _words(self) -> dict[int, tuple[Segment, ...]]:
        return {}

    def _hypothesis(self, hypothesis: int) -> Hypothesis:
        if not 0 <= hypothesis < len(self.hypotheses):
            last = len(self.hypotheses) - 1
            raise ValueError(f"hypothesis must be between 0 and {last}, got {hypothesis}")
        return self.hypotheses[hypothesis]

    def _path(self, hypothesis: int) -> list[tuple[Step, int, int]]:
        """Per token: its step, the row before the choice, the child row."""
        chosen = self._hypothesis(hypothesis)
        rows = chosen.rows
        if len(rows) != len(chosen.token_ids):
            raise TraceError("this run recorded no steps (record_top_k was 0)")
        steps = self.steps[: len(rows)]
        return [(s, int(s.parents[row]), row) for s, row in zip(steps, rows, strict=True)]

    def _source_spans(self) -> list[tuple[int, int]]:
        return [(token.start, token.end) for token in self.source.tokens]
