"""What somebody says of themselves, reported: "I need my keys." gives "needs their keys".

Novels, stories and essays are full of it. As in `reported`, no parser: the first verb must be a
known one, and a sentence with a word that may mean anybody gives nothing. "We" are the speaker and
who is spoken to; the report of it has both as its subject.
"""

from __future__ import annotations

import random
import re

from model.training.clauses import UNFINISHED
from model.training.reported import STATEMENT_WORDS, Statement, contracted

QUOTED = re.compile(r"[“\"]([A-Z][^“”\"]{8,300}?)[,.]?[”\"]")
OWN = re.compile(
    r"(?P<who>I|We)(?P<short>'m|'ve|'ll|'re|'d)? "
    r"(?P<adverb>(?:\w+ly|never|always|still|just|soon|also|only|already|now|often) )?"
    r"(?P<verb>[a-z]+(?:n't)?)(?P<rest>(?: [\w'-]+)*)[.!]?"
)
UNCLEAR_WORDS = """
he she him his her hers himself herself it its itself they them their theirs themselves this these
those us ours ourselves mine yours yourself thee thou thy ye hath doth upon ere nay sir madam lord
o'clock tis ain't 'm an'
"""
UNCLEAR = frozenset(UNCLEAR_WORDS.split())
# What novels talk about more than people do.
GRIM_WORDS = "kill killed murder murdered die died dead death blood devil hell damn damned"
GRIM = frozenset(GRIM_WORDS.split())
SHORT = {"'m": "am", "'ve": "have", "'ll": "will", "'re": "are"}
THIRD = {
    "am": "is", "have": "has", "do": "does", "are": "is", "were": "was", "don't": "doesn't",
    "haven't": "hasn't", "aren't": "isn't", "weren't": "wasn't", "shan't": "won't",
}  # fmt: skip
PLURAL = {"am": "are", "was": "were", "wasn't": "weren't", "shan't": "won't"}
SAME_WORDS = """
will can could would must may might should cannot can't couldn't won't wouldn't shouldn't mustn't
did didn't had hadn't was wasn't
went saw thought told found knew came took gave got made said left heard felt brought bought kept
lost met ran sat sent slept spoke stood wrote ate drank fell forgot began broke caught chose drove
flew grew held led paid rode sang sold spent swam taught threw understood woke wore won built drew
"""
SAME = frozenset(SAME_WORDS.split())  # as they are, whoever the subject is
PRESENT_WORDS = """
know think want need love like hope wish feel mean see believe suppose remember understand hear live
work get go come make take give say tell ask find keep leave bring buy call meet play run sell send
sit sleep speak stand start stay stop study talk teach try use wait walk watch wear worry write
agree hate prefer expect intend owe own pay promise doubt fear guess enjoy eat drink trust forget
mind insist refuse admit look imagine consider suggest recommend visit cook drive help learn
listen travel cry dream miss thank
"""
PRESENT = frozenset(PRESENT_WORDS.split())
NOT_PAST = frozenset(("need", "feed", "speed", "exceed", "succeed", "proceed", "heed", "indeed"))
# After "you", where it is no subject.
AFTER_OBJECT_WORDS = """
the a an to in on at for with by from and or but as about up out off away back into over again how
what why when where not very too then some any all my something everything nothing anything soon
tomorrow today tonight both once
"""
AFTER_OBJECT = frozenset(AFTER_OBJECT_WORDS.split())
# Before "you", where it is one.
BEFORE_SUBJECT_WORDS = """
that if when what where how why because and but think know hope sure wish believe than suppose said
thought guess heard afraid sorry glad
"""
BEFORE_SUBJECT = frozenset(BEFORE_SUBJECT_WORDS.split())


def quoted(passage: str) -> list[str]:
    """What stands in quotation marks, in order."""
    return [str(words) for words in QUOTED.findall(passage)]


def told(sentence: str, dice: random.Random) -> Statement | None:
    """Both voices of a sentence that begins with "I" or "We"; None unless every word is clear.

    >>> told("I think I need your help with my boat.", random.Random(0)).predicate
    "thinks they need {you}'s help with their boat"
    >>> told("We'll meet at the station tomorrow.", random.Random(0)).together
    True
    >>> told("I told him everything.", random.Random(0))
    """
    sentence = sentence.strip().replace("’", "'").replace(" shall ", " will ")
    match = OWN.fullmatch(sentence)
    if match is None or not is_clear(sentence):
        return None
    words = sentence.rstrip(".!").split()
    together = match["who"] == "We"
    begun = _begun(match, together)
    rest = reported_rest(match["verb"], match["rest"].split(), together)
    if begun is None or rest is None:
        return None
    changed = begun[-1] != match["verb"] and begun[-1] not in ("has", "is")
    if changed and re.search(r"\b(?:and|or|but)\b(?! I\b)", match["rest"]):
        return None  # "I listen and learn": the second verb would stay in the first person
    predicate = " ".join([*begun, *rest])
    return Statement(contracted(f"{' '.join(words)}.", dice), predicate, together)


