"""What somebody said, and how it is reported: "I'll bring my hat", "Mia will bring their hat".

Prose has the report ("She would bring her hat."), seldom the words themselves; this goes the other
way, from the report to the words. No parser: a sentence whose pronouns could mean somebody else
gives nothing. "Their" in a report, since a name in a chat doesn't tell who is a he and who a she.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.training.clauses import finite_verb
from model.training.people import ROLES

STATEMENT_WORDS = (4, 18)
CONTRACTED_SHARE = 0.85
REPORTED = 4  # statements at most in a report, the longest
HEADLINE_WORDS = 13  # fewer, behind the speaker, where there is such a statement
JOINED_WORDS = 18  # of two statements by one person that a report joins with "and"
PRESENT_SHARE = 0.7  # of the sentences whose verb can be brought from the past to the present
THIRD_PERSON = re.compile(
    r"(?P<who>He|She) (?P<adverb>(?:\w+ly|never|always|still|just|soon|also|only|already|now) )?"
    r"(?P<verb>[a-z]+)(?P<rest>(?: [^\"“”‘;:()—–]+)?)\."
)
# Pronouns that may mean anybody, old forms, and words after which no predicate stands.
UNCLEAR_WORDS = """
he she himself herself we us our ours i me my mine you your yours hers thee thou thy ye hath doth
upon
"""
UNCLEAR = frozenset(UNCLEAR_WORDS.split())
NO_VERB = frozenset(("too", "alone", "who", "of", "and", "or", "in", "with", "had", "to", "for"))
# After "her", a word that shows an object ("told her to"), not a possession ("her mother").
AFTER_OBJECT_WORDS = """
the a an to in on at for with by from and or but that as so if about up out off down away back into
over again how what why when where not no very too then there here some any all
"""
AFTER_OBJECT = frozenset(AFTER_OBJECT_WORDS.split())
# A sentence that is about nobody who speaks: reported as what its speaker "says".
REMARK = re.compile(
    r"(?:The|A|An|It|There|This|That|These|Those|Most|Some|All|Everybody|Nobody) "
    r"[^\"“”‘;:()—–]+\."
)
FIRST_PERSON = {"is": "am", "has": "have", "does": "do", "was": "was"}
# The verb of a report in the past, and in the present; the words follow it.
PRESENT = {"was": "is", "would": "will", "could": "can"}
# Where a second verb may follow, whose tense or person would have to change as well.
JOINED = re.compile(r",|\b(?:and|but|or|that|when|as|because|if|than|while|until|before|after)\b")
CONTRACTIONS = (
    (re.compile(r"\bI am\b"), "I'm"),
    (re.compile(r"\bI will\b"), "I'll"),
    (re.compile(r"\bI would\b"), "I'd"),
    (re.compile(r"\bI have (?=(?:been|got|gone|seen|done|\w+ed)\b)"), "I've "),
    (re.compile(r"\bcan ?not\b"), "can't"),
    (re.compile(r"\bwill not\b"), "won't"),
    (re.compile(r"\b(do|did|does|was|is|would|could|should|have|has) not\b"), r"\1n't"),
)


@dataclass(frozen=True)
class Statement:
    """One sentence in two voices; `{you}` stands where a name will.

    `words` as its speaker says them ("I'll call you."), `predicate` what a report says of the
    speaker, without the stop ("will call {you}"), or of both, where they do it `together`.
    """

    words: str
    predicate: str
    together: bool = False

    @property
    def addresses(self) -> bool:
        """Whether it speaks to somebody, so that only two can be talking."""
        return self.together or "{you}" in self.predicate


@dataclass(frozen=True)
class Said:
    """One statement in somebody's mouth, and the report of it without its stop."""

    speaker: str  # as a sentence begins with it
    predicate: str

    @classmethod
    def by(cls, speaker: str, other: str, found: Statement) -> Said:
        """A statement of `speaker`, who talks to `other`."""
        you = _called(other)
        subject = f"{_called(speaker)} and {you}" if found.together else _called(speaker)
        predicate = found.predicate.replace("{you}", you)
        return cls(subject[0].upper() + subject[1:], predicate)


def _called(name: str) -> str:
    return f"the {name.lower()}" if any(name in pair for pair in ROLES) else name


def statement(sentence: str, dice: random.Random) -> Statement | None:
    """Both voices of a sentence about one person; None unless every word is clear.

    >>> statement("She took his hat to the station.", random.Random(0)).words
    'I took your hat to the station.'
    >>> statement("He told him what he had seen.", random.Random(0))
    """
    if not STATEMENT_WORDS[0] <= len(sentence.split()) <= STATEMENT_WORDS[1] or "{" in sentence:
        return None
    match = THIRD_PERSON.fullmatch(sentence)
    return None if match is None else _of_person(match, dice)


