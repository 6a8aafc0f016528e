"""Pairs made from text that has no summary: a sentence that says the most is taken out of it.

- `contribution_sentence`: "We propose …" of an abstract, from the rest of the abstract;
- `gap_sentence`: the sentences that share most words with the rest of a passage (the gap
  sentences of Zhang et al. 2020, PEGASUS), one as `tldr`, two or three as `summary`;
- `first_sentence`: the lead of an article, from what follows it;
- `main_clause`: what the first sentence of a passage states, as a `headline`; it stays there;
- `oracle_extract`: what the source itself says that is nearest to a reference, see
  `model.training.extracts`;
- `reported_speech`: chats and letters whose statements were reports, see `model.training.chats`;
- `made_review`: reviews and the opinions in them, see `model.training.reviews`;
- pairs that there are with other names, in their own sets, see `model.training.renaming`.

Deterministic: a hash of the text chooses, so the same files give the same pairs.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from model.training.chats import chat_rows
from model.training.clauses import main_clause
from model.training.contributions import LONGEST, PROSE, SHORTEST, contribution
from model.training.extracts import extract_rows
from model.training.renaming import renamed_rows
from model.training.reviews import review_rows
from model.training.rows import Row, open_text
from model.training.sentences import ANAPHORA, documents, passages, split_sentences

PASSAGE_WORDS = (110, 320)
CLAUSE_PASSAGE_WORDS = (50, 250)
ARTICLE_WORDS = (80, 600)
COMMON_WORDS = """
the a an of to in and or for on with by is are was were be been that this it as at from which their
its can has have had not but we he she they you i his her our will would may more also than these
those such into about one when who what there if all some so
"""
COMMON = frozenset(COMMON_WORDS.split())


@dataclass(frozen=True)
class PseudoPairs:
    """How many pairs to make, and from what; 0 makes none."""

    contributions: int = 0
    contribution_sets: tuple[str, ...] = ("arxiv_daily_title", "acl_title")
    extracts: int = 0  # of the pairs that there are
    extract_sets: tuple[str, ...] = ()  # of these sets; of all where none is named
    renamed: int = 0  # copies of every pair that there is
    renamed_sets: tuple[str, ...] = ()  # of these sets; of all where none is named
    gap_sentences: int = 0  # shared out over the files in `passages`
    clauses: int = 0  # shared out over these files as well
    passages: tuple[Path, ...] = ()
    first_sentences: int = 0  # shared out over the files in `articles`
    articles: tuple[Path, ...] = ()
    chats: int = 0  # shared out over the files in `prose`
    reviews: int = 0  # shared out over these files as well
    prose: tuple[Path, ...] = ()
    kept_share: float = 0.25  # of pairs whose target stays in the source: copying, not guessing

    def __post_init__(self) -> None:
        if not 0 <= self.kept_share <= 1:
            raise ValueError(f"kept_share must be in [0, 1], got {self.kept_share}")
        needed = {
            "contributions": None, "extracts": None, "renamed": None,
            "gap_sentences": self.passages, "clauses": self.passages,
            "first_sentences": self.articles, "chats": self.prose, "reviews": self.prose,
        }  # fmt: skip
        for name, files in needed.items():
            count = getattr(self, name)
            if count < 0:
                raise ValueError(f"{name} must be 0 or more, got {count}")
            if count and files is not None and not files:
                raise ValueError(f"{count} {name.replace('_', ' ')} need text files to come from")


def pseudo_rows(train: Sequence[Row], options: PseudoPairs) -> list[Row]:
    """All pairs that `options` asks for; `train` gives the abstracts and the references."""
    rows: list[Row] = []
    if options.contributions:
        rows += _contributions(train, options)
    if options.extracts:
        chosen = _of_sets(train, options.extract_sets)
        rows += extract_rows(sorted(chosen, key=lambda row: _draw(row.source)), options.extracts)
    if options.renamed:
        rows += renamed_rows(_of_sets(train, options.renamed_sets), options.renamed)
    if options.gap_sentences:
        share = -(-options.gap_sentences // len(options.passages))
        for path in options.passages:
            rows += _gaps(path, share, options.kept_share)
    if options.clauses:
        share = -(-options.clauses // len(options.passages))
        for path in options.passages:
            rows += _clauses(path, share)
    if options.first_sentences:
        share = -(-options.first_sentences // len(options.articles))
        for path in options.articles:
            rows += _leads(path, share, options.kept_share)
    for make, count in ((chat_rows, options.chats), (review_rows, options.reviews)):
        for path in options.prose if count else ():
            share = -(-count // len(options.prose))
            rows += make(_passages(path, *CLAUSE_PASSAGE_WORDS), share)
    return rows


def gap(passage: str, count: int, keep: bool) -> tuple[str, str] | None:
    """The passage without its `count` most central sentences, and those; None if unfit.

    `keep` leaves them in the source, which teaches copying instead of guessing.
    """
    lines = [split_sentences(line) for line in passage.split("\n")]
    sentences = [sentence for line in lines for sentence in line]
    if len(sentences) < count + 3:
        return None
    scores = _centrality(sentences)
    fit = [i for i, s in enumerate(sentences) if scores[i] > 0 and _stands_alone(s)]
    if len(fit) < count:
        return None
    chosen = sorted(sorted(fit, key=lambda i: (-scores[i], i))[:count])
    # Only the first has to stand alone, and it does; the others follow it in order.
    target = " ".join(sentences[i] for i in chosen)
    if keep:
        return passage, target
    left = [" ".join(s for s in line if s not in {sentences[i] for i in chosen}) for line in lines]
    return "\n".join(line for line in left if line), target


def _of_sets(rows: Sequence[Row], sets: Sequence[str]) -> list[Row]:
    return [row for row in rows if not sets or row.set in sets]


def _contributions(train: Sequence[Row], options: PseudoPairs) -> list[Row]:
    found = []
    abstracts = _of_sets(train, options.contribution_sets)
    for row in sorted(abstracts, key=lambda row: _draw(row.source)):
        pair = contribution(row.source)
        if pair is not None:
            source = row.source if _keeps(row.source, options.kept_share) else pair[0]
            found.append(Row(source, pair[1], "tldr", "contribution_sentence", row.licence))
            if len(found) == options.contributions:
                break
    return found


def _passages(path: Path, low: int, high: int) -> list[str]:
    with open_text(path) as lines:
        texts = [text for block in documents(lines) for text in passages(block, low, high)]
    return sorted(texts, key=_draw)


def _clauses(path: Path, limit: int) -> list[Row]:
    texts = _passages(path, *CLAUSE_PASSAGE_WORDS)
    firsts = ((text, split_sentences(text.replace("\n", " "))[0]) for text in texts)
    clauses = ((text, main_clause(first)) for text, first in firsts)
    pairs = (Row(text, c, "headline", "main_clause") for text, c in clauses if c is not None)
    return list(islice(pairs, limit))


def _gaps(path: Path, limit: int, kept_share: float) -> list[Row]:
    rows = []
    for text in _passages(path, *PASSAGE_WORDS):
        count = (1, 1, 1, 2, 3)[_draw(text) % 5]
        pair = gap(text, count, keep=_keeps(text, kept_share))
        if pair is not None:
            rows.append(Row(*pair, "tldr" if count == 1 else "summary", "gap_sentence"))
            if len(rows) == limit:
                break
    return rows


def _leads(path: Path, limit: int, kept_share: float) -> list[Row]:
    with open_text(path) as lines:
        blocks = [block for block in documents(lines) if len(block) >= 3]
    rows = []
    for block in sorted(blocks, key=lambda block: _draw("\n".join(block))):
        pair = _lead(block)
        if pair is not None:
            rest, first = pair
            source = f"{first} {rest}" if _keeps(rest, kept_share) else rest
            rows.append(Row(source, first, "tldr", "first_sentence"))
            if len(rows) == limit:
                break
    return rows


def _lead(block: list[str]) -> tuple[str, str] | None:
    """An article without its first sentence, and that sentence, if the two share content."""
    first, *rest = split_sentences(block[0])
    if not _stands_alone(first):
        return None
    lines, words = [" ".join(rest)] if rest else [], 0
    for line in block[1:]:
        words += len(line.split())
        if words > ARTICLE_WORDS[1]:
            break
        lines.append(line)
    text = "\n".join(lines)
    content, said = _content(first), _content(text)
    if len(text.split()) < ARTICLE_WORDS[0] or not content:
        return None
    shared = sum(1 for word in content if word in said)
    return (text, first) if shared >= 0.5 * len(content) else None


def _stands_alone(sentence: str) -> bool:
    size = len(sentence.split())
    return (
        SHORTEST <= size <= LONGEST
        and PROSE.match(sentence) is not None
        and ANAPHORA.match(sentence) is None
    )


def _centrality(sentences: Iterable[str]) -> list[float]:
    """F1 of content words between every sentence and the rest: ROUGE-1 without stop words."""
    bags = [_content(sentence) for sentence in sentences]
    whole = Counter[str]()
    for bag in bags:
        whole.update(bag)
    size = sum(whole.values())
    scores = []
    for bag in bags:
        own = sum(bag.values())
        overlap = sum(min(count, whole[word] - count) for word, count in bag.items())
        scores.append(2 * overlap / size if own else 0.0)
    return scores


def _content(text: str) -> Counter[str]:
    return Counter(w for w in _words(text) if w not in COMMON)


def _words(text: str) -> Iterator[str]:
    return (match.group() for match in re.finditer(r"\w+", text.lower()))


def _keeps(text: str, share: float) -> bool:
    return _draw(text) // 5 % 1000 < 1000 * share


def _draw(text: str) -> int:
    """A number that orders texts by chance, always the same way."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest(), "big")
