"""Reviews made of opinions and prose."""

from __future__ import annotations

import pytest

from model.training import reviews
from model.training.pseudo import PseudoPairs, pseudo_rows
from model.training.reviews import ADJECTIVES, OPINIONS, Side, aspect, review_rows

PROSE = [
    f"The {noun} was excellent, and there was enough of it. I lost my {thing} on the train."
    for noun, thing in zip(("soup", "tea", "view", "path", "song", "fire") * 9,
                           [f"hat {n}" for n in "abcdefghijklmnopqrstuvwxyz"] * 2, strict=False)
]  # fmt: skip


@pytest.fixture
def found(monkeypatch):
    def rows(style: str):
        monkeypatch.setattr(reviews, "STYLES", (style,))
        return review_rows(PROSE, 1000)

    return rows


def clauses(side: str) -> list[str]:
    return [clause for kind in OPINIONS["kinds"] for clause in kind[side]]


@pytest.mark.parametrize(("sentence", "clause", "good", "tail"), [
    ("The food was excellent.", "the food was excellent", True, "."),
    ("My room was very dark, and it smelt of fish.", "my room was very dark", False,
     ", and it smelt of fish."),
    ("The table is too large; we took another.", "the table is too large", False,
     "; we took another."),
])  # fmt: skip
def test_prose_has_opinions(sentence, clause, good, tail):
    assert aspect(sentence) == Side(clause, good, tail)


@pytest.mark.parametrize("sentence", [
    "The food was excellent but cold.", "The food was eaten.", "Food was excellent.",
    "The first was excellent.", "The night that was dark.", "The murder was terrible.", "",
    "The food was excellent (I ate it).",
])  # fmt: skip
def test_what_may_be_no_opinion_gives_nothing(sentence):
    assert aspect(sentence) is None


def test_a_tldr_names_a_good_and_a_bad_side_or_is_the_whole_verdict(found):
    good, bad = clauses("good"), clauses("bad")
    kinds = set()
    for row in found("tldr"):
        said = row.target[0].lower() + row.target[1:].rstrip(".")
        first, but, second = said.partition(", but ")
        if but and first in good:
            assert second in bad
            kinds.add("both")
        elif " and " in said and said.split(" and ")[0] in good + bad:
            kinds.add("one")
        if said in row.source or said.capitalize() in row.source:
            kinds.add("verdict")
    assert kinds == {"both", "one", "verdict"}


def test_what_a_review_comes_to_stands_in_it(found):
    for row in found("summary"):
        assert row.set == reviews.SET
        for sentence in row.target.split(". "):
            assert sentence.rstrip(".").lower() in row.source.lower()


def test_a_headline_names_sides(found):
    labels = {Side(clause, True).label for clause in clauses("good") + clauses("bad")}
    targets = [row.target.lower() for row in found("headline")]
    assert sum(target.split(", but ")[0] in labels for target in targets) > 3
    assert all(not target.endswith(".") for target in targets)


def test_written_sides_are_what_they_are_filed_under():
    """A bad adjective among the good sides would teach the wrong "but"."""
    opposite = {"good": ADJECTIVES - reviews.GOOD_ADJECTIVES, "bad": reviews.GOOD_ADJECTIVES}
    for mind, adjectives in opposite.items():
        for clause in clauses(mind):
            match = reviews.ASPECT.fullmatch(clause)
            if match is not None and not match["degree"]:
                assert match["adjective"] not in adjectives, clause


def test_the_same_prose_gives_the_same_reviews_up_to_the_limit():
    assert review_rows(PROSE, 5) == review_rows(PROSE, 1000)[:5]
    assert review_rows([], 5) == []


def test_reviews_come_from_files_of_prose(tmp_path):
    path = tmp_path / "prose.txt"
    filler = "It was a long way to the village, and the road went up and down all day long. " * 3
    path.write_text("\n\n".join(f"{text} {filler}" for text in PROSE), encoding="utf-8")
    assert len(pseudo_rows([], PseudoPairs(reviews=4, prose=(path,)))) == 4
    with pytest.raises(ValueError, match="4 reviews need text files"):
        PseudoPairs(reviews=4)