def remark(sentence: str) -> Statement | None:
    """A statement that its speaker has no part in; None unless it can stand alone.

    >>> remark("The parcel was lost on its way.").predicate
    'says the parcel was lost on its way'
    """
    words = re.findall(r"[a-z']+", sentence.lower().replace("’", "'"))
    if (
        not STATEMENT_WORDS[0] <= len(words) <= STATEMENT_WORDS[1]
        or REMARK.fullmatch(sentence) is None
        or (UNCLEAR | {"him", "his", "her"}).intersection(w.partition("'")[0] for w in words)
        or finite_verb(words) is None
    ):
        return None
    return Statement(sentence, f"says {sentence[0].lower()}{sentence[1:-1]}")


def _of_person(match: re.Match[str], dice: random.Random) -> Statement | None:
    verb, rest = match["verb"], match["rest"]
    if verb in NO_VERB or UNCLEAR.intersection(re.findall(r"[a-z]+", rest.lower())):
        return None
    said = _in_both_voices(rest, match["who"])
    if said is None:
        return None
    joined = JOINED.search(rest) is not None
    if verb in PRESENT and not joined and dice.random() < PRESENT_SHARE:
        verb = PRESENT[verb]
    spoken = _first_person(verb)
    if spoken != verb and joined:
        return None  # "opens the door and walks in": the second verb would stay in the third person
    adverb = match["adverb"] or ""
    words = contracted(f"I {adverb}{spoken}{said[0]}.", dice)
    return Statement(words, f"{adverb}{verb}{said[1]}")


def _in_both_voices(rest: str, who: str) -> tuple[str, str] | None:
    """What follows the verb, as its speaker says it and in the report; None if "her" is unclear."""
    own, other = ("his", None) if who == "He" else ("her", "his")
    spoken, reported = [], []
    words = rest.split(" ")
    for place, word in enumerate(words):
        bare = word.rstrip(",.")
        mark = word[len(bare) :]
        if bare == own:
            after = words[place + 1].rstrip(",.") if place + 1 < len(words) and not mark else "the"
            if own == "her" and after in AFTER_OBJECT:
                return None
            spoken.append("my" + mark)
            reported.append("their" + mark)
        elif bare == other:
            spoken.append("your" + mark)
            reported.append("{you}'s" + mark)
        elif bare == "him" and who == "She":
            spoken.append("you" + mark)
            reported.append("{you}" + mark)
        elif bare.lower() in ("him", "her", "his"):
            return None
        else:
            spoken.append(word)
            reported.append(word)
    return " ".join(spoken), " ".join(reported)


def _first_person(verb: str) -> str:
    """
    >>> [_first_person(verb) for verb in ("is", "went", "carries", "goes", "watches", "says")]
    ['am', 'went', 'carry', 'go', 'watch', 'say']
    """
    if verb in FIRST_PERSON:
        return FIRST_PERSON[verb]
    if not verb.endswith("s") or verb.endswith("ss"):
        return verb
    if verb.endswith("ies") and len(verb) > 4:
        return verb[:-3] + "y"
    return verb[:-2] if re.search(r"(?:ch|sh|ss|x|o)es$", verb) else verb[:-1]


def contracted(words: str, dice: random.Random) -> str:
    """ "I'll" for "I will" and the like, as people mostly speak."""
    if dice.random() >= CONTRACTED_SHARE:
        return words
    for pattern, short in CONTRACTIONS:
        words = pattern.sub(short, words)
    return words


def report(said: Sequence[Said], style: str) -> str:
    """What was said, in order; a line each for notes, one sentence for the other styles."""
    if style == "headline":
        fit = [s for s in said if len(s.predicate.split()) < HEADLINE_WORDS] or said
        longest = max(fit, key=lambda s: len(s.predicate))
        return f"{longest.speaker} {longest.predicate}"
    kept = sorted(said, key=lambda s: len(s.predicate))[-REPORTED:]
    sentences = list(_sentences([s for s in said if s in kept]))
    if style == "tldr":
        return max(sentences, key=len)
    return "\n".join(sentences)  # a name then has the tokens that it has where a turn begins


def _sentences(said: Sequence[Said]) -> Iterator[str]:
    """A sentence for each statement; two short ones in a row by the same person share theirs."""
    place = 0
    while place < len(said):
        pair = said[place : place + 2]
        size = sum(len(s.predicate.split()) for s in pair)
        same = len({s.speaker for s in pair}) == 1 and len(pair) == 2
        plain = not any(
            re.search(r",|\band\b|^(?:says|asks|suggests)\b", s.predicate) for s in pair
        )
        count = 2 if same and plain and size <= JOINED_WORDS else 1
        yield f"{said[place].speaker} {' and '.join(s.predicate for s in pair[:count])}."
        place += count
