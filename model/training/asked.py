"""Questions and requests in chats, and their reports.

"I'll bring your hat." is also "Will you bring my hat?" and a "yes"; after a "no" it is that one
won't; and with no answer that one was asked to. "Bring me my hat." is reported as a request, "Let's
go." as a suggestion.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from model.training.quoted import AFTER_OBJECT, PRESENT, is_clear, reported_rest
from model.training.reported import Statement

AUXILIARIES = {
    "'ll": ("will", "won't"), "will": ("will", "won't"), "can": ("can", "can't"),
    "could": ("could", "couldn't"), "would": ("would", "wouldn't"), "'m": ("are", "isn't"),
    "am": ("are", "isn't"), "was": ("were", "wasn't"), "'ve": ("have", "hasn't"),
    "must": ("must", "doesn't have to"),
}  # fmt: skip
REQUESTS = frozenset(("will", "can", "could", "would"))
SPOKEN = re.compile(r"I(?P<short>'ll|'m|'ve)? (?P<first>[a-z]+) ?(?P<rest>.*)\.")
# From the mouth of who does it to that of who asks.
TURNED = {
    "I": "you", "me": "you", "my": "your", "myself": "yourself", "your": "my", "you": "me",
    "I'm": "you're", "I've": "you've", "I'll": "you'll", "I'd": "you'd",
}  # fmt: skip
IMPERATIVE = re.compile(
    r"(?P<lets>Let's )?(?:Please |please )?(?P<verb>[A-Za-z][a-z]+)"
    r"(?P<rest>(?: [\w'-]+)*)[.!]"
)
LETS = (
    "Let's {0}.", "let's {0}.", "Shall we {0}?", "Why don't we {0}?", "We could {0}.",
    "How about we {0}?",
)  # fmt: skip
ASKS = (
    "{0}.", "Please {0}.", "{0} please.", "Can you {0}?", "Could you {0}?", "Will you {0}?",
    "Could you please {0}?", "Just {0}.", "can you {0}?", "Would you {0}?", "You should {0}.",
)  # fmt: skip
ANY_NEGATION = re.compile(r"n't\b|\b(?:not|never|no|nothing|nobody|cannot|already|just|also)\b")
OWN = re.compile(r"\b(?:their|them|they|themselves)\b")
SOME = {"something": "anything", "somebody": "anybody", "someone": "anyone"}


@dataclass(frozen=True)
class Question:
    """What is asked, and the two reports that are not the statement's own; `{you}` is who asks,
    but in `asked` who is asked.
    """

    words: str  # as the other says it
    asked: str  # what a report says of who asks, without an answer
    denied: str  # of who was asked, after a "no"


def question(found: Statement) -> Question | None:
    """The question that a statement in the first person answers; None where it isn't sure.

    >>> question(Statement("I'll bring your hat.", "will bring {you}'s hat")).words
    'Will you bring my hat?'
    >>> question(Statement("I need my keys.", "needs their keys")).denied
    "doesn't need their keys"
    """
    match = SPOKEN.fullmatch(found.words)
    if match is None or found.together or not _is_clear(found):
        return None
    first, words = match["first"], match["rest"].split()
    rest = found.predicate.partition(" ")[2]
    if (verb := match["short"] or first) in AUXILIARIES:
        asks, denies = AUXILIARIES[verb]
        words = [first, *words] if match["short"] else words
    elif first in PRESENT or first == "have":
        asks, denies, words, rest = "do", "doesn't", [first, *words], f"{first} {rest}"
    else:
        return None
    # As who asks sees it: of their own things a report says "their".
    seen = found.predicate.replace("{you}'s", "their").replace("{you}", "them")
    if asks in REQUESTS and not OWN.search(found.predicate):
        asked = f"asks {{you}} to {seen.partition(' ')[2]}"
    else:
        asked = f"asks if {{you}} {seen}"
    turned = " ".join(map(_turned, words))
    return Question(f"{asks.capitalize()} you {turned}?", asked, f"{denies} {rest}")


def request(sentence: str, dice: random.Random) -> Statement | None:
    """Both voices of an imperative; None unless every word is clear.

    >>> request("Bring me my hat at once!", random.Random(0)).predicate
    'asks {you} to bring them their hat at once'
    >>> request("Let's meet at the station.", random.Random(0)).predicate
    'suggests they meet at the station'
    """
    sentence = sentence.strip().replace("’", "'")
    match = IMPERATIVE.fullmatch(sentence)
    if match is None or match["verb"].lower() not in PRESENT or not is_clear(sentence):
        return None
    verb, words, together = match["verb"].lower(), match["rest"].split(), match["lets"] is not None
    rest = reported_rest(verb, words, together)
    if rest is None or "{you}" in " ".join(rest) or re.search(r"\band\b", match["rest"]):
        return None
    begun = "suggests they" if together else "asks {you} to"
    said = dice.choice(LETS if together else ASKS).format(" ".join([verb, *words]))
    return Statement(said[0].upper() + said[1:], " ".join([begun, verb, *rest]))


def _is_clear(found: Statement) -> bool:
    """Whether a "no" can deny it, who is spoken to does nothing in it ("tells {you}", not "thinks
    {you} is"), and not both have things in it, which "their" could not tell apart."""
    words = found.predicate.split()
    places = [place for place, word in enumerate(words) if word == "{you}"]
    objects = all([*words, "to"][place + 1] in AFTER_OBJECT for place in places)
    both = "{you}" in found.predicate and OWN.search(found.predicate)
    return objects and not both and not ANY_NEGATION.search(found.words)


def _turned(word: str) -> str:
    bare = word.rstrip(",")
    return TURNED.get(bare, SOME.get(bare, bare)) + word[len(bare) :]
