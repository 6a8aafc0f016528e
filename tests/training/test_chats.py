"""Chats and letters made of prose, and their reports."""

from __future__ import annotations

import re

import pytest

from model.training import chats
from model.training.chats import TALK, chat_rows
from model.training.people import LABELLED, NAMES, SURNAMES
from model.training.pseudo import PseudoPairs, pseudo_rows
from model.training.reported import REPORTED

PLACES = ("the harbour", "the old mill", "the library", "the station", "the market", "the school")
THINGS = ("tent", "ladder", "kettle", "lamp", "basket", "drum", "map", "violin")
SENTENCES = [f"She left her {thing} at {place}." for place in PLACES for thing in THINGS]
PROSE = [
    " ".join(["“Did you sleep well?” asked the porter.", *SENTENCES[start : start + 4]])
    for start in range(0, len(SENTENCES), 4)
]


def rows(
    monkeypatch,
    *,
    letters: float = 0.0,
    roles: float = 0.0,
    labels: float = 0.0,
    style: str = "notes",
):
    monkeypatch.setattr(chats, "LETTER_SHARE", letters)
    monkeypatch.setattr(chats, "ROLE_SHARE", roles)
    monkeypatch.setattr(chats, "LABEL_SHARE", labels)
    monkeypatch.setattr(chats, "STYLES", (style,))
    return chat_rows(PROSE, 1000)


def left(report: str) -> set[tuple[str, str]]:
    """Who left what, as a report tells it; also of two statements joined by "and"."""
    return {
        (sentence.split()[0], thing)
        for sentence in report.split("\n")
        for thing in re.findall(r"left their (\w+)", sentence)
    }


def test_a_chat_is_told_by_who_said_what(monkeypatch):
    found = rows(monkeypatch)
    assert len(found) > 8
    for row in found:
        assert (row.style, row.set) == ("notes", chats.SET)
        turns = [line.split(": ", 1) for line in row.source.split("\n")]
        said = {
            (re.findall(r"\w+", re.sub(r"\[.*?\]", "", speaker))[0].capitalize(), thing)
            for speaker, words in turns
            for thing in re.findall(r"[Ll]eft my (\w+)", words)
        }
        reported = left(row.target)
        assert reported
        assert reported <= said
        # All of it, unless there was too much.
        assert len(reported) == min(len(said), REPORTED)


def test_small_talk_and_questions_stand_in_chats_and_in_no_report(monkeypatch):
    found = rows(monkeypatch)
    sources = "\n".join(row.source for row in found)
    assert any(f": {words}\n" in sources for words in TALK["small_talk"])
    assert "Did you sleep well?" in sources
    for row in found:
        assert "sleep" not in row.target
        assert re.fullmatch(r"(?:[A-Z]\w+ left their [^.:?!]+\.\n?)+", row.target)


def test_people_type_without_capitals_or_the_word_i(monkeypatch):
    monkeypatch.setattr(chats, "LOWER_SHARE", 0.5)
    sources = "\n".join(row.source for row in rows(monkeypatch))
    for words in (": I left my", ": i left my", ": Left my", ": left my"):
        assert words in sources


def test_a_letter_is_told_by_who_signed_it(monkeypatch):
    for row in rows(monkeypatch, letters=1.0):
        signature = [word for word in row.source.split()[-2:] if word not in SURNAMES]
        writer = signature[-1]
        assert writer in NAMES
        assert {name for name, _ in left(row.target)} == {writer}
        assert re.match(r"(?:Hi|Hello|Dear|Hey|Good \w+) [\w ]+,", row.source)


def test_roles_have_an_article_in_a_report(monkeypatch):
    found = rows(monkeypatch, roles=1.0)
    assert found
    for row in found:
        assert re.search(r"^(?:\[.*\] )?[A-Z]\w+(?: \w+)?: ", row.source)
        assert re.fullmatch(r"(?:The [a-z]+ left their [^.]+\.\n?)+", row.target)


def test_who_has_no_name_is_called_by_the_label(monkeypatch):
    found = rows(monkeypatch, labels=1.0)
    assert any("#Person1#: " in row.source for row in found)
    for row in found:
        labels = {line.split(":")[0] for line in row.source.split("\n")}
        assert labels <= LABELLED
        for sentence in row.target.split("\n"):
            assert sentence.partition(" left ")[0] in labels


def test_remarks_are_reported_beside_statements(monkeypatch):
    for share, value in (("REMARK", 1.0), ("LETTER", 0.0), ("LABEL", 0.0)):
        monkeypatch.setattr(chats, f"{share}_SHARE", value)
    prose = [f"{sentence} The {thing} was old and heavy." for sentence, thing in zip(
        SENTENCES, THINGS * len(PLACES), strict=True)]  # fmt: skip
    told = [row for row in chat_rows(prose, 1000) if row.style == "notes"]
    assert told
    for row in told:
        # One remark at most, and its speaker is the one whose line it is.
        [(speaker, thing)] = re.findall(r"(\w+) says the (\w+) was old", row.target) or [("", "")]
        assert not thing or re.search(
            rf"^(?:\[.*\] )?{speaker}\b.*[Tt]he {thing} was old", row.source, re.M | re.I
        )
    assert sum(" says the " in row.target for row in told) > len(told) / 2


def test_the_same_statements_are_said_by_others_as_well(monkeypatch):
    found = rows(monkeypatch)
    assert len(found) % chats.VARIANTS == 0
    for start in range(0, len(found), chats.VARIANTS):
        group = found[start : start + chats.VARIANTS]
        assert len({row.source for row in group}) == chats.VARIANTS


@pytest.mark.parametrize(("style", "shape"), [
    ("headline", r"[A-Z]\w+ left their \w+ at the [\w ]+"),
    ("tldr", r"[A-Z]\w+ left their \w+ at the [\w ]+\."),
])  # fmt: skip
def test_headlines_and_tldr_report_one_sentence(monkeypatch, style, shape):
    found = rows(monkeypatch, style=style)
    assert found
    for row in found:
        assert re.fullmatch(shape, row.target)


def test_the_same_prose_gives_the_same_pairs_up_to_the_limit():
    once = chat_rows(PROSE, 1000)
    assert chat_rows(PROSE, 1000) == once
    assert chat_rows(PROSE, 3) == once[:3]
    assert len({row.style for row in once}) > 1


def test_chats_come_from_files_of_prose(tmp_path):
    path = tmp_path / "prose.txt"
    path.write_text("\n\n".join(f"{text} {text.lower()}" for text in PROSE), encoding="utf-8")
    found = pseudo_rows([], PseudoPairs(chats=4, prose=(path,)))
    assert len(found) == 4
    assert {row.set for row in found} == {chats.SET}
    with pytest.raises(ValueError, match="4 chats need text files"):
        PseudoPairs(chats=4)
    with pytest.raises(ValueError, match="chats must be 0 or more, got -1"):
        PseudoPairs(chats=-1)
