"""Headlines made of sentences: whole statements, or nothing."""

from __future__ import annotations

import pytest

from model.training.clauses import CLAUSE_WORDS, main_clause
from model.training.pseudo import PseudoPairs, pseudo_rows


@pytest.mark.parametrize(("sentence", "clause"), [
    ("The night ferry will stop running in May, its operator said on Thursday.",
     "The night ferry will stop running in May"),
    ("A bakery in Osk won the county prize after three years of trying.",
     "A bakery in Osk won the county prize"),
    ("The council closed the bridge — nobody was hurt.", "The council closed the bridge"),
    ("Residents planted 1,200 trees along the old canal; more will follow.",
     "Residents planted 1,200 trees along the old canal"),
    ("The library opened its doors at 9:30 (an hour early).",
     "The library opened its doors at 9:30"),
    ("Foxes are not afraid of the town.", "Foxes are not afraid of the town"),
])  # fmt: skip
def test_what_a_sentence_states_first_is_kept(sentence, clause):
    assert main_clause(sentence) == clause


@pytest.mark.parametrize("sentence", [
    "The night ferry between Karsund and the island of Vell.",  # no verb
    "The proposed rule on open data for small towns.",  # -ed, and no verb
    "The report released by the office of the mayor on Monday.",
    "The bridge, which is eighty years old, was closed.",  # the verb is of another clause
    "People who have seen the old bridge often return.",
    "In May, the night ferry will stop running.",  # the statement comes later
    "It will stop running in May after all these years.",  # of what?
    "The firm is an independent, small bakery in the harbour.",  # cut inside a list
    "Opening hours We have moved to the new hall.",  # a heading before the sentence
    "Ferries Ferries are slow but they are quiet.",
    "The line was closed by the.",  # broken off
    "Will the ferry stop running in May?",
    "“The ferry has stopped running,” she said.",
    "Trains stop.",  # too short
    "The night ferry between the town of Karsund and the large island of Vell will stop running.",
    "The night ferry will stop running in May",  # no stop: a heading, or cut
])  # fmt: skip
def test_what_is_no_sure_statement_is_left_out(sentence):
    assert main_clause(sentence) is None


def test_clauses_keep_to_their_length():
    subject = " ".join(["The"] + ["very"] * 3 + ["ferry", "was"])
    for count in range(1, 20):
        clause = main_clause(f"{subject} {' '.join(['late'] * count)}.")
        low, high = CLAUSE_WORDS
        assert (clause is not None) == (low <= 6 + count <= high)


def test_passages_become_headline_pairs_with_whole_sources(tmp_path):
    opening = "The old ferry was sold to a museum, and nobody in the town was asked about it."
    rest = "It had crossed the sound for sixty years in every kind of weather. " * 5
    path = tmp_path / "plain.txt"
    path.write_text(f"{opening} {rest}\n\nNothing here. {rest}\n", encoding="utf-8")
    (row,) = pseudo_rows([], PseudoPairs(clauses=9, passages=(path,)))
    assert row.target == "The old ferry was sold to a museum"
    assert row.source.startswith(opening)
    assert (row.style, row.set) == ("headline", "main_clause")


def test_text_files_must_be_named():
    with pytest.raises(ValueError, match="5 clauses need text files"):
        PseudoPairs(clauses=5)
