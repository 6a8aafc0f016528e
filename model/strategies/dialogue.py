"""Who says what in a dialogue, and what a letter is signed with: read of a source's lines.

A speaker's own words are those of the statements, and of a question that is affirmed: "Do you need
the map?" – "Yes". What is asked is only asked. Knows no hypotheses' scores and no family.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from model.strategies.naming import token_texts
from model.tokenizer import Tokenizer

# A line of a dialogue: perhaps a time, then one to three words and a colon.
LINE = re.compile(
    r"^[ \t]{0,8}(?:[\[(]?\d[\d:. /,-]{0,30}(?:[ap]m)?[\])]?[ \t]{0,4}[-–]?[ \t]{0,4})?"
    r"(?P<who>#?[^\W\d_][\w.'’-]{0,30}#?(?: [\w.'’-]{1,30}){0,2}):[ \t]+(?P<words>.*)",
    re.MULTILINE,
)
WORD = re.compile(r"\w+")
QUOTED = re.compile(r"\w:(?:[\s\"“‘]|$)")  # "Mia: …", neither "10:30" nor ":)"
STOP = re.compile(r"(?<=[.!?])")
YES = re.compile(r" (?:yes|yeah|ye[ap]|yup|sure|of course|ok|okay|absolutely|definitely)\b", re.I)
ASKING = re.compile(r" (?:asks|suggests|wants to know)\b")
SENTENCE = re.compile(r"[.!?][\"”’')\]]*\s+|\n\s*")
# The end of a letter: perhaps a farewell ("Kind regards,"), then one or two lines with a few words
# in capitals and no stop.
SIGNATURE = re.compile(
    r"(?:\n[ \t]*[A-Z]\w*(?: \w+){0,3}[,!])?"
    r"(?:\n[ \t]*[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*| (?:de|von|van)){0,3}){1,2}\s*$"
)
GREETING = re.compile(r"\A\s*[A-Z]\w*(?: [\w.'’-]+){0,4},\s")  # of a letter
LOOK_BACK = 200  # tokens written, in which the last sentence begins
MAX_SPEAKERS = 50  # more are a list, and no dialogue
# What a report needs whoever spoke.
SMALL_WORDS = """
the a an of to in on at for with by from and or but so as if than that this it its is are was were
be been has have had do does did will would can could may might must should not no they them their
he she him his her who which when where while because before after until about into out up down off
over says said asks asked suggests wants thinks there here all some any one two more also then still
just i me my mine myself we us our you your won doesn don didn isn aren wasn hasn haven couldn
wouldn
"""
SMALL = frozenset(SMALL_WORDS.split())


class _Said(NamedTuple):
    """The words of one speaker, in parts."""

    stated: list[str]
    asked: list[str]
    affirmed: list[str]  # the questions of others


@dataclass(frozen=True)
class Dialogue:
    """Who speaks in a source, by what a sentence can call them, and the tokens of others alone."""

    speakers: Mapping[str, int]  # in small letters; the full name and the first word of it
    words: frozenset[str]  # that a sentence may begin with, in small letters
    openings: frozenset[str]  # what those of the source begin with
    # By speaker, tokens that begin a word which only others use, in statements and in questions.
    unstated: Sequence[frozenset[int]]
    unasked: Sequence[frozenset[int]]

    @classmethod
    def of(cls, text: str, tokenizer: Tokenizer) -> Dialogue:
        """That of a text; one without two speakers and without a signature has nothing."""
        words = frozenset(_inflected(_words(text)))
        said = _by_speaker(text)
        if not 2 <= len(said) <= MAX_SPEAKERS:
            signature = SIGNATURE.search(text)
            if signature is None:
                return cls({}, frozenset(), frozenset(), (), ())
            words = frozenset(_words(GREETING.sub(" ", text[: signature.start()], count=1)))
            return cls({}, words | SMALL, _openings(words), (), ())
        beginnings = _beginnings(tokenizer)
        stated, asked, affirmed = (
            [beginnings.intersection(ids) for ids in tokenizer.encode_batch(turns)]
            for turns in zip(*(map("".join, own) for own in said.values()), strict=True)
        )
        named = tokenizer.encode_batch([f" {name}" for who in said for name in (who, who.title())])
        everybody = frozenset().union(*stated, *asked) - {id for ids in named for id in ids}
        first = Counter(who.split()[0] for who in said)
        names = {who: number for number, who in enumerate(said)}
        names |= {w.split()[0]: n for w, n in names.items() if first[w.split()[0]] == 1}
        unstated = [everybody - a - b for a, b in zip(stated, affirmed, strict=True)]
        unasked = [everybody - a - b for a, b in zip(stated, asked, strict=True)]
        return cls(names, words | SMALL, _openings(words), unstated, unasked)

    def foreign(self, sentence: str) -> frozenset[int] | None:
        """Tokens that would put words of others into a speaker's mouth; None in nobody's alone."""
        speaker = self._speaker(sentence)
        if speaker is None:
            return None
        asks = QUOTED.search(sentence) or ASKING.search(sentence)
        return (self.unasked if asks else self.unstated)[speaker]

    def lacks(self, sentence: str) -> bool:
        """Whether the first word, which may be unfinished, is none of the source's, or whoever
        stands behind "Mia and" is no speaker."""
        other = self._joined(sentence)
        if other:
            return not any(name.startswith(other) for name in self._others(sentence, other))
        first = WORD.match(sentence)
        if first is None or first[0] in self.words:
            return False
        return first.end() < len(sentence) or first[0] not in self.openings

    def joins(self, sentence: str) -> bool:
        """Whether a name has to come, or to go on: behind "Mia and"."""
        other = self._joined(sentence)
        return other is not None and not self._first(other)

    def _joined(self, sentence: str) -> str | None:
        """What is written behind "Mia and", without "the"; None in other sentences."""
        for name in self.speakers if not QUOTED.search(sentence) else ():
            before = re.match(rf"{re.escape(name)} and(?!\w)(?: the(?!\w))?\s*", sentence)
            if before:
                return sentence[before.end() :]
        return None

    def _others(self, sentence: str, other: str) -> Iterator[str]:
        """Names of speakers but that of the first; a name that is complete, as it goes on."""
        number = self._first(sentence)[0]
        for name, owner in self.speakers.items():
            if owner != number:
                yield other if owner in self._first(other) else name

    def _speaker(self, sentence: str) -> int | None:
        """Whose words a sentence in small letters reports or quotes; None where nobody's alone."""
        words = re.findall(r"[\w.-]+", sentence)
        told = {number for name, number in self.speakers.items() if name in words}
        first = self._first(sentence)
        return first[0] if first and told <= {first[0]} else None

    def reports(self, sentence: str) -> bool:
        """Whether a sentence in small letters says what speakers said, and doesn't quote them."""
        return not QUOTED.search(sentence) and bool(self._first(sentence))

    def _first(self, sentence: str) -> list[int]:
        """The speakers that a sentence begins with: one under each name that fits, or none."""
        return [
            number
            for name, number in self.speakers.items()
            if re.match(rf"{re.escape(name)}(?![\w-])", sentence)
        ]


