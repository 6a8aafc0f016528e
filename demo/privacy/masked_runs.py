"""A run without personal data, to be exported or shared: it can be looked at like any other.

Texts keep their lengths. What a token says is told by its number, too: a token of something
personal gets a number that no vocabulary has. So do candidates that would have said it, and the
beams that were given up. Runs no model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from demo.privacy.masking import MASK
from demo.privacy.private import LONGEST_BEGINNING, Private, Span, hidden, private
from demo.session import Run
from model.records.lookup import hypothesis_through, rows_to
from model.records.record import Hypothesis, Source, SourceToken, Step
from model.text.byte_level import read_bytes
from model.trace import Trace

MASKED = "masked"  # what `Trace.model` says of a run without personal data
SHOWN = MASK * 3  # what a hidden token says where no text has its place
WINDOW = 4 * LONGEST_BEGINNING  # bytes before a candidate that can matter
LARGEST = 2**30  # number of a token; the hidden ones come behind
Place = tuple[int, int]  # a step, and a child row of it


def is_masked(trace: Trace) -> bool:
    """Whether personal data was masked in this run."""
    return trace.model.get(MASKED) is True


def texts_of(run: Run) -> Iterator[str]:
    """Every text that somebody gave or a model wrote, but for the beams that were given up.

    None of a run that is masked already.
    """
    if is_masked(run.trace):
        return
    yield run.document
    for trace in (run.trace, *run.parts):
        yield trace.source.text
        yield from (one.text for one in trace.hypotheses)
        for value in trace.options.values():
            yield from (str(text) for text in (value if isinstance(value, list) else [value]))


def private_of(run: Run, names: bool) -> Private:
    """What is personal in a run's texts; nothing in one that is masked already."""
    return private(texts_of(run), names)


def masked_run(run: Run, names: bool) -> Run:
    """The run with all that is personal in it masked, its parts and its document included."""
    if is_masked(run.trace):
        return run
    known = private_of(run, names)
    return replace(
        run,
        trace=masked_trace(run.trace, known),
        label=f"{style} · {MASKED}" if (style := run.trace.source.style) else MASKED,
        parts=tuple(masked_trace(part, known) for part in run.parts),
        document=known.hide(run.document),
    )


def masked_trace(trace: Trace, known: Private) -> Trace:
    """The trace with all that is personal in it masked; it can be saved and loaded as any other."""
    places = _written(trace, known)
    weighed = _weighed(trace, known, places)  # adds to the places
    renamed = _Renamed.of(trace)
    steps = tuple(
        _step(step, number, weighed[number], places, renamed)
        for number, step in enumerate(trace.steps)
    )
    hypotheses = tuple(_hypothesis(one, known, places, steps, renamed) for one in trace.hypotheses)
    return replace(
        trace,
        source=_source(trace.source, known, renamed),
        steps=steps,
        hypotheses=hypotheses,
        options={name: _option(value, known) for name, value in trace.options.items()},
        model={**trace.model, MASKED: True},
        vocabulary=renamed.vocabulary(steps, hypotheses),
    )


@dataclass(frozen=True)
class _Renamed:
    """Numbers for hidden tokens, above all that the trace has: a number a place in a row.

    The same token has another number elsewhere: nothing can be learnt from where it comes again.
    """

    first: int
    texts: dict[int, str]

    @classmethod
    def of(cls, trace: Trace) -> _Renamed:
        ids = [*trace.vocabulary, *(token.id for token in trace.source.tokens)]
        ids += [id for one in trace.hypotheses for id in one.token_ids]
        first = max(ids, default=0) + 1
        if first > LARGEST:
            raise ValueError(
                f"token {first - 1} leaves no room: masking needs them below {LARGEST}"
            )
        return cls(first, dict(trace.vocabulary))

    def __call__(self, place: int, id: int) -> int:
        """The number of a hidden token at this place; an even one begins no word."""
        return self.first + 2 * place + self.texts.get(id, "").startswith(" ")

    def vocabulary(self, steps: Sequence[Step], hypotheses: Sequence[Hypothesis]) -> dict[int, str]:
        """The texts of all tokens that are left."""
        ids = {id for one in hypotheses for id in one.token_ids}
        for step in steps:
            ids.update(step.token_ids.tolist(), step.top_ids.ravel().tolist())
        return {id: self._text(id) for id in sorted(ids) if id >= self.first or id in self.texts}

    def _text(self, id: int) -> str:
        return self.texts[id] if id < self.first else " " * ((id - self.first) % 2) + SHOWN


