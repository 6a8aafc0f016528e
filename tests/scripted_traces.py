"""Traces of a random search over a model that is a function of the prefix."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from model.trace import Hypothesis, Source, SourceToken, Step, Trace

EOS = 2
TEXT = "The council's plan, e\u0301tude 3.5 👩‍👩‍👧 won. It ended"
SPANS = [(0, 0), (0, 3), (4, 11), (11, 13), (14, 18), (18, 19), (20, 26), (27, 28), (28, 29)]
SPANS += [(29, 30), (31, 36), (31, 36), (37, 40), (40, 41), (42, 44), (45, 50), (50, 50)]


@dataclass(frozen=True)
class Row:
    """A live hypothesis of the scripted search."""

    ids: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    score: float = 0.0


def fingerprint(ids: tuple[int, ...], *shape: int) -> np.ndarray:
    """Positive numbers that depend on a prefix alone, so a mixed-up row shows."""
    random = np.random.default_rng(zlib.crc32(repr(ids).encode()))
    return random.random(shape, dtype=np.float32) + 0.01


def attention_after(ids: tuple[int, ...], layers: int, heads: int) -> np.ndarray:
    weights = fingerprint(ids, layers, heads, len(SPANS))
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float16)


def log_probs_after(ids: tuple[int, ...], vocabulary: int) -> np.ndarray:
    probs = fingerprint((*ids, -1), vocabulary)
    return np.log(probs / probs.sum()).astype(np.float32)


def step_of(rows: list[Row], children: list[tuple[int, int]], size: int, shape: Any) -> Step:
    layers, heads, vocabulary, gated, attended = shape
    raw = np.stack([log_probs_after(row.ids, vocabulary) for row in rows])
    order = np.argsort(-raw, axis=1).astype(np.int32)[:, :size]
    top = np.take_along_axis(raw, order, axis=1)
    filtered, rules = top.copy(), [[() for _ in range(size)] for _ in rows]
    filtered[0, 0], rules[0][0] = -np.inf, ("no_repeat_ngram_size",)
    parents, ids = np.array(children, dtype=np.int32).reshape(-1, 2).T
    sums = [rows[p].score + float(raw[p, id]) for p, id in children]
    return Step(
        parents=parents,
        token_ids=ids,
        scores=np.array(sums, dtype=np.float32),
        token_log_probs=raw[parents, ids],
        ranks=np.array([int((raw[p] > raw[p, i]).sum()) for p, i in children], dtype=np.int32),
        top_ids=order,
        top_log_probs=top,
        filtered_log_probs=filtered,
        entropy=np.array([len(row.ids) + row.ids[-1:].count(3) for row in rows], dtype=np.float32),
        rules=tuple(tuple(row) for row in rules),
        cross_attention=np.stack([attention_after(row.ids, layers, heads) for row in rows])
        if attended
        else None,
        copy_gate=np.concatenate([fingerprint((*row.ids, -2), 1) for row in rows])
        if gated
        else None,
    )


def scripted_trace(
    seed: int = 0, beams: int = 3, length: int = 4, gated: bool = True, attended: bool = True
) -> Trace:
    """A random search over a model that is a function of the prefix."""
    random = np.random.default_rng(seed)
    shape = (2, 3, 8, gated, attended)
    rows, steps, ended = [Row()], [], []
    for number in range(length):
        pairs = [(p, int(i)) for p in range(len(rows)) for i in range(8)]
        picked = [pairs[i] for i in random.permutation(len(pairs))[: 2 * beams]]
        going = [pair for pair in picked if pair[1] != EOS][:beams]
        going = [] if number == length - 1 else going
        children = going + [pair for pair in picked if pair[1] == EOS or not going]
        steps.append(step_of(rows, children, 8, shape))
        grown = [
            Row((*rows[p].ids, i), (*rows[p].rows, child), float(steps[-1].scores[child]))
            for child, (p, i) in enumerate(children)
        ]
        ended += grown[len(going) :]
        rows = grown[: len(going)]
    vocabulary = {id: f"w{id}" for id in range(8)} | {EOS: "</s>"}
    tokens = [
        SourceToken(n, TEXT[start:end] or "<s>", start, end) for n, (start, end) in enumerate(SPANS)
    ]
    return Trace(
        source=Source(TEXT, tuple(tokens), "title", 0, len(TEXT)),
        steps=tuple(steps),
        hypotheses=tuple(hypothesis_of(row, vocabulary) for row in ended),
        options={"num_beams": beams, "bad_words": ["x"], "early_stopping": False},
        model={"name": "scripted", "family": "none", "fingerprint": "0"},
        vocabulary=vocabulary,
        timing={"total": 0.25},
    )


def hypothesis_of(row: Row, vocabulary: dict[int, str]) -> Hypothesis:
    text, offsets = "", []
    for id in row.ids:
        start = len(text) + bool(text)
        if id != EOS:
            text += " " * bool(text) + vocabulary[id]
        offsets.append((start, len(text)) if id != EOS else (len(text), len(text)))
    finished = row.ids[-1] == EOS
    return Hypothesis(text, row.ids, tuple(offsets), row.rows, row.score, row.score / 2, finished)


any_trace = st.builds(
    scripted_trace,
    seed=st.integers(0, 10_000),
    beams=st.integers(1, 4),
    length=st.integers(1, 6),
    gated=st.booleans(),
    attended=st.booleans(),
)
