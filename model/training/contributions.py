"""The contribution sentence of an abstract: "We propose …", "This paper presents …"."""

from __future__ import annotations

import re

from model.training.sentences import split_sentences

SHORTEST, LONGEST = 8, 40  # words of a one-sentence target
VERBS = (
    "propose|present|introduce|develop|show|study|describe|investigate|demonstrate|design|"
    "explore|release|build|provide|find|analy[sz]e|examine|address|create|offer|report|argue|"
    "establish|prove|evaluate|compare|formulate|tackle|construct|revisit|consider|derive"
)
WE = rf"we\s+(?:\w+ly\s+|also\s+|first\s+|then\s+|thus\s+)?(?:{VERBS})\b"
THIS_PAPER = (
    r"(?:This|The|Our) (?:\w+ )?(?:paper|work|study|article|survey|thesis|report|chapter)"
    rf"\s+(?:\w+ly\s+)?(?:{VERBS.replace('|', 's|')}s|aims|focuses)\b"
)
CONTRIBUTION = re.compile(rf"^(?:{THIS_PAPER}|(?:[A-Z][^,.;:]{{0,90}},\s+)?{WE})", re.IGNORECASE)
# Openings that only join a sentence to the one before; what follows ", we" stands alone.
JOINT = re.compile(
    r"^(?:In (?:this|the present|our|contrast|response|particular|addition)|Here|Hence|Thus|"
    r"Therefore|To (?:this|that) end|Consequently|Moreover|Furthermore|Additionally|Finally|"
    r"Specifically|However|Motivated by|Inspired by|Based on th|Building on th|Given th|"
    r"To (?:\w+ )?(?:\w+ )?(?:this|these|that|those|such)\b|For this)[^,]{0,90},\s+(?=we\b)"
    r"|^In this (?:paper|work|study|article|report)\s+(?=we\b)",
    re.IGNORECASE,
)
PROSE = re.compile(r"^[A-Z“\"][^|{}<>\\=]*[.!?][”\"]?$")


def contribution(abstract: str) -> tuple[str, str] | None:
    """The abstract without its contribution sentence, and that sentence; None without one."""
    sentences = split_sentences(abstract.replace("\n", " "))
    if len(sentences) < 4:
        return None
    for place, sentence in enumerate(sentences):
        if CONTRIBUTION.match(sentence):
            target = JOINT.sub("", sentence)
            target = target[0].upper() + target[1:]
            if not SHORTEST <= len(target.split()) <= LONGEST or not PROSE.match(target):
                return None
            return " ".join(sentences[:place] + sentences[place + 1 :]), target
    return None