def _written(trace: Trace, known: Private) -> set[Place]:
    """The child rows that wrote something personal, on any path of the search."""
    places: set[Place] = set()
    for rows in {*_paths(trace.steps), *(one.rows for one in trace.hypotheses if one.rows)}:
        path = hypothesis_through(trace, rows)
        places.update((token, rows[token]) for token in _inside(path.offsets, known, path.text))
    return places


def _paths(steps: Sequence[Step]) -> Iterator[tuple[int, ...]]:
    """The rows of every path that nothing continues."""
    for number, step in enumerate(steps):
        continued = set(steps[number + 1].parents.tolist()) if number + 1 < len(steps) else set()
        for row in range(len(step.token_ids)):
            if row not in continued:
                yield rows_to(steps, number, row)


def _inside(offsets: Sequence[Span], known: Private, text: str) -> list[int]:
    """Places of the tokens that stand, in whole or in part, for something personal."""
    covered = np.zeros(len(text) + 1, dtype=np.int64)
    for start, end in known.spans(text):
        covered[start:end] = 1
    before = np.concatenate([[0], covered.cumsum()])
    return [place for place, (start, end) in enumerate(offsets) if before[end] > before[start]]


def _weighed(trace: Trace, known: Private, places: set[Place]) -> list[np.ndarray]:
    """Per step, whether a candidate [K, N] would say something personal.

    A child whose candidate would is added to the places, and one of the places is marked among
    the candidates: both are one token.
    """
    bytes_of = {id: read_bytes(text) for id, text in trace.vocabulary.items()}
    before = [b""] * (len(trace.steps[0].entropy) if trace.steps else 0)
    marks = []
    for number, step in enumerate(trace.steps):
        marked = np.array(
            [
                [_says(known, before[row] + bytes_of[id]) for id in ids]
                for row, ids in enumerate(step.top_ids.tolist())
            ],
            dtype=bool,
        ).reshape(step.top_ids.shape)
        children = list(zip(step.parents.tolist(), step.token_ids.tolist(), strict=True))
        for child, (parent, id) in enumerate(children):
            same = step.top_ids[parent] == id
            if (number, child) in places:
                marked[parent] |= same
            elif (marked[parent] & same).any():
                places.add((number, child))
        before = [(before[parent] + bytes_of[id])[-WINDOW:] for parent, id in children]
        marks.append(marked)
    return marks


def _says(known: Private, data: bytes) -> bool:
    return bool(known.ends(data[-WINDOW:].decode("utf-8", "ignore")))


def _step(
    step: Step, number: int, marked: np.ndarray, places: set[Place], renamed: _Renamed
) -> Step:
    top_ids, token_ids = step.top_ids.copy(), step.token_ids.copy()
    for row, place in np.argwhere(marked).tolist():
        top_ids[row, place] = renamed(place, int(step.top_ids[row, place]))
    for child, (parent, id) in enumerate(
        zip(step.parents.tolist(), step.token_ids.tolist(), strict=True)
    ):
        if (number, child) in places:
            found = np.flatnonzero(step.top_ids[parent] == id)
            place = int(found[0]) if len(found) else step.top_ids.shape[1]
            token_ids[child] = renamed(place, id)
    return replace(step, top_ids=top_ids, token_ids=token_ids)


def _hypothesis(
    one: Hypothesis, known: Private, places: set[Place], steps: Sequence[Step], renamed: _Renamed
) -> Hypothesis:
    if one.rows:
        hiding = [place for place in enumerate(one.rows) if place in places]
        inside = [token for token, _ in hiding]
        ids = [int(steps[token].token_ids[row]) for token, row in enumerate(one.rows)]
    else:  # a run without recorded steps
        inside = _inside(one.offsets, known, one.text)
        ids = [renamed(0, id) if n in inside else id for n, id in enumerate(one.token_ids)]
    spans = [*known.spans(one.text), *(one.offsets[token] for token in inside)]
    return replace(one, text=hidden(one.text, spans), token_ids=tuple(ids))


def _source(source: Source, known: Private, renamed: _Renamed) -> Source:
    offsets = [(token.start, token.end) for token in source.tokens]
    inside = _inside(offsets, known, source.text)
    spans = [*known.spans(source.text), *(offsets[place] for place in inside)]
    text = hidden(source.text, spans)
    hiding = set(inside)
    tokens = [
        SourceToken(renamed(0, token.id), text[token.start : token.end], token.start, token.end)
        if place in hiding
        else token
        for place, token in enumerate(source.tokens)
    ]
    return replace(source, text=text, tokens=tuple(tokens))


def _option(value: Any, known: Private) -> Any:
    """A setting that is text, or holds texts, with what is personal masked."""
    if isinstance(value, str):
        return known.hide(value)
    if isinstance(value, list | tuple):
        return [known.hide(text) if isinstance(text, str) else text for text in value]
    return value
