"""Two summaries side by side: their words aligned, and the first place where they part.

Reads two traces, which may be of different models, and runs none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import SequenceMatcher

from model.text.words import Segment
from model.trace import Trace

Pair = tuple[int | None, int | None]

# Above, words that come often are no longer anchors; difflib's time would grow with the square.
LONG = 2_000  # words


@dataclass(frozen=True)
class Branch:
    """One side of the parting: its word there, and its token where the two first differ."""

    place: int  # of the word; the number of words where this summary has ended
    word: str  # "" where it has ended
    step: int | None  # of the token; None where nothing was written, not even the end
    token: str
    own: float | None  # probability that this side's model gave its own token
    other: float | None  # and the other side's token; None where it was not recorded


@dataclass(frozen=True)
class Comparison:
    """The words of two summaries, one pair per row."""

    pairs: tuple[Pair, ...]  # places in both summaries' words; None where one side has no word
    equal: tuple[bool, ...]  # per pair: both words are there and the same
    parting: tuple[Branch, Branch] | None  # None when both say the same


def compare(a: Trace, hypothesis_a: int, b: Trace, hypothesis_b: int) -> Comparison:
    """Align the words of two hypotheses and find where they part. Case counts."""
    words_a, words_b = a.words(hypothesis_a), b.words(hypothesis_b)
    texts_a, texts_b = [w.text for w in words_a], [w.text for w in words_b]
    shared = 0
    while shared < min(len(texts_a), len(texts_b)) and texts_a[shared] == texts_b[shared]:
        shared += 1
    pairs = _align(texts_a, texts_b, shared)
    equal = tuple(i is not None and j is not None and texts_a[i] == texts_b[j] for i, j in pairs)
    if shared == len(texts_a) == len(texts_b):
        return Comparison(pairs, equal, None)
    steps = _steps(_Side(a, hypothesis_a, words_a), _Side(b, hypothesis_b, words_b), shared)
    return Comparison(pairs, equal, steps)


@dataclass(frozen=True)
class _Side:
    trace: Trace
    hypothesis: int
    words: tuple[Segment, ...]

    def tokens_from(self, word: int) -> tuple[int, list[str]]:
        """The first token behind the words before `word`, and the texts from there on."""
        first = max((place for w in self.words[:word] for place in w.tokens), default=-1) + 1
        ids = self.trace.hypotheses[self.hypothesis].token_ids[first:]
        shown = self.trace.target_tokens(self.hypothesis)[first:]
        return first, [
            self.trace.vocabulary.get(id, text) for id, text in zip(ids, shown, strict=True)
        ]

    def branch(self, word: int, step: int, token: str, other: str) -> Branch:
        """What this side's model thought of both tokens."""
        text = self.words[word].text if word < len(self.words) else ""
        if not token:
            return Branch(word, text, None, "", None, None)
        if not self.trace.steps:
            return Branch(word, text, step, token, None, None)
        weighed = self.trace.candidates(self.hypothesis, step)
        of_other = (c.log_prob for c in weighed if other and c.text == other)
        own = float(self.trace.token_log_probs(self.hypothesis)[step])
        beside = next(of_other, None)
        return Branch(
            word, text, step, token, math.exp(own), None if beside is None else math.exp(beside)
        )


def _steps(a: _Side, b: _Side, word: int) -> tuple[Branch, Branch]:
    """Both sides at the first token behind `word` words in which they differ.

    By text, not by id or place: two models cut words differently.
    """
    first_a, tokens_a = a.tokens_from(word)
    first_b, tokens_b = b.tokens_from(word)
    same = 0
    while same < min(len(tokens_a), len(tokens_b)) and tokens_a[same] == tokens_b[same]:
        same += 1
    token_a = tokens_a[same] if same < len(tokens_a) else ""
    token_b = tokens_b[same] if same < len(tokens_b) else ""
    return (
        a.branch(word, first_a + same, token_a, token_b),
        b.branch(word, first_b + same, token_b, token_a),
    )


def _align(a: list[str], b: list[str], shared: int) -> tuple[Pair, ...]:
    """Pairs of word places: the `shared` first words, then difflib's alignment of the rest."""
    pairs: list[Pair] = [(place, place) for place in range(shared)]
    long = len(a) + len(b) - 2 * shared > LONG
    matcher = SequenceMatcher(None, a[shared:], b[shared:], autojunk=long)
    for _, from_a, to_a, from_b, to_b in matcher.get_opcodes():
        for place in range(max(to_a - from_a, to_b - from_b)):
            i, j = from_a + place, from_b + place
            pairs.append((i + shared if i < to_a else None, j + shared if j < to_b else None))
    return tuple(pairs)
