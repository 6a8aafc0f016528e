"""Disturbed sources: what each disturbance does, and that it is the same for the same seed."""

from __future__ import annotations

import random

import pytest

from model.training.examples import Example
from model.training.metrics import sentences_of
from model.training.perturbations import (
    FAREWELLS,
    GERMAN,
    GREETINGS,
    PARAGRAPH_WORDS,
    PERTURBATIONS,
    as_letter,
    disturbed,
    doubled,
    opening,
    with_paragraph,
    with_shuffled_sentences,
    with_typos,
    without_punctuation,
)

TEXT = (
    "Heavy rain fell on the valley all night. The mayor, Ana Ruiz, said: “We don't know yet.” "
    "Some 3.5 metres of well-known road (the B-12) are gone! School starts at 9:30."
)


def test_typos_hit_about_a_tenth_of_the_longer_words_and_keep_first_letters() -> None:
    words = [f"word{'abcdefgh'[place % 8]}" for place in range(2000)]
    found = with_typos(" ".join(words), random.Random(1)).split()
    changed = [new for old, new in zip(words, found, strict=True) if old != new]
    assert 140 <= len(changed) <= 260
    assert all(word[0] == "w" and abs(len(word) - 5) <= 1 for word in changed)


def test_short_words_numbers_and_lines_have_no_typos() -> None:
    text = "in 2024\nthe cat ate 12345 figs"
    assert all(
        with_typos(text, random.Random(seed)).split()[:4] == text.split()[:4] for seed in range(20)
    )
    assert with_typos(text, random.Random(0)).count("\n") == 1


def test_punctuation_goes_but_for_marks_inside_words_and_numbers() -> None:
    assert without_punctuation(TEXT) == (
        "Heavy rain fell on the valley all night The mayor Ana Ruiz said We don't know yet "
        "Some 3.5 metres of well-known road the B-12 are gone School starts at 9:30"
    )
    assert without_punctuation("Amy: hi - you\nBen: yes...") == "Amy hi you\nBen yes"


def test_shuffling_keeps_every_sentence() -> None:
    found = with_shuffled_sentences(TEXT, random.Random(3))
    assert found != TEXT
    assert sorted(sentences_of(found)) == sorted(sentences_of(TEXT))


def test_shuffled_lines_stay_lines() -> None:
    found = with_shuffled_sentences("a one\nb two\nc three", random.Random(1))
    assert sorted(found.splitlines()) == ["a one", "b two", "c three"]


def test_a_doubled_text_is_there_twice() -> None:
    assert doubled("Some text.").split("\n\n") == ["Some text.", "Some text."]


def test_a_paragraph_stands_in_front_or_behind_and_never_inside() -> None:
    places = {with_paragraph("text", "other", random.Random(seed)) for seed in range(20)}
    assert places == {"text\n\nother", "other\n\ntext"}


def test_a_letter_has_its_text_between_greeting_and_farewell() -> None:
    letters = {as_letter("The text.\nAll of it.", random.Random(seed)) for seed in range(40)}
    assert len(letters) > 20
    separators = set()
    for letter in letters:
        greeting, farewell = letter.split("The text.\nAll of it.")
        assert greeting.rstrip() in GREETINGS
        assert farewell.lstrip() in FAREWELLS
        separators.add(greeting.removeprefix(greeting.rstrip()))
    assert separators == {"\n\n", "\n", " "}


def test_an_opening_is_whole_sentences_of_about_sixty_words() -> None:
    sentence = "Ten words are in this sentence if you count them."
    found = opening(" ".join([sentence] * 30))
    assert len(found.split()) == PARAGRAPH_WORDS
    assert opening("Short.") == "Short."


@pytest.mark.parametrize("kind", sorted(PERTURBATIONS))
def test_disturbances_are_seeded_and_change_the_text(kind: str) -> None:
    longer = f"{TEXT} {TEXT.replace('valley', 'mountain region')}"
    examples = [
        Example(longer, ("r",), "title", "one"),
        Example("Another text of the other set stands here.", ("r",), "tldr", "two"),
    ]
    found = disturbed(examples, kind, seed=4)
    assert found == disturbed(examples, kind, seed=4)
    assert found[0] != longer
    assert disturbed(examples[:1], kind, seed=4)[0] != longer  # with no other text at hand


def test_a_foreign_paragraph_is_of_another_set() -> None:
    examples = [
        Example("First text.", ("r",), "title", "one"),
        Example("Second text.", ("r",), "title", "one"),
        Example("Third text.", ("r",), "title", "two"),
    ]
    found = disturbed(examples, "paragraph of another text", seed=0)
    assert all("Third" in text for text in found[:2])
    assert GERMAN not in found[0]
    assert GERMAN in disturbed(examples, "paragraph in German", seed=0)[0]
