"""Long texts in parts: sentences whole, sizes even, nothing lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.splitting import split_text


def characters(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


SENTENCE = "The council of the city voted on it."  # 8 words


def test_sentences_stay_whole_and_parts_are_of_similar_size() -> None:
    text = " ".join([SENTENCE] * 13)  # 104 words
    parts = split_text(text, 50, words)
    assert parts.cut_sentences == 0
    assert sorted(n // 8 for n in words(parts.texts)) == [4, 4, 5]
    assert all(part.startswith("The") and part.endswith("it.") for part in parts.texts)


def test_a_little_too_long_is_halved_and_leaves_no_scrap() -> None:
    parts = split_text(" ".join([SENTENCE] * 7), 50, words)
    assert sorted(n // 8 for n in words(parts.texts)) == [3, 4]


def test_a_part_ends_with_a_paragraph_where_that_costs_little() -> None:
    text = " ".join([SENTENCE] * 5) + "\n\n" + " ".join([SENTENCE] * 7)
    assert [n // 8 for n in words(split_text(text, 60, words).texts)] == [5, 7]
    text = SENTENCE + "\n\n" + " ".join([SENTENCE] * 11)
    assert [n // 8 for n in words(split_text(text, 60, words).texts)] == [6, 6]


def test_a_sentence_longer_than_a_part_is_cut_between_words_and_counted() -> None:
    text = f"{SENTENCE} {'word ' * 99}end. {SENTENCE}"
    parts = split_text(text, 40, words)
    assert parts.cut_sentences == 1
    assert max(words(parts.texts)) <= 40
    assert " ".join(parts.texts).split() == text.split()


def test_a_word_longer_than_a_part_is_cut_as_well() -> None:
    parts = split_text("x" * 100, 30, characters)
    assert "".join(parts.texts) == "x" * 100
    assert max(characters(parts.texts)) <= 30


@given(
    text=st.text(alphabet="ab .!\n\u3002\u00a0", max_size=200) | st.text(max_size=80),
    room=st.integers(1, 40),
)
def test_nothing_but_white_space_is_lost_and_every_part_fits(text: str, room: int) -> None:
    parts = split_text(text, room, characters)
    assert "".join("".join(parts.texts).split()) == "".join(text.split())
    assert all(0 < len(part) <= room for part in parts.texts)
    assert all(part == part.strip() for part in parts.texts)


def test_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="room must be at least 1 token, got 0"):
        split_text("a", 0, characters)
