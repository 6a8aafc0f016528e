"""Sentences in two voices: as a person says them, and as others report them."""

from __future__ import annotations

import random

import pytest

from model.training import reported
from model.training.reported import Statement, remark, statement


@pytest.fixture(autouse=True)
def _as_it_stands(monkeypatch):
    """No contraction and no change of tense, unless a test wants them."""
    monkeypatch.setattr(reported, "CONTRACTED_SHARE", 0.0)
    monkeypatch.setattr(reported, "PRESENT_SHARE", 0.0)


def both(sentence: str) -> tuple[str, str] | None:
    found = statement(sentence, random.Random(0))
    return found and (found.words, found.predicate)


@pytest.mark.parametrize(("sentence", "words", "predicate"), [
    ("He lost his keys on the train.", "I lost my keys on the train.",
     "lost their keys on the train"),
    ("She was late for her own party.", "I was late for my own party.",
     "was late for their own party"),
    ("She is always late.", "I am always late.", "is always late"),
    ("He still has the old car.", "I still have the old car.", "still has the old car"),
    ("She carries the boxes upstairs.", "I carry the boxes upstairs.",
     "carries the boxes upstairs"),
    ("He uses the small hall.", "I use the small hall.", "uses the small hall"),
    ("She gave him the tickets, as planned.", "I gave you the tickets, as planned.",
     "gave {you} the tickets, as planned"),
    ("She likes his sister.", "I like your sister.", "likes {you}'s sister"),
    ("She told them about it.", "I told them about it.", "told them about it"),
])  # fmt: skip
def test_a_report_gives_the_words_it_was_made_of(sentence, words, predicate):
    assert both(sentence) == (words, predicate)


@pytest.mark.parametrize("sentence", [
    "He told him the whole story.",  # told whom?
    "He took her hat by mistake.",  # whose?
    "She told her to wait outside.",  # not her own
    "She said that she would come.",  # a second subject
    "He laughed at himself.",
    "He said, “I lost my keys.”",
    "He opens the door and walks in.",  # the second verb would stay in the third person
    "She, too, was late.",
    "He told me everything about it.",  # somebody tells the story
    "They lost the keys on the train.",
    "She left.",  # too short
    "He " + "really " * 20 + "left.",
    "She wrote {you} on the board.",
    "The agency will publish new guidance in May.",
    "A list of ferries.",
])  # fmt: skip
def test_what_is_not_sure_gives_nothing(sentence):
    assert both(sentence) is None


@pytest.mark.parametrize(("sentence", "words", "predicate"), [
    ("She was in the garden.", "I am in the garden.", "is in the garden"),
    ("He would bring the tent.", "I will bring the tent.", "will bring the tent"),
    ("He could drive us.", None, None),
    ("She was in the garden when it rained.", "I was in the garden when it rained.",
     "was in the garden when it rained"),  # "rained" would stay in the past
])  # fmt: skip
def test_the_past_of_a_story_becomes_the_present_of_a_chat(monkeypatch, sentence, words, predicate):
    monkeypatch.setattr(reported, "PRESENT_SHARE", 1.0)
    assert both(sentence) == (words and (words, predicate))


def test_people_contract_what_a_report_spells_out(monkeypatch):
    monkeypatch.setattr(reported, "CONTRACTED_SHARE", 1.0)
    assert both("She is not at home today.") == ("I'm not at home today.", "is not at home today")
    assert both("He did not find his keys.") == (
        "I didn't find my keys.",
        "did not find their keys",
    )
    assert both("He has been to Oslo twice.") == (
        "I've been to Oslo twice.",
        "has been to Oslo twice",
    )


@pytest.mark.parametrize(("sentence", "predicate"), [
    ("The parcel was lost on its way.", "says the parcel was lost on its way"),
    ("There is a hole in the roof.", "says there is a hole in the roof"),
    ("It was late, but the shop was open.", "says it was late, but the shop was open"),
])  # fmt: skip
def test_a_remark_is_reported_as_what_somebody_says(sentence, predicate):
    assert remark(sentence) == Statement(sentence, predicate)


@pytest.mark.parametrize("sentence", [
    "The parcel is on my desk.",  # whose?
    "The man said that he was late.",
    "The end of the story.",  # no verb
    "Is the shop open?",
    "The shop is open",  # no stop
    "Ferries were slow in the old days.",  # may be a name in small letters then
    "The shop: it was open.",
])  # fmt: skip
def test_what_is_no_sure_remark_gives_nothing(sentence):
    assert remark(sentence) is None


def test_only_a_statement_about_the_other_needs_two_people():
    assert Statement("I gave you the key.", "gave {you} the key").addresses
    assert not Statement("I lost my key.", "lost their key").addresses