def is_clear(sentence: str) -> bool:
    """Whether it has a fair length and no word that may mean anybody, or is grim, or ends it."""
    words = sentence.rstrip(".!").split()
    low = {part for word in words for part in (word.lower(), word.lower().partition("'")[0])}
    return (
        STATEMENT_WORDS[0] <= len(words) <= STATEMENT_WORDS[1]
        and not low & (UNCLEAR | GRIM)
        and words[-1].lower() not in UNFINISHED
        and not low.intersection(("-", "--"))
    )


def _begun(match: re.Match[str], together: bool) -> list[str] | None:
    """The verb as a report has it, with the adverb before it, and what was short in full."""
    short, verb = match["short"], match["verb"]
    adverb = (match["adverb"] or "").split()
    if short == "'d":
        return ["would", *adverb, verb] if verb in ("like", "love", "rather", "prefer") else None
    if short is not None:
        if short == ("'m" if together else "'re"):
            return None
        full = SHORT[short]
        return [full if together else THIRD.get(full, full), *adverb, verb]
    if verb == "do" and not match["rest"].startswith(" not"):
        return None  # "I do hope"
    verb_then = _plural(verb) if together else _third(verb)
    return None if verb_then is None else [*adverb, verb_then]


def _third(verb: str) -> str | None:
    """
    >>> [_third(verb) for verb in ("am", "try", "miss", "went", "wanted", "need", "table")]
    ['is', 'tries', 'misses', 'went', 'wanted', 'needs', None]
    """
    if verb in THIRD:
        return THIRD[verb]
    if verb in SAME or (verb.endswith("ed") and len(verb) > 4 and verb not in NOT_PAST):
        return verb
    if verb not in PRESENT:
        return None
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + ("es" if re.search(r"(?:s|sh|ch|x|o)$", verb) else "s")


def _plural(verb: str) -> str | None:
    verb = PLURAL.get(verb, verb)
    known = verb in SAME or verb in THIRD or verb in PRESENT or verb.endswith("ed")
    return verb if known else None


def reported_rest(verb: str, words: list[str], together: bool) -> list[str] | None:
    """What follows the verb, in the report; None where a word may mean somebody else."""
    done: list[str] = []
    addressed = 0
    for place, word in enumerate(words):
        after = words[place + 1] if place + 1 < len(words) else ""
        before = words[place - 1].lower() if place else verb
        low = word.lower()
        head, mark, short = low.partition("'")
        if head in ("i", "we") and (word[0] in "IW" or head == "we"):
            if (head == "we") != together:
                return None
            done.append("they" + ({"m": "'re"}.get(short, mark + short) if mark else ""))
        elif before in ("i", "we"):
            done.append(PLURAL.get(low, word))
        elif low in ("me", "my", "myself", "our"):
            if (low == "our") != together:
                return None
            done.append({"me": "them", "myself": "themselves"}.get(low, "their"))
        elif low == "your":
            addressed += 1
            done.append("{you}'s")
        elif head == "you":
            addressed += 1
            subject = _addressed(before, short, after)
            if subject is None:
                return None
            done += subject
        elif before == "you" and done[-1] != "{you}":
            continue  # the verb, which `_addressed` wrote
        elif head == "that" and after.lower().partition("'")[0] not in ("i", "we", "the", "you"):
            return None
        else:
            done.append(word)
    return done if addressed <= (0 if together else 1) else None


def _addressed(before: str, short: str, after: str) -> list[str] | None:
    """ "You", with its verb where it is a subject; None if that isn't sure."""
    if not short and (not after or after.lower() in AFTER_OBJECT):
        return ["{you}"]
    if before not in BEFORE_SUBJECT:
        return None
    if short:
        verb = SHORT.get("'" + short)
        return None if verb is None else ["{you}", THIRD.get(verb, verb)]
    third = _third(after)
    return None if third is None else ["{you}", third]
