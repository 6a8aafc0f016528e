"""The data of a trace: what the source was, what every step chose, what came out. No behaviour.

Letters: K beam rows, L decoder layers, H heads, S source tokens, T target tokens, N candidates.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SCHEMA_VERSION = 1

# Number type and shape of every array of a step, in memory and in JSON. "C" are the children K'.
STEP_ARRAYS: Mapping[str, tuple[str, str]] = {
    "parents": ("<i4", "C"),
    "token_ids": ("<i4", "C"),
    "scores": ("<f4", "C"),
    "token_log_probs": ("<f4", "C"),
    "ranks": ("<i4", "C"),
    "top_ids": ("<i4", "KN"),
    "top_log_probs": ("<f4", "KN"),
    "filtered_log_probs": ("<f4", "KN"),
    "entropy": ("<f4", "K"),
    "cross_attention": ("<f2", "KLHS"),
    "copy_gate": ("<f4", "K"),
}


class TraceError(ValueError):
    """A trace that can't be read, or that lacks what was asked of it; the message says what."""


@dataclass(frozen=True)
class SourceToken:
    """One token the model read, and the characters of the source it stands for."""

    id: int
    # The characters text[start:end] as they were read, see `text.capitals`; a special token's name.
    text: str
    start: int  # characters from the start of the source; start == end for a special token
    end: int


@dataclass(frozen=True)
class Source:
    """The text that was summarised and how much of it the model read."""

    text: str
    tokens: tuple[SourceToken, ...]
    style: str | None
    cut_tokens: int  # tokens behind the model's limit, never read
    cut_at: int  # character where reading stopped; len(text) when all of it was read


@dataclass(frozen=True, eq=False)
class Step:
    """One decoding step over the live beam rows.

    Rows of `cross_attention`, `copy_gate` and the candidates are the rows *before* the choice:
    child k continues row `parents[k]` with `token_ids[k]`. Only `Trace` follows that for callers.
    """

    parents: np.ndarray  # int [K'], row before the step that child k continues
    token_ids: np.ndarray  # int [K']
    scores: np.ndarray  # float [K'], sum of log-probs (after rules) of the child so far
    token_log_probs: np.ndarray  # float [K'], raw (model's own) log-prob of the chosen token
    ranks: np.ndarray  # int [K'], raw rank of the chosen token, 0 is the most probable
    top_ids: np.ndarray  # int [K, N], candidates by raw probability, those chosen included
    top_log_probs: np.ndarray  # float [K, N], raw
    filtered_log_probs: np.ndarray  # float [K, N], after the rules; -inf where forbidden
    entropy: np.ndarray  # float [K], bits, of the raw distribution
    rules: tuple[tuple[tuple[str, ...], ...], ...]  # [K][N] names of rules that moved or blocked it
    cross_attention: np.ndarray | None  # float [K, L, H, S]
    copy_gate: np.ndarray | None  # float [K]


def compact(step: Step) -> Step:
    """The step in the number types of `STEP_ARRAYS`, so that a trace read back is the same."""
    arrays = {name: getattr(step, name) for name in STEP_ARRAYS}
    return dataclasses.replace(
        step,
        **{
            name: array.astype(STEP_ARRAYS[name][0], copy=False)
            for name, array in arrays.items()
            if array is not None
        },
    )


@dataclass(frozen=True)
class Hypothesis:
    """One finished (or abandoned) summary and the way back through the steps."""

    text: str
    token_ids: tuple[int, ...]  # ends with the end token when `finished`
    offsets: tuple[tuple[int, int], ...]  # characters of `text` per token; empty span when none
    rows: tuple[int, ...]  # child row (index into Step.token_ids) per token; () without steps
    log_prob: float  # sum of the log-probs after rules, as the search summed them
    score: float  # what the search ranked by (length and coverage penalties applied)
    finished: bool
    searched: bool = True  # False for one that the search gave up, looked up with `Trace.through`


@dataclass(frozen=True, eq=False)
class Record:
    """All that happened in one run; `Trace` is this with the methods to read it."""

    source: Source
    steps: tuple[Step, ...]
    hypotheses: tuple[Hypothesis, ...]
    options: Mapping[str, Any]  # DecodingOptions as plain values
    model: Mapping[str, Any]  # name, family, fingerprint
    vocabulary: Mapping[int, str]  # text of every token id that occurs in the steps
    # Seconds: encode, first_token, total; and tokens_per_second.
    timing: Mapping[str, float] = field(default_factory=dict)
