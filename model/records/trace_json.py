"""Traces as JSON text and back. Reading trusts nothing: whatever is odd is a `TraceError`.

The layout is that of the records: an object per record, its fields by name.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from model.records.checked_json import (
    MAX_NUMBER,
    Sizes,
    array,
    entries,
    is_number,
    member,
    plain_values,
    refuse_surrogates,
    span,
    string,
    whole,
    wholes,
    write_array,
)
from model.records.record import (
    SCHEMA_VERSION,
    STEP_ARRAYS,
    Hypothesis,
    Record,
    Source,
    SourceToken,
    Step,
    TraceError,
    compact,
)

SCHEMA = "gistscope-trace"
MAX_CHARACTERS = 400_000_000
MAX_TEXT = 1_000_000  # characters of a source
MAX_TOKENS = 65_536  # of a source, of a hypothesis, and steps
MAX_ROWS = 4_096  # beam rows, children, candidates and hypotheses


def write_record(record: Record) -> str:
    """The record as JSON text."""
    content = {
        "schema": SCHEMA,
        "version": SCHEMA_VERSION,
        "source": _plain(record.source) | {"tokens": [_plain(t) for t in record.source.tokens]},
        "steps": [_write_step(compact(step)) for step in record.steps],
        "hypotheses": [_write_hypothesis(hypothesis) for hypothesis in record.hypotheses],
        "options": dict(record.options),
        "model": dict(record.model),
        "vocabulary": {str(id): text for id, text in record.vocabulary.items()},
        "timing": dict(record.timing),
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def read_record(text: str) -> Record:
    """Read what `write_record` wrote. Raises `TraceError` and names the part that is wrong."""
    values = _parse(text)
    source = _read_source(member(values, "source", dict, "the trace"))
    shape = {"S": len(source.tokens)}
    steps = entries(values, "steps", MAX_TOKENS, "the trace")
    read = tuple(_read_step(v, f"steps[{n}]", shape) for n, v in enumerate(steps))
    _check_steps(read)
    hypotheses = entries(values, "hypotheses", MAX_ROWS, "the trace")
    vocabulary = _read_vocabulary(member(values, "vocabulary", dict, "the trace"))
    known = np.array(sorted(vocabulary), dtype=np.int64)
    for number, step in enumerate(read):
        unknown = np.setdiff1d(np.append(step.token_ids, step.top_ids), known)
        if len(unknown):
            raise TraceError(f"vocabulary lacks the token {unknown[0]} of steps[{number}]")
    return Record(
        source=source,
        steps=read,
        hypotheses=tuple(
            _read_hypothesis(v, f"hypotheses[{n}]", read) for n, v in enumerate(hypotheses)
        ),
        options=plain_values(values, "options"),
        model=plain_values(values, "model"),
        vocabulary=vocabulary,
        timing=_read_timing(member(values, "timing", dict, "the trace")),
    )


def _plain(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _write_step(step: Step) -> dict[str, Any]:
    arrays = {n: write_array(getattr(step, n), dtype) for n, (dtype, _) in STEP_ARRAYS.items()}
    return arrays | {"rules": step.rules}


def _write_hypothesis(hypothesis: Hypothesis) -> dict[str, Any]:
    # An array keeps the two sums exact, minus infinity included; JSON has no infinity.
    sums = np.array([hypothesis.log_prob, hypothesis.score])
    plain = _plain(hypothesis) | {"sums": write_array(sums, "<f8")}
    return {name: value for name, value in plain.items() if name not in ("log_prob", "score")}


def _parse(text: str) -> dict[str, Any]:
    if not isinstance(text, str):
        raise TraceError(f"a trace is JSON text, got {type(text).__name__}")
    if len(text) > MAX_CHARACTERS:
        raise TraceError(f"the trace has {len(text)} characters, the limit is {MAX_CHARACTERS}")
    try:
        values = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise TraceError(f"the trace is not readable JSON: {error}") from error
    if not isinstance(values, dict) or values.get("schema") != SCHEMA:
        raise TraceError(f"this JSON is no trace: it lacks the schema {SCHEMA!r}")
    version = values.get("version")
    if type(version) is not int or version != SCHEMA_VERSION:
        raise TraceError(
            f"the trace has schema version {version!r:.80}; this Gistscope reads {SCHEMA_VERSION}"
        )
    return values


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _read_source(values: dict[str, Any]) -> Source:
    text = string(values, "text", MAX_TEXT, "source")
    tokens = []
    for number, value in enumerate(entries(values, "tokens", MAX_TOKENS, "source")):
        where = f"source.tokens[{number}]"
        id = whole(value, "id", MAX_NUMBER, where)
        start, end = span([value.get("start"), value.get("end")], len(text), where)
        tokens.append(SourceToken(id, string(value, "text", MAX_TEXT, where), start, end))
    style = None if values.get("style") is None else string(values, "style", 80, "source")
    return Source(
        text=text,
        tokens=tuple(tokens),
        style=style,
        cut_tokens=whole(values, "cut_tokens", MAX_NUMBER, "source"),
        cut_at=whole(values, "cut_at", len(text), "source"),
    )


def _read_step(value: Any, where: str, shape: Sizes) -> Step:
    """Read one step; `shape` collects the sizes that are the same in all steps."""
    sizes = {letter: size for letter, size in shape.items() if letter in "LHS"}
    arrays = {
        name: array(value, name, dtype, letters, sizes, where)
        for name, (dtype, letters) in STEP_ARRAYS.items()
    }
    shape.update({letter: size for letter, size in sizes.items() if letter in "LHS"})
    optional = ("cross_attention", "copy_gate")
    for name, numbers in arrays.items():
        if numbers is None and name not in optional:
            raise TraceError(f"{where}.{name} is missing")
    rules = entries(value, "rules", MAX_ROWS, where)
    if not _is_rules(rules, sizes["K"], sizes["N"]):
        raise TraceError(
            f"{where}.rules must be lists of names, {sizes['N']} in each of {sizes['K']} rows"
        )
    frozen = tuple(tuple(tuple(names) for names in row) for row in rules)
    return Step(rules=frozen, **arrays)  # type: ignore[arg-type]


def _is_rules(rules: list[Any], rows: int, candidates: int) -> bool:
    return len(rules) == rows and all(
        isinstance(row, list)
        and len(row) == candidates
        and all(isinstance(names, list) and all(isinstance(n, str) for n in names) for names in row)
        for row in rules
    )


def _check_steps(steps: Sequence[Step]) -> None:
    """Rows come from rows that were there, and all steps recorded the same things."""
    for number, step in enumerate(steps):
        where, rows = f"steps[{number}]", len(step.entropy)
        if (step.parents >= rows).any():
            raise TraceError(f"{where}.parents names row {step.parents.max()} of {rows}")
        if number and rows > len(steps[number - 1].token_ids):
            raise TraceError(f"{where} has more rows than steps[{number - 1}] has children")
        for name in ("cross_attention", "copy_gate"):
            if (getattr(step, name) is None) != (getattr(steps[0], name) is None):
                raise TraceError(f"{where}.{name} must be there in all steps or in none")


def _read_hypothesis(value: Any, where: str, steps: Sequence[Step]) -> Hypothesis:
    text = string(value, "text", MAX_TEXT, where)
    rows = wholes(value, "rows", MAX_ROWS, where)
    ids = wholes(value, "token_ids", MAX_NUMBER, where)
    spans = entries(value, "offsets", MAX_TOKENS, where)
    followed = len(ids) if steps else 0  # without recorded steps there are no rows to name
    if len(ids) != len(spans) or len(rows) != followed or len(rows) > len(steps):
        raise TraceError(
            f"{where} has {len(ids)} tokens, {len(rows)} rows and {len(spans)} offsets "
            f"in {len(steps)} steps"
        )
    before = None
    for place, (row, id) in enumerate(zip(rows, ids, strict=False)):
        step = steps[place]
        if row >= len(step.token_ids) or step.token_ids[row] != id:
            raise TraceError(f"{where}.rows[{place}] is {row}, where token {id} was not chosen")
        if before is not None and step.parents[row] != before:
            raise TraceError(
                f"{where}.rows[{place}] is {row}, which does not continue row {before}"
            )
        before = row
    sums = array(value, "sums", "<f8", "2", {"2": 2}, where)
    searched = value.get("searched", True)  # older traces lack it
    if sums is None or type(value.get("finished")) is not bool or type(searched) is not bool:
        raise TraceError(f"{where} lacks sums or finished, or searched is no truth value")
    offsets = tuple(span(v, len(text), f"{where}.offsets[{n}]") for n, v in enumerate(spans))
    log_prob, score = sums.tolist()
    return Hypothesis(text, ids, offsets, rows, log_prob, score, value["finished"], searched)


def _read_vocabulary(values: dict[str, Any]) -> dict[int, str]:
    for id, text in values.items():
        if not (id.isascii() and id.isdigit() and len(id) <= 10 and isinstance(text, str)):
            raise TraceError(f"vocabulary maps {id!r:.80} to {text!r:.80}, not an id to a text")
        refuse_surrogates(text, f"vocabulary[{id}]")
    return {int(id): text for id, text in values.items()}


def _read_timing(values: dict[str, Any]) -> dict[str, float]:
    for name, value in values.items():
        if not is_number(value):
            raise TraceError(f"timing.{name:.80} must be a number, got {value!r:.80}")
    return values