def unfinished(tokenizer: Tokenizer, prefix: Sequence[int]) -> str:
    """The sentence that a summary has come to, in small letters."""
    written = tokenizer.decode(prefix[-LOOK_BACK:])
    ends = list(SENTENCE.finditer(written))
    return written[ends[-1].end() if ends else 0 :].lstrip().lower()


def _by_speaker(text: str) -> dict[str, _Said]:
    said: dict[str, _Said] = {}
    asker = ""
    questions: list[str] = []
    for line in LINE.finditer(text):
        who, turn = line["who"].lower(), f" {line['words']}"
        own = said.setdefault(who, _Said([], [], []))
        if who != asker:  # an answer, and perhaps the next question
            own.affirmed.extend(questions if YES.match(turn) else ())
            asker, questions = who, []
        for part in STOP.split(turn):
            if part.endswith("?"):
                questions.append(part)
                own.asked.append(part)
            else:
                own.stated.append(part)
    return said


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def _inflected(words: Iterable[str]) -> Iterator[str]:
    """Words, and with an -s: what somebody does, in a report."""
    for word in words:
        yield from (word, f"{word}s", f"{word}es", f"{word[:-1]}ies")


def _openings(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word[:end] for word in words for end in range(1, min(len(word), 40) + 1))


@lru_cache(maxsize=4)
def _beginnings(tokenizer: Tokenizer) -> frozenset[int]:
    """Tokens that begin a word, but for small words."""
    return frozenset(
        id
        for id, text in enumerate(token_texts(tokenizer))
        if re.match(r" \w", text) and text.strip().lower() not in SMALL
    )
