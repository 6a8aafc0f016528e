"""Reviews made of opinions, and what they come to: no set has reviews.

A review says what it is about, some things that happened, some good and bad sides, and often a
verdict. As `headline` the sides are named ("Warm sound, but weak battery"), as `tldr` they stand in
one sentence, as `summary` with the verdict behind them. The sides are written for this, in
`opinions.toml`, or come from prose, where much "was dark" and "was excellent" too; what happened is
what people in prose say of themselves.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.training.quoted import GRIM, quoted, told
from model.training.rows import Row
from model.training.sentences import split_sentences

SET = "made_review"
STYLES = (*["tldr"] * 4, *["headline"] * 4, "summary", "summary")
SIDES = (2, 3, 4, 5, 6)  # opinions in one review, drawn evenly
TRIES = 20  # for opinions on different things
FOUND_SHARE = 0.25  # of the sides that are prose's, where there are some
FOUND_KEPT = 60  # of them, the latest
VERDICT_SHARE = 0.75  # of the reviews
WHOLE_VERDICT_WORDS = 9  # a longer one says enough to be the whole tldr
TOLD = 3  # sentences of prose to one group, of which a review has some
VARIANTS = 3  # reviews of the same group
OPINIONS = tomllib.loads(Path(__file__).with_name("opinions.toml").read_text(encoding="utf-8"))
GOOD_ADJECTIVES = frozenset(OPINIONS["good"]["adjectives"].split())
ADJECTIVES = GOOD_ADJECTIVES | frozenset(OPINIONS["bad"]["adjectives"].split())
ASPECT = re.compile(
    r"(?:the|my|our) (?P<noun>(?:[a-z-]+ ){0,2}[a-z-]+) (?:is|was|are|were) "
    r"(?P<degree>(?:too|very|really|quite|rather|so) )?"
    r"(?P<adjective>[a-z]+)(?P<second> and [a-z]+)?"
)
TAIL = re.compile(r"[,;](?: [\w'’-]+,?){2,12}\.|\.")
NO_NOUN_WORDS = "that who which there first second other same only latter former whole"
NO_NOUN = frozenset(NO_NOUN_WORDS.split())


@dataclass(frozen=True)
class Side:
    """One opinion: a clause that begins in small letters, and whether it praises."""

    clause: str
    good: bool
    tail: str | None = None  # what follows it where it was found, with the stop

    @property
    def label(self) -> str | None:
        """How a headline says it, "warm sound"; None where it has no such form.

        >>> Side("the sound is very warm and clear", True).label
        'warm and clear sound'
        >>> Side("the room was too small", False).label
        'room too small'
        """
        match = ASPECT.fullmatch(self.clause)
        if match is None or match["adjective"] not in ADJECTIVES:
            return None
        adjective = match["adjective"] + (match["second"] or "")
        if match["degree"] in ("too ", "so "):
            return f"{match['noun']} {match['degree']}{adjective}"
        return f"{adjective} {match['noun']}"


def review_rows(passages: Iterable[str], limit: int) -> list[Row]:
    """At most `limit` pairs; sentences of prose seed the dice: same in, same out."""
    rows: list[Row] = []
    found: list[Side] = []
    happened: list[str] = []
    for passage in passages:
        passage = passage.replace("\n", " ")
        found += [side for side in map(aspect, split_sentences(passage)) if side is not None]
        for sentence in (s for text in (passage, *quoted(passage)) for s in split_sentences(text)):
            said = told(sentence, random.Random(sentence))
            if said is None or said.addresses:
                continue
            happened.append(sentence.rstrip(".!") + ".")
            if len(happened) < TOLD:
                continue
            for variant in range(min(VARIANTS, limit - len(rows))):
                dice = random.Random(f"{variant} {sentence}")
                rows.append(_row(happened, found[-FOUND_KEPT:], dice))
            happened = []
            if len(rows) == limit:
                return rows
    return rows


def aspect(sentence: str) -> Side | None:
    """The opinion that a sentence of prose begins with; None without one.

    >>> aspect("The food was excellent, and there was enough of it.").clause
    'the food was excellent'
    """
    words = sentence[:1].lower() + sentence[1:]
    match = ASPECT.match(words)
    if match is None or match["adjective"] not in ADJECTIVES:
        return None
    if (NO_NOUN | GRIM).intersection(match["noun"].split()):
        return None
    tail = TAIL.fullmatch(words, match.end())
    good = match["adjective"] in GOOD_ADJECTIVES and match["degree"] != "too "
    return None if tail is None else Side(match[0], good, tail[0])


def _row(happened: Sequence[str], found: Sequence[Side], dice: random.Random) -> Row:
    kind = dice.choice(OPINIONS["kinds"])
    sides = _sides(kind, found, dice)
    verdict = _verdict(sides, kind["again"], dice) if dice.random() < VERDICT_SHARE else None
    body = [_in_text(side, dice) for side in sides]
    for sentence in dice.sample(happened, dice.randrange(TOLD + 1)):
        body.insert(dice.randrange(len(body) + 1), sentence)
    if dice.random() < 0.6:
        body.insert(dice.randrange(min(2, len(body)) + 1), dice.choice(kind["facts"]))
    if verdict is not None:
        marker = dice.choice(OPINIONS["markers"]) if dice.random() < 0.6 else ""
        body.append(_capital(f"{marker}{verdict}."))
    opener = dice.choice(kind["openers"]).format(thing=dice.choice(kind["things"]))
    style = dice.choice(STYLES)
    return Row(" ".join([opener, *body]), _target(sides, verdict, style), style, SET)


def _sides(kind: Mapping[str, Any], found: Sequence[Side], dice: random.Random) -> list[Side]:
    """Opinions on different things, in the order of the review; mixed, or all of one mind."""
    mood = dice.choice((None, None, None, True, False))
    pool = [Side(clause, mind == "good") for mind in ("good", "bad") for clause in kind[mind]]
    count = dice.choice(SIDES)
    prose, written = ([s for s in of if mood is None or s.good == mood] for of in (found, pool))
    chosen: list[Side] = []
    for _ in range(TRIES):
        side = dice.choice(prose if prose and dice.random() < FOUND_SHARE else written)
        if all(_topic(side) != _topic(other) for other in chosen):
            chosen.append(side)
        if len(chosen) == count:
            break
    return chosen


def _topic(side: Side) -> str:
    return re.split(r" (?:is|was|are|were|has|have|lasts?|comes?)\b", side.clause)[0]


def _in_text(side: Side, dice: random.Random) -> str:
    """The sentence that holds an opinion: at times with a start, or with something behind it."""
    around = _phrases(side.good)
    start = dice.choice(around["starts"]) if dice.random() < 0.45 else ""
    tail = side.tail or (dice.choice(around["tails"]) if dice.random() < 0.5 else ".")
    return _capital(f"{start}{side.clause}{tail}")


def _verdict(sides: Sequence[Side], again: str, dice: random.Random) -> str:
    good = sum(1 if side.good else -1 for side in sides) + dice.choice((-0.5, 0.5)) > 0
    core: str = dice.choice(_phrases(good)["verdicts"]).format(again=again)
    return core + (dice.choice(OPINIONS["conditions"]) if good and dice.random() < 0.4 else "")


def _phrases(good: bool) -> Mapping[str, Any]:
    phrases: Mapping[str, Any] = OPINIONS["good" if good else "bad"]
    return phrases


def _target(sides: Sequence[Side], verdict: str | None, style: str) -> str:
    if style == "headline":
        return _headline(sides)
    if style == "tldr" and verdict is not None and len(verdict.split()) > WHOLE_VERDICT_WORDS:
        return _capital(f"{verdict}.")
    if style == "tldr":
        chosen = _named(sides)
        return _capital(f"{_joined(chosen, [side.clause for side in chosen])}.")
    sentences = [f"{side.clause}." for side in sides][:4] + ([f"{verdict}."] if verdict else [])
    return " ".join(map(_capital, sentences))


def _headline(sides: Sequence[Side]) -> str:
    chosen = _named([side for side in sides if side.label is not None])
    if not chosen:
        return _capital(max((side.clause for side in sides), key=len))
    return _capital(_joined(chosen, [side.label or "" for side in chosen]))


def _named(sides: Sequence[Side]) -> list[Side]:
    """One of each mind, the good one first; or the first two."""
    good, bad = ([s for s in sides if s.good == mind] for mind in (True, False))
    return [good[0], bad[0]] if good and bad else list(sides[:2])


def _joined(sides: Sequence[Side], texts: Sequence[str]) -> str:
    mixed = len({side.good for side in sides}) == 2
    return (", but " if mixed else " and ").join(texts)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
