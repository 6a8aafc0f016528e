"""The columns of an attention map: few enough to be told apart, and no attention lost.

Columns are segments of the source; `reading` pools the attention over them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from demo.values.reading import AFTER_NAME, BEFORE_NAME, AttentionView, Unit, source_parts
from model.trace import Segment, Trace

MOST_COLUMNS: Mapping[Unit, int] = {"words": 160, "tokens": 160, "sentences": 48}


@dataclass(frozen=True)
class Columns:
    """What stands side by side on the map. Every word that was read is in one of them."""

    parts: tuple[Segment, ...]
    rest: tuple[int, ...] = ()  # places of "before" and "after" around a zoomed sentence


def map_columns(trace: Trace, view: AttentionView) -> Columns:
    """Columns for a view: all of the source, or one sentence with the rest on both sides."""
    parts = source_parts(trace, view.unit)
    most = MOST_COLUMNS[view.unit]
    if view.unit == "sentences" or view.sentence is None:
        return Columns(grouped(parts, most))
    first, last = _inside(trace, view.sentence, parts)
    before = (joined(BEFORE_NAME, parts[:first]),) if first else ()
    after = (joined(AFTER_NAME, parts[last:]),) if last < len(parts) else ()
    columns = (*before, *grouped(parts[first:last], most), *after)
    return Columns(columns, (0,) * len(before) + (len(columns) - 1,) * len(after))


def grouped(parts: Sequence[Segment], most: int) -> tuple[Segment, ...]:
    """At most `most` runs of neighbours, named "first … last"; their lengths differ by one."""
    count = min(most, len(parts))
    cuts = [place * len(parts) // count for place in range(count + 1)] if count else []
    return tuple(
        parts[start]
        if end == start + 1
        else joined(f"{parts[start].text} … {parts[end - 1].text}", parts[start:end])
        for start, end in pairwise(cuts)
    )


def joined(text: str, parts: Sequence[Segment]) -> Segment:
    """One segment with the tokens of all `parts`."""
    tokens = tuple(token for part in parts for token in part.tokens)
    return Segment(text, parts[0].start, parts[-1].end, tokens)


def word_ranges(trace: Trace, columns: Columns) -> list[list[int] | None]:
    """First and last source word (places in `source_words`) of every column."""
    word_of = {token: n for n, word in enumerate(trace.source_words()) for token in word.tokens}
    ranges: list[list[int] | None] = []
    for part in columns.parts:
        inside = [word_of[token] for token in part.tokens if token in word_of]
        ranges.append([min(inside), max(inside)] if inside else None)
    return ranges


def _inside(trace: Trace, sentence: int, parts: Sequence[Segment]) -> tuple[int, int]:
    """From where to where `parts` belong to a sentence."""
    sentences = trace.source_sentences()
    if not 0 <= sentence < len(sentences):
        raise ValueError(f"sentence must be between 0 and {len(sentences) - 1}, got {sentence}")
    own = set(sentences[sentence].tokens)
    places = [place for place, part in enumerate(parts) if own.intersection(part.tokens)]
    return (places[0], places[-1] + 1) if places else (0, 0)
