"""The main clause of a sentence, as a headline says it: no parser, but cuts that are sure.

"The night ferry will stop running in May, its operator said." gives "The night ferry will stop
running in May". Most sentences give nothing: what is kept must be a whole statement, so whatever
could be a topic, a list, a question or half a clause is left out.
"""

from __future__ import annotations

import re

CLAUSE_WORDS = (4, 13)
LATEST_VERB = 8  # words before the verb; a longer subject is hardly a headline's
# Openings whose statement comes later, or needs the sentence before it, or speaks to somebody.
OPENING = re.compile(
    r"^(?:in|on|at|for|with|by|during|to|from|of|as|if|when|while|after|before|although|though|"
    r"since|because|unless|until|once|under|over|through|without|within|among|between|despite|"
    r"like|unlike|not|no|yes|well|oh|now|today|please|let|who|what|why|how|where|which|you|we|i|"
    r"my|our|your|all|some|many|most|one|two|dear|hi|hello|chapter|section|learn|using|given|"
    r"according|based|table|figure|check|see|read|find|visit|others|again|therefore|up|\w+ing|"
    r"this|that|these|those|it|its|he|she|his|her|they|their|them|such|however|but|and|or|so|also|"
    r"thus|then|another|other|both|here|there|even|due|below|above|none|say)\b",
    re.IGNORECASE,
)
PROSE = re.compile(r"[A-Z][^|{}<>\\=?\"“]*\.")
# Where a main clause may end: a mark, or a word that joins another clause to it.
BREAK = re.compile(
    r"[,;:](?=\s)|\s[–—-]+\s|—|\s\(|\s(?=(?:after|when|while|because|since|before|although|though|"
    r"which|where|unless|until|so)\b)"
)
FINITE_WORDS = """
is are was were has have had will would can could may might must should does did do cannot said
told made took went came became began won lost left found gave got held kept led met paid ran
sold sent stood spent wrote built bought brought caught chose drew drove fell felt flew grew
heard knew rose saw shot spoke struck taught thought threw understood wore hit put set cut let
provides includes offers helps needs makes uses allows requires supports works gives shows takes
means becomes remains wants says begins comes goes keeps plays exists contains involves
describes refers occurs depends leads lies lives produces represents serves consists explains tells
knows holds brings runs seems stands causes creates affects determines enables focuses follows forms
reflects increases reduces starts continues covers appears
"""
FINITE = frozenset(FINITE_WORDS.split())
# Around a word in -ed that is no verb of its own: "the proposed rule", "a report released by".
PARTICIPLE_AFTER_WORDS = """
the a an of by with in on to and or is are was were be been being has have had more most very
well as for from at his her its their our your this that these those no
"""
PARTICIPLE_AFTER = frozenset(PARTICIPLE_AFTER_WORDS.split())
PARTICIPLE_BEFORE = frozenset(("by", "with", "in", "to", "from", "at", "on"))
RELATIVE = frozenset(("who", "which", "that", "whose"))
HEADING_WORDS = "We The You If In Our When There This These It Now Once A An So"
HEADING = frozenset(HEADING_WORDS.split())  # in the middle, they tell of a heading before it
UNFINISHED_WORDS = """
the a an of to in and or for on with by is are was were be that as at from which their its can
has have had not but we he she they you i his her our will would may more also than into who
when what if very both only even such how said just long
"""
UNFINISHED = frozenset(UNFINISHED_WORDS.split())
LISTED = re.compile(r"\b(?:is|are|was|were) (?:a|an|the) \w+$")  # "is an independent, small office"


def main_clause(sentence: str) -> str | None:
    """The statement that `sentence` begins with, without its stop; None unless it is sure.

    >>> main_clause("A freight train left the rails near Tassow, closing the line for two days.")
    'A freight train left the rails near Tassow'
    >>> main_clause("The line between Orlenz and the border, which is old, was closed.")
    """
    if OPENING.match(sentence) or not PROSE.fullmatch(sentence):
        return None
    end = BREAK.search(sentence)
    clause = sentence[: end.start()] if end else sentence[:-1]
    words = clause.split()
    if not CLAUSE_WORDS[0] <= len(words) <= CLAUSE_WORDS[1] or re.search(
        r"[.!:;]\s|[()\[\]]", clause
    ):
        return None
    if (end and LISTED.search(clause)) or any(word in HEADING for word in words[1:]):
        return None
    plain = [word.lower().strip("’'") for word in words]
    if words[-1] in UNFINISHED or (plain[0] not in UNFINISHED and plain[0] in plain[1:5]):
        return None
    verb = finite_verb(plain)
    if verb is None or verb == len(plain) - 1 or RELATIVE.intersection(plain[:verb]):
        return None
    return " ".join(words)


def finite_verb(words: list[str]) -> int | None:
    for place in range(1, min(len(words), LATEST_VERB + 1)):
        if words[place] in FINITE or _is_past(words, place):
            return place
    return None


def _is_past(words: list[str], place: int) -> bool:
    word, after = words[place], words[place + 1 : place + 2]
    return (
        len(word) > 4
        and word.endswith("ed")
        and words[place - 1] not in PARTICIPLE_AFTER
        and not PARTICIPLE_BEFORE.intersection(after)
    )
