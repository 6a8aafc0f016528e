"""Words in the right mouth: a sentence that begins with a speaker keeps to what that one said.

To report a dialogue is to say who said what, and taking it for somebody else's words is a frequent
error of summaries of chats (Tang et al. 2022, CONFIT). Where the source has lines like "Mia: …" and
a sentence begins with Mia, no word begins that only others used; words that nobody used, small
words, names of speakers and those of the questions that Mia answers may. Unless a colon makes it a
quotation, it has no "I" and no question mark either, behind the name a verb is of the third person,
and words of several tokens are those of the source. What a sentence begins with, mostly a name, is
a word of the source. Nor does one begin with a name that stands below a letter and nowhere else:
what it says is not said of whoever signed it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from torch import Tensor

from model.filters import Rows, forbid
from model.strategies.naming import token_texts
from model.tokenizer import Tokenizer

# A line of a dialogue: perhaps a time, then one to three words and a colon.
LINE = re.compile(
    r"^[ \t]{0,8}(?:[\[(]?\d[\d:. /,-]{0,30}(?:[ap]m)?[\])]?[ \t]{0,4}[-–]?[ \t]{0,4})?"
    r"(?P<who>#?[^\W\d_][\w.'’-]{0,30}#?(?: [\w.'’-]{1,30}){0,2}):[ \t]+(?P<words>.*)",
    re.MULTILINE,
)
WORD = re.compile(r"\w+")
LAST_WORD = re.compile(r"(?<!\w)\w*$")
PIECE = re.compile(r"\w| \w$")  # goes on with a word, or is a single letter
LOOKED_AT = 32  # tokens; a search takes none behind these
FIRST_WORD = re.compile(r"(?:the )?\w*")  # or none yet
QUOTED = re.compile(r"\w:(?:[\s\"“‘]|$)")  # "Mia: …", neither "10:30" nor ":)"
STOP = re.compile(r"(?<=[.!?])")
SENTENCE = re.compile(r"[.!?][\"”’')\]]*\s+|\n\s*")
# The last line of a letter, and perhaps one before it: a few words with capitals and no stop.
SIGNATURE = re.compile(
    r"(?:\n[ \t]*[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*| (?:de|von|van)){0,3}){1,2}\s*$"
)
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
# What no report has, but a quotation may: "I", and a question mark.
UNREPORTED = re.compile(r".*\?.*| (?:i|am|my|me|mine|myself)|['’](?:m|ve|ll|d)")
# Nor may these follow a name, "Mia have", or "they": the frequent ones of another person will do.
AFTER_NAME_WORDS = """
have are were do don need want think know love like hope wish see believe feel mean guess
understand live get go come make take give say tell ask keep leave buy call try use wait remember
forget prefer hate
"""
AFTER_NAME = re.compile(rf"{UNREPORTED.pattern}| (?:{'|'.join(AFTER_NAME_WORDS.split())})")
AFTER_THEY = re.compile(rf"{UNREPORTED.pattern}| (?:is|was|has|does|isn|wasn|hasn|doesn)")


@dataclass(frozen=True)
class Dialogue:
    """Who speaks in a source, by what a sentence can call them, and the tokens of others alone."""

    speakers: Mapping[str, int]  # in small letters; the full name and the first word of it
    words: frozenset[str]  # that a sentence may begin with, in small letters
    openings: frozenset[str]  # what those of the source begin with
    strange: Sequence[frozenset[int]]  # by speaker: tokens that begin a word only others used

    @classmethod
    def of(cls, text: str, tokenizer: Tokenizer) -> Dialogue:
        """That of a text; one without two speakers and without a signature has nothing."""
        words = frozenset(_inflected(_words(text)))
        said: dict[str, list[str]] = {}
        asker, questions = "", ""
        for line in LINE.finditer(text):
            who = line["who"].lower()
            if who != asker:  # an answer, and perhaps the next question
                said.setdefault(who, []).append(questions)
                asker, questions = who, ""
            said[who].append(f" {line['words']}")
            parts = STOP.split(f" {line['words']}")
            questions += "".join(part for part in parts if part.endswith("?"))
        if not 2 <= len(said) <= MAX_SPEAKERS:
            signature = SIGNATURE.search(text)
            if signature is None:
                return cls({}, frozenset(), frozenset(), ())
            words = frozenset(_words(text[: signature.start()]))
            return cls({}, words | SMALL, _openings(words), ())
        beginnings = _beginnings(tokenizer)
        used = [
            {id for ids in tokenizer.encode_batch(turns) for id in ids if id in beginnings}
            for turns in said.values()
        ]
        named = tokenizer.encode_batch([f" {name}" for who in said for name in (who, who.title())])
        everybody = set().union(*used) - {id for ids in named for id in ids}
        first = Counter(who.split()[0] for who in said)
        names = {who: number for number, who in enumerate(said)}
        names |= {w.split()[0]: n for w, n in names.items() if first[w.split()[0]] == 1}
        strange = [frozenset(everybody - own) for own in used]
        return cls(names, words | SMALL, _openings(words), strange)

    def lacks(self, sentence: str) -> bool:
        """Whether the first word, which may be unfinished, is none of the source's."""
        first = WORD.match(sentence)
        if first is None or first[0] in self.words:
            return False
        return first.end() < len(sentence) or first[0] not in self.openings

    def speaker(self, sentence: str) -> int | None:
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


