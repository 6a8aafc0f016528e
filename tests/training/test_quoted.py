"""What people say of themselves, and its report."""

from __future__ import annotations

import random
import re

import pytest

from model.training import reported
from model.training.quoted import quoted, told


@pytest.fixture(autouse=True)
def _as_it_stands(monkeypatch):
    """No contraction unless a test wants it."""
    monkeypatch.setattr(reported, "CONTRACTED_SHARE", 0.0)


def predicate(sentence: str) -> str | None:
    found = told(sentence, random.Random(0))
    return found and found.predicate


@pytest.mark.parametrize(("sentence", "expected"), [
    ("I lost my keys on the train.", "lost their keys on the train"),
    ("I'm late for my own party!", "is late for their own party"),
    ("I always try to help", "always tries to help"),
    ("I don't want any breakfast.", "doesn't want any breakfast"),
    ("I haven’t seen the new house.", "hasn't seen the new house"),
    ("I shall wait at the station.", "will wait at the station"),
    ("I'd like another cup of tea.", "would like another cup of tea"),
    ("I've brought the tent and my boots.", "has brought the tent and their boots"),
    ("I think I am ready.", "thinks they are ready"),
    ("I know that I'm slow.", "knows that they're slow"),
    ("I was in bed when I heard the bell.", "was in bed when they heard the bell"),
    ("I'll call you tomorrow.", "will call {you} tomorrow"),
    ("I hope you are well today.", "hopes {you} is well today"),
    ("I hope you'll help me soon.", "hopes {you} will help them soon"),
    ("I know what you want.", "knows what {you} wants"),
    ("I like your new coat.", "likes {you}'s new coat"),
    # "We" are the speaker and who is spoken to.
    ("We'll meet at the station tomorrow.", "will meet at the station tomorrow"),
    ("We are on our way to the lake.", "are on their way to the lake"),
    ("We want to see the boat.", "want to see the boat"),
    ("We thought we were late.", "thought they were late"),
])  # fmt: skip
def test_speakers_are_reported_in_the_third_person(sentence, expected):
    found = told(sentence, random.Random(0))
    together = sentence.startswith("We")
    assert found is not None
    assert (found.predicate, found.together) == (expected, together)
    assert re.fullmatch(r".*\w\.", found.words)
    assert found.addresses == (together or "{you}" in expected)


@pytest.mark.parametrize("sentence", [
    "I told him the whole story.",  # whom?
    "I like this very much.",
    "I think he's all right.",
    "I know that's a bad idea.",
    "I listen and learn every day.",  # the second verb would stay in the first person
    "I table the whole matter.",  # no known verb
    "I'd gone to the station.",  # had or would?
    "We told you about our boat.",  # then who are "we"?
    "I think we are late.",
    "I gave you the hat that you wanted.",  # the name would come twice
    "I know how you table things.",
    "I remember you, Miss Carroll.",
    "I killed the old dragon.",
    "I am not so sure of",
    "I do hope for rain.",
    "I'm.",
    "We'm going home now.",
    "I’re going home now.",
    "He lost his keys on the train.",
    "I really " + "really " * 20 + "left.",
    "I said: “Go home now.”",
    "I wrote {you} on the board.",
    "",
])  # fmt: skip
def test_what_is_not_sure_gives_nothing(sentence):
    assert predicate(sentence) is None


def test_words_are_shortened_as_people_speak(monkeypatch):
    monkeypatch.setattr(reported, "CONTRACTED_SHARE", 1.0)
    found = told("I am sure that I will win.", random.Random(0))
    assert found is not None
    assert (found.words, found.predicate) == (
        "I'm sure that I'll win.", "is sure that they will win")  # fmt: skip


def test_what_is_said_stands_in_quotation_marks():
    passage = '“I lost my keys,” said Mia. "We must find them!" said Ben. “No,” said she.'
    assert quoted(passage) == ["I lost my keys", "We must find them!"]
