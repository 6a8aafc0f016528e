"""Words in the right mouth, with tokens of a real tokenizer."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
import torch

from model.filters import FORBIDDEN, Rows
from model.strategies.dialogue import Dialogue
from model.strategies.speaking import SpeakerWords
from model.tokenizer import Tokenizer

CHAT = """Mia: I'll bring the tent and my lamp.
Ben: Great, I bought a stove. Do you need the map?
Mia: Yes, the map is in the car.
[10:32] Tom Novak: I can drive the car."""
PROSE = "The ferry stops in May. It carried mail for sixty years."
WORDS = (
    "I have, they do. Mia, Ben and Tom Novak will bring their stove, lamp, ferry or map: I'm sure."
)
TWINS = "Ben Fox: I bought a stove.\nBen Lee: I bring the tent."


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train([f"{CHAT} {PROSE} {WORDS}"] * 9, vocabulary_size=600)


def rule_for(tokenizer: Tokenizer, texts: Sequence[str]) -> SpeakerWords | None:
    return SpeakerWords.of(tokenizer, [Dialogue.of(text, tokenizer) for text in texts])


def forbidden(tokenizer: Tokenizer, written: str, texts=(CHAT,)) -> set[str]:
    """The texts of the tokens that may not follow `written`."""
    rule = rule_for(tokenizer, texts)
    assert rule is not None
    before = torch.zeros(1, tokenizer.vocabulary_size)
    prefix = tuple(tokenizer.encode_prefix(written)) if written else ()
    (after,) = rule(before, Rows([prefix], [0]))
    assert not before.any(), "the input was written to"
    ids = (after == FORBIDDEN).nonzero().flatten().tolist()
    return {tokenizer.decode([id], inside=True) for id in ids}


OF_MIA, OF_BEN, OF_TOM = {" tent", " lamp"}, {" stove", " bought"}, {" drive"}
OWN = {" I", " my", "'ll", "'m"}


@pytest.mark.parametrize(("written", "words"), [
    ("Mia", OF_BEN | OF_TOM | OWN | {" need"}),
    ("Mia will bring the", OF_BEN | OF_TOM | OWN),  # she needs the map, as Ben asks
    ("Mia asks if", OF_BEN | OF_TOM | OWN | {" need"}),  # she affirms it, and doesn't ask
    ("Ben", OF_MIA | OF_TOM | OWN | {" car", " need", " map"}),  # what he only asks
    ("The ferry stops. Ben", OF_MIA | OF_TOM | OWN | {" car", " need", " map"}),
    ("Mia will bring it.\nBen", OF_MIA | OF_TOM | OWN | {" car", " need", " map"}),
    ("Ben asks if", OF_MIA | OF_TOM | OWN | {" car"}),
    ("Ben:", OF_MIA | OF_TOM | {" car"}),  # a quotation: he may say I
    ("Tom Novak", OF_MIA | OF_BEN | OWN | {" need", " map"}),
    ("Tom", OF_MIA | OF_BEN | OWN | {" need", " map"}),
    ("The Tom", OF_MIA | OF_BEN | OWN | {" need", " map"}),  # as of roles: "The customer"
])  # fmt: skip
def test_a_report_keeps_to_what_its_speaker_said(tokenizer, written, words) -> None:
    found = forbidden(tokenizer, written)
    everything = OF_MIA | OF_BEN | OF_TOM | OWN | {" car", " map", " need"}
    assert found & everything == words
    assert not found & {" the", " will", " their", " ferry", " Mia", " Ben", " Tom", "."}


@pytest.mark.parametrize("written", [
    "The map is", "The tent is Mia's. It is", "Mia and Ben", "Ben asks Mia",
])  # fmt: skip
def test_what_is_nobodys_alone_is_free(tokenizer, written) -> None:
    assert not [text for text in forbidden(tokenizer, written) if text.startswith(" ")]


@pytest.mark.parametrize("written", ["Mia and", "The Mia and", "The ferry stops. Mia and"])
def test_a_speaker_is_joined_with_speakers_only(tokenizer, written) -> None:
    found = forbidden(tokenizer, written)
    assert not found & {" Ben", " Tom", " the"}
    assert {" tent", " lamp", " will", " they", ",", " Mia"} <= found
    assert " will" not in forbidden(tokenizer, f"{written} Ben")


def test_a_surname_may_begin_like_and(tokenizer) -> None:
    chat = Dialogue.of(CHAT.replace("lamp.", "lamp. Mia Andrews."), tokenizer)
    assert chat.joins("mia and")
    assert chat.lacks("mia and lamp")
    assert not chat.lacks("mia andrews")
    assert not chat.joins("mia andrews")


@pytest.mark.parametrize("text", [PROSE, "Note: The ferry stops in May.\nIt is old.", ""])
def test_without_two_speakers_there_is_no_rule(tokenizer, text) -> None:
    assert rule_for(tokenizer, [text]) is None


@pytest.mark.parametrize(("written", "new", "known"), [
    ("", {" ferry", " mail"}, {" tent", " Mia", " map", " the", " will", "."}),
    ("Mia will bring it.\n", {" ferry", " mail"}, {" tent", " Mia", " the"}),
    ("The", {" ferry", " mail"}, {" tent", " map", " car"}),
    ("The ferry stops. The", {" ferry"}, {" tent"}),
])  # fmt: skip
def test_sentences_begin_with_a_word_of_the_dialogue(tokenizer, written, new, known) -> None:
    found = forbidden(tokenizer, written)
    assert new <= found
    assert not known & found


def test_what_a_letter_says_is_not_said_of_who_signed_it(tokenizer) -> None:
    letter = f"Dear Tom,\n{PROSE}\nGreat bell,\nMia Novak"
    # Nor of whom it greets, and no sentence begins with a farewell.
    assert {" Mia", " tent", " Tom", " Great"} <= forbidden(tokenizer, "", [letter])
    assert not {" The", " It", " ferry"} & forbidden(tokenizer, "", [letter])
    assert forbidden(tokenizer, "The ferry is", [letter]) == set()


def test_speakers_may_have_labels_for_names(tokenizer) -> None:
    chat = "#Person1#: I bring the tent.\n#Person2#: I bought a stove.\nSpeaker 3: The map is old."
    assert {" stove", " map"} <= forbidden(tokenizer, "#Person1# will bring the", [chat])
    assert " tent" not in forbidden(tokenizer, "#Person1# will bring the", [chat])
    assert " tent" in forbidden(tokenizer, "Speaker 3 says the", [chat])


def test_a_first_name_of_two_speakers_is_nobodys(tokenizer) -> None:
    assert not forbidden(tokenizer, "Ben", [TWINS]) & {" tent", " stove"}
    assert " tent" in forbidden(tokenizer, "Ben Fox", [TWINS])


def test_directly_after_the_name_its_verb_is_of_the_third_person(tokenizer) -> None:
    others = {" have", " do", " need"}
    assert forbidden(tokenizer, "Mia") & others == others
    assert not forbidden(tokenizer, "Mia and Ben") & others
    assert forbidden(tokenizer, "Mia will come :) and") >= OWN  # no quotation
    assert forbidden(tokenizer, "Mia will come at 10:30 and") >= OWN
    assert not OWN & forbidden(tokenizer, "Mia: great, so")
    assert not forbidden(tokenizer, "Mia will") & {" have", " do"}
    assert not forbidden(tokenizer, "Mia:") & {" have", " do"}


def test_they_have_a_plural_verb_and_a_report_is_no_question(tokenizer) -> None:
    assert forbidden(tokenizer, "Mia will come, they") & {" is", " are"} == {" is"}
    assert " is" not in forbidden(tokenizer, "Mia will come, it")
    assert "?" in forbidden(tokenizer, "Mia will come")
    assert "?" not in forbidden(tokenizer, "Mia: great, so")
    assert "?" not in forbidden(tokenizer, "The map is")


@pytest.mark.parametrize(("written", "more", "allowed"), [
    ("Mia will bring their l", "a", True),
    ("Mia will bring their l", "o", False),
    ("Mia will bring their lamp", "s", True),  # of "bring" and of all that may be a verb
    ("Mia will bring their lamp", "ov", False),
    ("Mia will bring their lamp", " and", True),
    ("Mia will bring t", " and", False),  # a word of one letter that the source lacks
    ("Mia will bring their", " map", True),
    ("Mia: I bring their lamp", "ov", True),  # a quotation
    ("It is a lamp", "ov", True),  # nobody's report
])  # fmt: skip
def test_words_of_several_tokens_are_the_sources(tokenizer, written, more, allowed) -> None:
    rule = rule_for(tokenizer, [CHAT])
    assert rule is not None
    before = torch.full((1, tokenizer.vocabulary_size), -9.0)
    texts = [tokenizer.decode([id], inside=True) for id in range(tokenizer.vocabulary_size)]
    for other in (" and", "he", "a"):
        before[0, texts.index(other)] = -1.0  # where nothing else is left, all of it is
    before[0, texts.index(more)] = 0.0
    after = rule(before, Rows([tuple(tokenizer.encode_prefix(written))], [0]))
    assert bool(after[0, texts.index(more)].isfinite()) == allowed


def test_in_a_batch_only_dialogues_have_the_rule(tokenizer) -> None:
    rule = rule_for(tokenizer, [PROSE, CHAT])
    prefix = tuple(tokenizer.encode_prefix("Mia"))
    after = rule(torch.zeros(2, tokenizer.vocabulary_size), Rows([prefix] * 2, [0, 1]))
    assert not after[0].any()
    assert after[1].isinf().any()


@pytest.mark.parametrize("text", ["1" + " " * 200_000, "A\n" * 100_000 + "x", "A: " * 60_000])
def test_hostile_lines_are_read_at_once(tokenizer, text) -> None:
    start = time.perf_counter()
    rule_for(tokenizer, [text])
    assert time.perf_counter() - start < 10  # hours, where lines are read in every way


def test_a_list_of_many_names_is_no_dialogue(tokenizer) -> None:
    lines = "\n".join(f"Player{chr(97 + n // 26)}{chr(97 + n % 26)}: 3 points" for n in range(60))
    assert rule_for(tokenizer, [lines]) is None
    assert rule_for(tokenizer, ["\n".join(lines.split("\n")[:9])]) is not None
