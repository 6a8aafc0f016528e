"""Questions and requests in chats, and what reports make of them."""

from __future__ import annotations

import random

import pytest

from model.training import asked, chats
from model.training.asked import question, request
from model.training.chats import TALK, chat_rows
from model.training.quoted import told
from model.training.reported import Statement


@pytest.mark.parametrize(("words", "predicate", "turned", "unanswered", "denied"), [
    ("I'll bring your hat.", "will bring {you}'s hat", "Will you bring my hat?",
     "asks {you} to bring their hat", "won't bring {you}'s hat"),
    ("I can call you tomorrow.", "can call {you} tomorrow", "Can you call me tomorrow?",
     "asks {you} to call them tomorrow", "can't call {you} tomorrow"),
    ("I'm late for my party.", "is late for their party", "Are you late for your party?",
     "asks if {you} is late for their party", "isn't late for their party"),
    ("I've seen the new house.", "has seen the new house", "Have you seen the new house?",
     "asks if {you} has seen the new house", "hasn't seen the new house"),
    ("I think we know something.", "thinks they know something", "Do you think we know anything?",
     "asks if {you} thinks they know something", "doesn't think they know something"),
    # A request for what is one's own would not say whose it is.
    ("I will bring my hat.", "will bring their hat", "Will you bring your hat?",
     "asks if {you} will bring their hat", "won't bring their hat"),
])  # fmt: skip
def test_a_statement_can_be_asked_for(words, predicate, turned, unanswered, denied):
    found = question(Statement(words, predicate))
    assert found is not None
    assert (found.words, found.asked, found.denied) == (turned, unanswered, denied)


@pytest.mark.parametrize("found", [
    Statement("I never saw your hat.", "never saw {you}'s hat"),  # a "no" would be a "yes"
    Statement("I won't call you.", "won't call {you}"),
    Statement("I saw the house.", "saw the house"),  # no form of "see" is known
    Statement("We'll meet at six.", "will meet at six", together=True),
    Statement("I think you are right.", "thinks {you} is right"),
    Statement("I'll bring your hat and my tent.", "will bring {you}'s hat and their tent"),
    Statement("Lost my keys.", "lost their keys"),
])  # fmt: skip
def test_what_is_not_sure_is_not_asked_for(found):
    assert question(found) is None


@pytest.mark.parametrize(("sentence", "predicate"), [
    ("Bring me my hat at once!", "asks {you} to bring them their hat at once"),
    ("Please wait for me at the station.", "asks {you} to wait for them at the station"),
    ("Let’s meet at the station.", "suggests they meet at the station"),
    ("Let's keep our tickets safe.", "suggests they keep their tickets safe"),
])  # fmt: skip
def test_an_imperative_is_a_request(sentence, predicate):
    found = request(sentence, random.Random(0))
    assert found is not None
    assert found.predicate == predicate
    assert found.addresses == ("{you}" in predicate)


@pytest.mark.parametrize("sentence", [
    "Tables stand in the hall.", "Bring him my hat at once.", "Bring your hat to the station.",
    "Bring me my hat and sit there.", "Wait.", "You bring me my hat now.", "",
])  # fmt: skip
def test_what_may_be_no_request_gives_nothing(sentence):
    assert request(sentence, random.Random(0)) is None


def test_no_two_ways_to_ask_are_reported_alike():
    """Those for both are suggestions, so none may read as a request to one."""
    assert not set(asked.LETS) & set(asked.ASKS)


THINGS = ("tent", "ladder", "kettle", "lamp", "basket", "drum", "map", "violin", "bell", "rope")
PROSE = [f"“I'll bring your {thing} to the station,” she said." for thing in THINGS]


@pytest.fixture
def rows(monkeypatch):
    monkeypatch.setattr(chats, "LETTER_SHARE", 0.0)
    monkeypatch.setattr(chats, "ROLE_SHARE", 0.0)
    monkeypatch.setattr(chats, "LABEL_SHARE", 0.0)
    monkeypatch.setattr(chats, "LOWER_SHARE", 0.0)
    monkeypatch.setattr(chats, "STYLES", ("notes",))
    monkeypatch.setattr(chats, "ASKED_SHARE", 1.0)
    assert told("I'll bring your tent to the station.", random.Random(0)) is not None
    return chat_rows(PROSE * 20, 1000)


def test_a_report_follows_from_the_answer(rows):
    seen = set()
    for row in rows:
        for line in row.target.split("\n"):
            name, *words = line.split()
            thing = next(word for word in words if f"{word} to the station" in line)
            turns = row.source.split("\n")
            place = next(i for i, t in enumerate(turns) if f"bring my {thing}" in t.lower())
            asker, answerer = (_who(turn) for turn in turns[place : place + 2])
            answer = turns[place + 1].split(": ", 1)[1]
            verb = words[0] if words[0] != "asks" else "asks"
            seen.add(verb)
            if verb == "asks":
                assert (name, words[1]) == (asker, answerer)
                assert answer in TALK["unanswered"]
            else:
                assert name == answerer
                assert answer in TALK["yes" if verb == "will" else "no"]
    assert seen == {"asks", "will", "won't"}


def _who(turn: str) -> str:
    return turn.split(": ")[0].split("] ")[-1].split()[0].capitalize()
