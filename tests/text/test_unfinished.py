"""What may still become a name or a number of the source, while it is being written."""

from __future__ import annotations

import pytest

from model.text.names import SourceNames
from model.text.unfinished import Unfinished

SOURCE = SourceNames(
    "Kepler measured 1,250 stars near Vienna in 1601 and 3.5 more later. The United Nations was "
    "founded long after, and GraphNet even later; three of them were red."
)


@pytest.mark.parametrize(
    ("text", "piece", "is_lacking"),
    [
        ("We saw", " Kep", False),  # Kepler may follow
        ("We saw Kep", "ler", False),
        ("We saw Kep", "pel", True),
        ("We saw Kep", " in", True),  # Kep ends here, and is nobody
        ("We saw Kepler", " in", False),
        ("We saw", " Galileo", True),
        ("We saw", " Keplers", False),  # a plural
        ("We saw the", " UN", False),
        ("We saw Graph", "Net", False),
        ("We saw a graph", "Net", False),
        ("We saw a graph", "QL", True),
        ("", "Galileo", False),  # any word opens a sentence
        ("It is so.", " Soon", False),
        ("Fo", "und", False),  # founded
        ("Found", "ations", True),  # what begins like the source's word stays it
        ("It is so. Fo", "rty", True),
        ("Go", "lden", False),  # nothing of the source begins so
        ("Found", " it", False),
        ("We fo", "rty", False),  # no capital, no rule
        ("In", " 16", False),
        ("In 16", "01", False),
        ("In 16", "02", True),
        ("In 16", " or", True),
        ("All 1", ",", False),
        ("All 1,", "250", False),
        ("All 1250", " of", False),
        ("All 12", ",", True),  # neither 12 nor anything that goes on like this
        ("All 1250", ",", False),
        ("All 3", ".", False),
        ("All 3.", "5", False),
        ("All 3", " of", False),  # three
        ("A Red Star", " Later", False),  # in a title, too: the source has it small
        ("A Red Star", " NASA", True),
    ],
)
def test_a_piece_is_judged_by_what_can_still_become_of_it(
    text: str, piece: str, is_lacking: bool
) -> None:
    assert Unfinished.of(text).lacks(SOURCE, piece) is is_lacking


def test_the_end_judges_what_was_still_open() -> None:
    assert Unfinished.of("We saw Kep").lacks(SOURCE, "", ends=True)
    assert not Unfinished.of("We saw Kepler").lacks(SOURCE, "", ends=True)
    assert Unfinished.of("In 16").lacks(SOURCE, "", ends=True)
    assert not Unfinished.of("In 1601").lacks(SOURCE, "", ends=True)


def test_what_is_finished_is_not_judged_again() -> None:
    assert not Unfinished.of("We saw Galileo in").lacks(SOURCE, " Vienna")


@pytest.mark.parametrize(
    ("text", "is_lacking"), [("We saw Ekstr", False), ("Zoë", False), ("Mr", True), ("Mr ", False)]
)
def test_half_a_character_goes_on_where_the_source_has_one(text: str, is_lacking: bool) -> None:
    source = SourceNames("Mr Ekström fed Zoë’s dog.")
    assert Unfinished.of(text).lacks(source, "\ufffd") is is_lacking
