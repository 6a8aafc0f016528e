"""Did the search miss a better summary, or does the model not want it?

Compares a run with the trace of a given text (`Summarizer.score`); runs no model itself. Stahlberg
and Byrne 2019 call the two cases search error and model error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from model.records.record import TraceError
from model.strategies.ranking import length_penalty_of, length_score
from model.trace import Trace

Verdict = Literal["search", "model", "equal"]

# Cached decoding and scoring sum in different orders; a smaller difference says nothing.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Side:
    """How probable the model finds a summary. Raw log-probabilities, before any rule."""

    score: float  # log_prob / tokens^length_penalty
    log_prob: float  # sum over the tokens
    mean: float  # log_prob / tokens
    tokens: int  # with the end token


@dataclass(frozen=True)
class Judgement:
    """A run's own summary against a given one, under the run's length penalty.

    "search": the given one scores higher, so the search missed it, or a rule forbade it.
    "model": the model prefers its own. "equal": the scores don't tell them apart.
    """

    verdict: Verdict
    length_penalty: float
    own: Side
    reference: Side


def judge(own: Trace, hypothesis: int, reference: Trace) -> Judgement:
    """Compare hypothesis `hypothesis` of a run with the one text that `reference` scored.

    Both as the model alone sees them: what a rule or a forced prefix did to a run's own
    log-probabilities is left out, and so is the coverage penalty. A summary that was cut before
    its end token has none to pay for, as in the search.
    """
    _check_comparable(own, reference)
    penalty = length_penalty_of(own.options)
    mine = _side(own, hypothesis, penalty)
    theirs = _side(reference, 0, penalty)
    same = own.hypotheses[hypothesis].token_ids == reference.hypotheses[0].token_ids
    return Judgement(_verdict(mine, theirs, same), penalty, mine, theirs)


def _verdict(own: Side, reference: Side, same: bool) -> Verdict:
    if same or math.isclose(own.score, reference.score, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
        return "equal"
    return "search" if reference.score > own.score else "model"


def _side(trace: Trace, hypothesis: int, penalty: float) -> Side:
    log_probs = trace.token_log_probs(hypothesis).astype(float)
    total, count = float(log_probs.sum()), len(log_probs)
    return Side(length_score(total, count, penalty), total, total / max(count, 1), count)


def _check_comparable(own: Trace, reference: Trace) -> None:
    """Two traces of one model over one source, and a text to judge."""
    models = [trace.model.get("fingerprint") for trace in (own, reference)]
    if models[0] != models[1]:
        names = [
            f"{t.model.get('name')!r:.80} ({t.model.get('fingerprint')!r:.80})"
            for t in (own, reference)
        ]
        raise ValueError(f"the run is of the model {names[0]}, the scored text of {names[1]}")
    if (own.source.text, own.source.style) != (reference.source.text, reference.source.style):
        raise ValueError("the run and the scored text have different sources or styles")
    if not reference.hypotheses:
        raise TraceError("the scored trace holds no text")