@dataclass(frozen=True)
class SpeakerWords:
    """Forbids a reported speaker the words of others."""

    tokenizer: Tokenizer
    sources: tuple[Dialogue, ...]
    name: ClassVar[str] = "speaker_words"

    @classmethod
    def of(cls, tokenizer: Tokenizer, dialogues: Sequence[Dialogue]) -> SpeakerWords | None:
        """The rule for these sources; None where none of them is a dialogue or a letter."""
        return cls(tokenizer, tuple(dialogues)) if any(each.words for each in dialogues) else None

    def __call__(self, log_probs: Tensor, rows: Rows) -> Tensor:
        """Log-probabilities [B, V] without the words that only others used."""
        pairs = []
        for row, (prefix, source) in enumerate(zip(rows.prefixes, rows.sources, strict=True)):
            dialogue = self.sources[source]
            if dialogue.words:
                written = unfinished(self.tokenizer, prefix)
                if FIRST_WORD.fullmatch(written):
                    pairs += [
                        (row, token) for token in self._new(dialogue, written, log_probs[row])
                    ]
                sentence = written.removeprefix("the ")
                speaker = dialogue.speaker(sentence)
                if speaker is not None:
                    own = self._unreported(sentence, dialogue)
                    pairs += [(row, token) for token in dialogue.strange[speaker].union(own)]
                if dialogue.reports(sentence):
                    broken = self._broken(dialogue, written, prefix[-1], log_probs[row])
                    pairs += [(row, token) for token in broken]
        return forbid(log_probs, pairs)

    def _unreported(self, sentence: str, dialogue: Dialogue) -> Collection[int]:
        """Tokens that can't go on a report, such as "I"; none for a quotation."""
        if QUOTED.search(sentence):
            return ()
        words = AFTER_THEY if sentence.endswith(" they") else UNREPORTED
        return _matching(self.tokenizer, AFTER_NAME if sentence in dialogue.speakers else words)

    def _new(self, dialogue: Dialogue, written: str, log_probs: Tensor) -> list[int]:
        """Tokens that make the sentence begin with a word that the source lacks, of those that can
        still be chosen; none where there would be no other."""
        texts = token_texts(self.tokenizer)
        left = log_probs.isfinite().nonzero().flatten().tolist()
        found = [
            token
            for token in left
            if dialogue.lacks((written + texts[token].lower()).lstrip().removeprefix("the "))
        ]
        return found if len(found) < len(left) else []

    def _broken(self, dialogue: Dialogue, written: str, last: int, log_probs: Tensor) -> list[int]:
        """Of the likeliest tokens those that make a word of pieces which the source lacks; none
        where there would be no other."""
        texts = token_texts(self.tokenizer)
        (word,) = LAST_WORD.findall(f" {written}")
        is_whole = not PIECE.match(texts[last]) or word in dialogue.words
        likeliest = log_probs.topk(min(LOOKED_AT, len(log_probs))).indices.tolist()
        found = []
        for token in likeliest:
            text = texts[token].lower()
            more = WORD.match(text)
            begun = word + more[0] if more else text.strip() if PIECE.match(text) else ""
            if (more is None and not is_whole) or (begun and begun not in dialogue.openings):
                found.append(token)
        return found if len(found) < len(likeliest) else []


def unfinished(tokenizer: Tokenizer, prefix: Sequence[int]) -> str:
    """The sentence that a summary has come to, in small letters."""
    written = tokenizer.decode(prefix[-LOOK_BACK:])
    ends = list(SENTENCE.finditer(written))
    return written[ends[-1].end() if ends else 0 :].lstrip().lower()


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


@lru_cache(maxsize=8)
def _matching(tokenizer: Tokenizer, pattern: re.Pattern[str]) -> frozenset[int]:
    """Tokens that are what a pattern says, in small letters."""
    return frozenset(
        id for id, text in enumerate(token_texts(tokenizer)) if pattern.fullmatch(text.lower())
    )
