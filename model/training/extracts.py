"""Pairs whose target is what the source itself says of it: the statements nearest to a reference.

Extractive summarizers learn from such an oracle (Nallapati et al. 2017, SummaRuNNer). Here it
chooses whole sentences and main clauses: one as `headline`, one or two as `tldr`, some as
`summary`. A model that sees them beside the references copies a statement where it isn't sure of
words of its own, instead of joining what doesn't belong together. What speaks to somebody, quotes,
or isn't understood alone is left out; so is a source that has nothing near the reference.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice, pairwise

from model.training.clauses import BREAK, CLAUSE_WORDS, FINITE, OPENING, UNFINISHED, finite_verb
from model.training.rows import Row
from model.training.sentences import ANAPHORA, split_sentences

SET = "oracle_extract"
LEAST_OVERLAP = 0.25  # with the reference
STATEMENT_WORDS = (4, 36)
TLDR_WORDS = 32
SUMMARY_WORDS = 90
SUMMARY_STATEMENTS = (2, 4)
NEAR = 2  # sentences back, to what "it" may mean

WORD = re.compile(r"\w+(?:['’]\w+)?")
PROSE = re.compile(r"[A-Z0-9](?:[^|{}<>\\=“”\"?!:….]|\.(?=\S))*\.")
SPEAKING = re.compile(
    r"\b(?:I|me|my|mine|we|us|our|ours|you|your|yours|(?:my|our|your)sel\w+)\b", re.IGNORECASE
)
PRONOUNS = frozenset(("it", "he", "she", "they", "this", "that", "these", "those", "there"))
TURN = re.compile(r"^[^\n:]{1,30}: ", re.MULTILINE)
ARTICLE = re.compile(r"(?:The|A|An|Some|Many|Most|All|Both|Two|Three|Four|Five|No|Only)\b")


@dataclass(frozen=True, order=True)
class Statement:
    """A sentence of the source, or its main clause, with the stop."""

    place: int  # of the sentence
    text: str

    @property
    def stands_alone(self) -> bool:
        """Whether it says what it is about."""
        words = _plain(self.text)
        subject = words[(finite_verb(words) or 0) - 1]
        return subject not in PRONOUNS and ANAPHORA.match(self.text) is None


def extract_rows(rows: Iterable[Row], limit: int) -> list[Row]:
    """At most `limit` pairs of these, each with another target for its source."""
    targets = ((row, extract(row.source, row.target, row.style)) for row in rows)
    pairs = (replace(row, target=target, set=SET) for row, target in targets if target is not None)
    return list(islice(pairs, limit))


def extract(source: str, reference: str, style: str) -> str | None:
    """The best that the source says of itself in this style; None where nothing comes near.

    >>> extract("The bridge is closed, the town said. It is old.", "Bridge closed", "headline")
    'The bridge is closed'
    """
    make = CANDIDATES.get(style)
    if make is None or len(TURN.findall(source)) > 1:  # what is said in talk is no report of it
        return None
    overlap = _Overlap(reference)
    best = max(make(list(statements(source)), overlap), key=overlap, default="")
    return best if overlap(best) >= LEAST_OVERLAP else None


def statements(source: str) -> Iterator[Statement]:
    """Every sentence that states something, and its main clause where it has more than one."""
    lines = source.split("\n")
    for place, sentence in enumerate(s for line in lines for s in split_sentences(line)):
        if PROSE.fullmatch(sentence) and not SPEAKING.search(sentence):
            end = BREAK.search(sentence)
            clause = f"{sentence[: end.start()]}." if end and not OPENING.match(sentence) else ""
            yield from (Statement(place, s) for s in (sentence, clause) if _states(s))


class _Overlap:
    """How near a text is to the reference: F1 of its words and word pairs, the mean of the two."""

    def __init__(self, reference: str) -> None:
        self.reference = reference
        self._grams = _grams(reference)

    def __call__(self, text: str) -> float:
        return sum(map(_f1, _grams(text), self._grams)) / 2


Make = Callable[[Sequence[Statement], _Overlap], Iterator[str]]


def _headlines(said: Sequence[Statement], overlap: _Overlap) -> Iterator[str]:
    for statement in said:
        if statement.stands_alone and len(statement.text.split()) <= CLAUSE_WORDS[1]:
            yield statement.text.removesuffix(".")


def _tldrs(said: Sequence[Statement], overlap: _Overlap) -> Iterator[str]:
    alone = [statement for statement in said if statement.stands_alone]
    yield from (statement.text for statement in alone)
    joint = "but" if " but " in overlap.reference else "and"
    for first, second in combinations(alone, 2):
        text = f"{first.text[:-1]}, {joint} {second.text[:1].lower()}{second.text[1:]}"
        if (
            first.place < second.place
            and ARTICLE.match(second.text)
            and len(text.split()) <= TLDR_WORDS
        ):
            yield text


def _summaries(said: Sequence[Statement], overlap: _Overlap) -> Iterator[str]:
    """Statement by statement what helps most, as long as it does."""
    chosen: list[Statement] = []
    text = ""
    while len(chosen) < SUMMARY_STATEMENTS[1]:
        taken = {statement.place for statement in chosen}
        longer = (sorted([*chosen, other]) for other in said if other.place not in taken)
        readable = [(_joined(some), some) for some in longer if _readable(some)]
        best, some = max(readable, key=lambda pair: overlap(pair[0]), default=("", []))
        if overlap(best) <= overlap(text):
            break
        text, chosen = best, some
    if len(chosen) >= SUMMARY_STATEMENTS[0]:
        yield text


CANDIDATES: Mapping[str, Make] = {
    "headline": _headlines, "tldr": _tldrs, "summary": _summaries,
}  # fmt: skip


def _readable(some: Sequence[Statement]) -> bool:
    """Whether these, in order, are short, and each is understood from those before it."""
    return (
        some[0].stands_alone
        and all(b.stands_alone or b.place - a.place <= NEAR for a, b in pairwise(some))
        and len(_joined(some).split()) <= SUMMARY_WORDS
    )


def _joined(some: Iterable[Statement]) -> str:
    return " ".join(statement.text for statement in some)


def _states(text: str) -> bool:
    words = _plain(text)
    low, high = STATEMENT_WORDS
    if not low <= len(words) <= high or words[0] in FINITE or words[-1] in UNFINISHED:
        return False
    verb = finite_verb(words)
    return verb is not None and verb < len(words) - 1


def _plain(text: str) -> list[str]:
    return [word.lower().strip("’'.,;") for word in text.split()]


def _grams(text: str) -> tuple[Counter[object], Counter[object]]:
    words = [word.lower() for word in WORD.findall(text)]
    return Counter(words), Counter(pairwise(words))


def _f1(some: Counter[object], others: Counter[object]) -> float:
    size = some.total() + others.total()
    return 2 * (some & others).total() / size if size else 0.0
