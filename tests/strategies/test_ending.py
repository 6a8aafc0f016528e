"""The price on stopping or beginning inside a phrase, with tokens of a real tokenizer."""

from __future__ import annotations

import pytest
import torch

from model.filters import Rows
from model.strategies import ending
from model.strategies.ending import CutPenalty
from model.tokenizer import Tokenizer

SOURCE = (
    "The council voted to keep the Harbour Street library open for another year, after a petition. "
    "The price of a ticket rises. Fees will rise until the museum is paid."
)
OTHER = "The council voted."
PENALTY = 1.5


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train([f"{SOURCE} {OTHER} We saw it."] * 9, vocabulary_size=500)


@pytest.fixture(autouse=True)
def _no_topics(monkeypatch):
    """Short texts will do."""
    monkeypatch.setattr(ending, "TOPIC", 0)


def price(tokenizer: Tokenizer, written: str, source: int = 0) -> float:
    """What the end costs after `written`; nothing else may cost anything."""
    rule = CutPenalty.of(PENALTY, tokenizer, tokenizer.encode_batch([SOURCE, OTHER]))
    before = torch.randn(1, tokenizer.vocabulary_size).log_softmax(-1)
    kept = before.clone()
    prefix = tuple(tokenizer.encode_prefix(written))
    taken = before - rule(before, Rows([prefix], [source]))
    assert torch.equal(before, kept), "the input was written to"
    found = taken[0, tokenizer.eos_id].item()
    taken[0, tokenizer.eos_id] = 0
    assert not taken.any()
    return round(found, 4)


@pytest.mark.parametrize(("written", "costs"), [
    ("The council voted to keep the Harbour Street", True),  # "library"
    ("The council voted to keep the Harbour Street library", True),  # "open"
    ("The council voted to keep the Harbour Street library open", False),  # "for"
    ("The council voted to keep the Harbour Street library open for", True),
    ("The library open for another year", False),  # a comma
    ("Fees will rise", False),  # "until"
    ("The price", True),  # "of"
    ("The price of a ticket rises", False),  # the stop
    ("We saw it", False),  # not the source's wording
    ("We saw the", True),
])  # fmt: skip
def test_an_end_inside_a_phrase_costs(tokenizer, written, costs) -> None:
    assert price(tokenizer, written) == (PENALTY if costs else 0)


def test_every_row_is_held_to_its_own_source(tokenizer) -> None:
    assert price(tokenizer, "The council voted", source=0)
    assert not price(tokenizer, "The council voted", source=1)


def test_a_few_words_may_be_a_topic(tokenizer, monkeypatch) -> None:
    monkeypatch.setattr(ending, "TOPIC", 8)
    assert not price(tokenizer, "The price")
    assert price(tokenizer, "The council voted to keep the Harbour Street library")


FERRY = (
    "The ferry to Vell and Rom will stop. In Rom it stops.\nRom said so, Vera too. We go to Verona."
)


def opening_costs(tokenizer: Tokenizer, written: str) -> set[str]:
    """The texts of the tokens that cost something behind this beginning of a first word."""
    sources = tokenizer.encode_batch([FERRY, OTHER], inside=False)
    rule = CutPenalty.of(PENALTY, tokenizer, sources)
    before = torch.randn(2, tokenizer.vocabulary_size).log_softmax(-1)
    prefix = tuple(tokenizer.encode_prefix(written)) if written else ()
    taken = (before - rule(before, Rows([prefix] * 2, [0, 1])))[0].round(decimals=4)
    assert set(taken.tolist()) <= {0.0, PENALTY}
    return {tokenizer.decode([n], inside=True) for n in taken.nonzero().flatten().tolist()}


@pytest.mark.parametrize(("size", "whole", "then"), [
    (300, True, set()),  # " Ve" is of Vell alone, and is paid for once
    (270, False, {"l"}),  # of Vera too, which opens a sentence
])  # fmt: skip
def test_a_word_that_the_source_has_behind_a_preposition_alone_begins_no_text(
    monkeypatch, size: int, whole: bool, then: set[str]
) -> None:
    monkeypatch.setattr(ending, "TOPIC", 8)
    tokenizer = Tokenizer.train([FERRY, "Vera Verona Rom said"] * 9, vocabulary_size=size)
    costs = opening_costs(tokenizer, "")
    assert (" Ve" in costs) is whole
    assert opening_costs(tokenizer, "Ve") == then
    assert {" will", "s", "\n", " "} & costs
    assert not {" The", " In", " Rom"} & costs  # Rom opens a sentence, if without a space
    assert not opening_costs(tokenizer, "The")


def test_nothing_new_is_returned_where_nothing_costs(tokenizer) -> None:
    rule = CutPenalty.of(PENALTY, tokenizer, tokenizer.encode_batch([SOURCE]))
    before = torch.zeros(1, tokenizer.vocabulary_size)
    prefix = tuple(tokenizer.encode_prefix("We saw it"))
    assert rule(before, Rows([prefix], [0])) is before
