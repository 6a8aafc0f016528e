"""Targets made of the source's own statements: the nearest to a reference, whole, and in order."""

from __future__ import annotations

import pytest

from model.training.extracts import LEAST_OVERLAP, SET, extract, extract_rows, statements
from model.training.pseudo import PseudoPairs, pseudo_rows
from model.training.rows import Row

NEWS = (
    "For years I took the night ferry to Vell, and it was never full. "
    "The night ferry will stop running on 1 November, its operator said on Thursday. "
    "It lost money in four of the past five winters. "
    "“I finish at ten,” said one nurse. "
    "The day ferry will keep its timetable. "
    "The council in Karsund wants to pay for a bus instead."
)


@pytest.mark.parametrize(("style", "reference", "target"), [
    ("headline", "Night ferry will stop running in November",
     "The night ferry will stop running on 1 November"),
    ("tldr", "The night ferry will stop, but the day ferry will keep its timetable.",
     "The night ferry will stop running on 1 November, but the day ferry will keep its timetable."),
    ("tldr", "The council in Karsund wants a bus.",
     "The council in Karsund wants to pay for a bus instead."),
    ("summary", "The night ferry will stop running on 1 November because it lost money in four "
     "winters. The council wants to pay for a bus.",
     "The night ferry will stop running on 1 November. It lost money in four of the past five "
     "winters. The council in Karsund wants to pay for a bus instead."),
])  # fmt: skip
def test_the_nearest_statements_are_the_target(style, reference, target):
    assert extract(NEWS, reference, style) == target


@pytest.mark.parametrize(("style", "reference"), [
    ("tldr", "Two schools close early after heavy snow."),  # nothing is near
    ("tldr", "It lost money in four of the past five winters."),  # not understood alone
    ("headline", "I took the night ferry to Vell and it was never full"),  # somebody speaks
    ("headline", "I finish at ten, said one nurse"),
    ("title", "The day ferry will keep its timetable"),
    ("notes", "The day ferry will keep its timetable."),
    ("summary", "The day ferry will keep its timetable."),  # one statement is no summary
])  # fmt: skip
def test_without_a_fit_statement_there_is_no_target(style, reference):
    assert extract(NEWS, reference, style) is None


def test_a_dialogue_has_no_target():
    said = "The day ferry will keep its timetable."
    assert extract(f"Mia: hello. {said}", said, "tldr") == said
    assert extract(f"Mia: hello. {said}\nBen: good.", said, "tldr") is None


@pytest.mark.parametrize(("text", "found"), [
    ("The shop is open, but the door is shut.",
     ["The shop is open, but the door is shut.", "The shop is open."]),
    ("When it rains, the shop is shut all day.", ["When it rains, the shop is shut all day."]),
    ("The red shop in the old town.", []),  # no verb
    ("Came on the third day and was friendly.", []),  # nobody
    ("The shop is open: come in.", []),
    ("the shop is open all day.", []),
    ("Our shop is open all day.", []),
    ("The shop is … open all day.", []),
])  # fmt: skip
def test_statements_are_whole_and_speak_to_nobody(text, found):
    assert [statement.text for statement in statements(text)] == found


def test_a_summary_may_say_it_only_soon_after_what_it_means():
    text = "The ferry was sold in June. {} It lost money in every winter."
    reference = "The ferry was sold in June. It lost money in every winter."
    near, far = ("Nobody here was asked. " * count for count in (1, 2))
    assert extract(text.format(near), reference, "summary") == reference
    assert extract(text.format(far), reference, "summary") != reference


def test_an_overlap_below_the_limit_is_no_match():
    rest = " ".join(f"word{n}" for n in range(40))
    shared = "The ferry was sold in June."
    assert extract(shared, shared, "tldr") == shared
    assert extract(shared, f"{shared} {rest}", "tldr") is None
    assert 0 < LEAST_OVERLAP < 1


def test_pairs_keep_their_source_style_and_licence_and_the_limit_holds():
    rows = [
        Row(f"The day ferry will keep its timetable {n}.", f"Day ferry will keep its timetable {n}",
            "headline", "news", "CC0-1.0")
        for n in range(5)
    ]  # fmt: skip
    made = extract_rows(rows, 3)
    assert [row.source for row in made] == [row.source for row in rows[:3]]
    assert made[0] == Row(
        rows[0].source, "The day ferry will keep its timetable 0", "headline", SET, "CC0-1.0"
    )
    assert len(pseudo_rows(rows, PseudoPairs(extracts=9))) == 5
    assert pseudo_rows(rows, PseudoPairs()) == []


def test_pairs_come_from_the_named_sets_alone():
    said = "The day ferry will keep its timetable"
    rows = [Row(f"{said} {name}.", f"{said} {name}", "headline", name) for name in ("news", "blog")]
    (made,) = pseudo_rows(rows, PseudoPairs(extracts=9, extract_sets=("blog",)))
    assert made.source == rows[1].source
