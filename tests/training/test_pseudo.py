import pytest

from model.training.pseudo import PseudoPairs, gap, pseudo_rows
from model.training.sentences import documents, passages, split_sentences

ABSTRACT = (
    "Parsing is slow, e.g. for long texts. To address this problem, we propose a parser that reads "
    "a text in linear time. It needs no grammar. Smith et al. 2019 needed one. Tests confirm it."
)
PASSAGE = (
    "Rivers carry water to the sea. This was known to all. The water of rivers shapes valleys, and "
    "valleys guide the rivers to the sea. Farmers settled there early. They grew wheat and barley."
)


def test_sentences_end_at_stops_but_not_at_abbreviations():
    assert [s.split()[0] for s in split_sentences(ABSTRACT)] == [
        "Parsing", "To", "It", "Smith", "Tests",
    ]  # fmt: skip


def test_sentences_together_hold_all_the_text():
    assert " ".join(split_sentences(ABSTRACT)) == ABSTRACT
    assert split_sentences("  ") == []


def test_gap_takes_the_sentence_that_shares_most_with_the_rest():
    source, target = gap(PASSAGE, 1, keep=False) or ("", "")
    assert target.startswith("The water of rivers shapes valleys")
    assert target not in source
    assert source.startswith("Rivers carry water")


def test_gap_can_leave_the_sentence_in():
    source, target = gap(PASSAGE, 1, keep=True) or ("", "")
    assert source == PASSAGE
    assert target in source


def test_documents_and_passages_keep_to_their_limits():
    lines = ["one two three\n", "four five\n", "\n", "six\n"]
    assert list(documents(lines)) == [["one two three", "four five"], ["six"]]
    block = ["a b c", "d e", "f g h i j k l m n", "o p q r s"]
    assert list(passages(block, low=4, high=6)) == ["a b c\nd e", "o p q r s"]


def test_pairs_are_the_same_every_time_and_capped(tmp_path):
    path = tmp_path / "plain.txt"
    block = "\n".join([PASSAGE.replace("\n", " ")] * 4)
    text = "\n\n".join(block.replace("Farmers", f"{n} farmers") for n in "abcdefgh")
    path.write_text(text, encoding="utf-8")
    options = PseudoPairs(gap_sentences=5, passages=(path,))
    rows = pseudo_rows([], options)
    assert len(rows) == 5
    assert rows == pseudo_rows([], options)
    assert {row.set for row in rows} == {"gap_sentence"}


def test_leads_of_articles_become_targets(tmp_path):
    path = tmp_path / "articles.txt"
    lead = "The agency opens a new bridge across the old river on Monday."
    rest = "The bridge crosses the river near the agency. " * 12
    path.write_text(f"{lead} {rest}\n{rest}\nThe new bridge opens Monday.\n\nShort.\n")
    (row,) = pseudo_rows([], PseudoPairs(first_sentences=3, articles=(path,)))
    assert row.target == lead
    assert lead not in row.source
    assert (row.style, row.set) == ("tldr", "first_sentence")


def test_text_files_must_be_named():
    with pytest.raises(ValueError, match="5 gap sentences need text files"):
        PseudoPairs(gap_sentences=5)
