"""The same pairs with other names: who is in a text has to be read from it, not known by heart.

A name is a word with a capital inside a sentence that stands in few texts and in none of them with
a small letter. Its company says what it is: a first name is known, a surname follows a title or a
first name, a place follows a preposition. Another of its kind, from other texts, takes its place in
the source and the target alike (as Dai & Adel 2020 do with mentions of one type).
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from model.training.people import NAMES, TITLES
from model.training.rows import Row

RARE = 6  # texts; a word in more of them is no invented name
SHORTEST = 3  # letters
DRAWN = 8  # other names, for one that the text doesn't have
FIRST_SHARE = 0.3  # of a surname's places behind a title or a first name
PLACE_SHARE = 0.4  # of a place's behind a preposition
PREPOSITIONS = ("in", "at", "from", "near", "to", "between", "of", "outside")
KEPT_WORDS = """
January February March April May June July August September October November December Monday Tuesday
Wednesday Thursday Friday Saturday Sunday Christmas Easter English French German Spanish Italian
Chinese Japanese Dutch Portuguese Turkish Russian Arabic Polish European Asian African American
British Indian Europe Asia Africa America Australia Britain Germany France Spain Italy Portugal
Poland India China Japan Canada London Paris Berlin Rome Madrid Lisbon
"""
KEPT = frozenset((*KEPT_WORDS.split(), *TITLES))
WORD = re.compile(r"[^\W\d_](?:[\w'’-]*[^\W_])?")
OWNER = re.compile(r"['’]s$")
BEFORE = re.compile(r"(\w+) *$")  # the word before, on the same line and in the same sentence


@dataclass(frozen=True)
class Names:
    """Every name of some texts with its kind, and the names of each kind."""

    kinds: Mapping[str, str]
    pools: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, sources: Iterable[str]) -> Names:
        """The names that these texts have."""
        small = set[str]()
        texts = Counter[str]()
        company: dict[str, Counter[str]] = defaultdict(Counter)
        for source in sources:
            here = set[str]()
            for match in WORD.finditer(source):
                word = OWNER.sub("", match[0])
                if word[0].islower():
                    small.add(word)
                elif before := BEFORE.search(source, max(0, match.start() - 30), match.start()):
                    here.add(word)
                    company[word][before[1]] += 1
            texts.update(here)
        kinds = {
            word: _kind(word, company[word])
            for word in sorted(company)
            if word.lower() not in small and _is_name(word, texts[word])
        }
        pools: dict[str, list[str]] = defaultdict(list)
        for word, kind in kinds.items():
            pools[kind].append(word)
        return cls(kinds, pools)

    def renamed(self, row: Row, number: int) -> Row | None:
        """Copy `number` of the pair, with other names; None where it has none."""
        dice = random.Random(f"{number} {row.source}")
        present = {OWNER.sub("", word) for word in WORD.findall(row.source)}
        chosen: dict[str, str] = {}

        def other(match: re.Match[str]) -> str:
            word = OWNER.sub("", match[0])
            if word in self.kinds and word not in chosen:
                pool = self.pools[self.kinds[word]]
                drawn = dice.sample(pool, min(DRAWN, len(pool)))
                chosen[word] = next((name for name in drawn if name not in present), word)
                present.add(chosen[word])
            return chosen.get(word, word) + match[0][len(word) :]

        source, target = WORD.sub(other, row.source), WORD.sub(other, row.target)
        return None if source == row.source else replace(row, source=source, target=target)


def renamed_rows(rows: Sequence[Row], copies: int) -> Iterator[Row]:
    """`copies` of every pair that has names, with others, which all of the pairs' sources give."""
    names = Names.of(dict.fromkeys(row.source for row in rows))
    for number in range(copies):
        yield from (new for row in rows if (new := names.renamed(row, number)) is not None)


def _is_name(word: str, texts: int) -> bool:
    """Whether a word that stands in so many texts is a name that could be another."""
    is_word = len(word) >= SHORTEST and not word.isupper() and word not in KEPT
    return is_word and (texts <= RARE or word in NAMES)


def _kind(word: str, company: Counter[str]) -> str:
    if word in NAMES:
        return "first"
    places = company.total()
    if sum(company[other] for other in (*TITLES, *NAMES)) >= FIRST_SHARE * places:
        return "last"
    if sum(company[other] for other in PREPOSITIONS) >= PLACE_SHARE * places:
        return "place"
    return "other"
