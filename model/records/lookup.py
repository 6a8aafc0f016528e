"""A hypothesis read back from any place of a record's steps, whether the search kept it or not.

Knows no tokenizer: text comes from the record's vocabulary. Numpy only.
"""

from __future__ import annotations

from collections.abc import Sequence

from model.records.record import Hypothesis, Record, Step, TraceError
from model.strategies.ranking import length_penalty_of, length_score
from model.text.byte_level import read_bytes, text_and_spans
from model.text.source_text import MAX_CHARACTERS


def rows_to(steps: Sequence[Step], step: int, row: int) -> tuple[int, ...]:
    """The child rows, one per step, that lead to child `row` of `step`."""
    if not steps:
        raise TraceError("this run recorded no steps (record_top_k was 0)")
    for name, value, size in (
        ("step", step, len(steps)),
        ("row", row, len(steps[step].token_ids) if step in range(len(steps)) else 0),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < size:
            raise ValueError(f"{name} must be a number between 0 and {size - 1}, got {value!r:.80}")
    rows = [row]
    for at in reversed(steps[1 : step + 1]):
        rows.append(int(at.parents[rows[-1]]))
    return tuple(reversed(rows))


def hypothesis_through(record: Record, rows: tuple[int, ...]) -> Hypothesis:
    """The hypothesis of these child rows; its score is without the coverage penalty."""
    ids = tuple(int(step.token_ids[row]) for step, row in zip(record.steps, rows, strict=False))
    text, offsets = text_and_spans(_pieces(record, ids), _hides_first_space(record))
    log_prob = float(record.steps[len(rows) - 1].scores[rows[-1]])
    return Hypothesis(
        text=text,
        token_ids=ids,
        offsets=offsets,
        rows=rows,
        log_prob=log_prob,
        score=length_score(log_prob, len(ids), length_penalty_of(record.options)),
        finished=ids[-1] in _end_ids(record),
        searched=False,
    )


def _pieces(record: Record, ids: Sequence[int]) -> list[bytes]:
    """What every token stands for; nothing for a special one."""
    size = sum(len(record.vocabulary.get(id, "")) for id in ids)
    if size > MAX_CHARACTERS:
        raise TraceError(f"the hypothesis has {size} characters, the limit is {MAX_CHARACTERS}")
    special = _special_ids(record)
    return [b"" if id in special else read_bytes(record.vocabulary.get(id, "")) for id in ids]


def _hides_first_space(record: Record) -> bool:
    """Whether texts stand without the space of their first token, as this run has shown it."""
    special = _special_ids(record)
    for hypothesis in record.hypotheses:
        written = (
            record.vocabulary.get(id, "") for id in hypothesis.token_ids if id not in special
        )
        first = next(filter(None, written), "")
        if hypothesis.searched and first.startswith(" "):
            return _spaces_before(first) > _spaces_before(hypothesis.text)
    return False


def _spaces_before(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _end_ids(record: Record) -> set[int]:
    """The token that ends summaries: as seen, or else the one that ends the source."""
    seen = {h.token_ids[-1] for h in record.hypotheses if h.finished and h.token_ids}
    last = record.source.tokens[-1:]
    return seen or {token.id for token in last if token.start == token.end}


def _special_ids(record: Record) -> set[int]:
    """Tokens that stand for no text, as far as this run has shown them."""
    in_source = {token.id for token in record.source.tokens if token.start == token.end}
    written = {
        id
        for hypothesis in record.hypotheses
        for id, (start, end) in zip(hypothesis.token_ids, hypothesis.offsets, strict=True)
        if start == end and not record.vocabulary.get(id, "").isspace()  # a hidden first space
    }
    return in_source | written
