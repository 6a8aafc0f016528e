"""The price on leaving the source's wording, with tokens of a real tokenizer."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from model.filters import Rows
from model.strategies.dialogue import Dialogue
from model.strategies.wording import NovelNgramPenalty
from model.tokenizer import Tokenizer

SOURCE = "The ferry stops in May. The island waits for the ferry.\nBen: yes, it waits for May."
OTHER = "The island stops."
CHAT = "Ben: yes, the ferry stops in May.\nIsland: May it wait.\nIt is May."
PENALTY = 1.5


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train([f"{SOURCE} {OTHER} “Quite so.”"] * 9, vocabulary_size=420)


def prices(
    tokenizer: Tokenizer,
    written: Sequence[str],
    places: Sequence[int],
    texts: Sequence[str] = (SOURCE, OTHER),
) -> torch.Tensor:
    """What the rule takes off every token [B, V] after these texts."""
    dialogues = [Dialogue.of(text, tokenizer) for text in texts]
    sources = tokenizer.encode_batch(texts, inside=False)
    rule = NovelNgramPenalty.of(PENALTY, tokenizer, sources, dialogues)
    before = torch.randn(len(written), tokenizer.vocabulary_size).log_softmax(-1)
    kept = before.clone()
    prefixes = [tuple(tokenizer.encode_prefix(text)) if text else () for text in written]
    after = rule(before, Rows(prefixes, places))
    assert torch.equal(before, kept), "the input was written to"
    return before - after


def free(tokenizer: Tokenizer, written: str, source: int = 0) -> set[str]:
    """The texts of the tokens that cost nothing after `written`, but for the end."""
    (found,) = prices(tokenizer, [written], [source])
    assert set(found.round(decimals=4).tolist()) == {0.0, PENALTY}
    tokens = set((found.abs() < 1e-4).nonzero().flatten().tolist())
    assert tokenizer.eos_id in tokens
    return {tokenizer.decode([token], inside=True) for token in tokens - {tokenizer.eos_id}}


@pytest.mark.parametrize(("written", "tokens"), [
    ("The ferry", {" stops"}),  # not ".", which is after "the ferry"
    ("We saw the ferry", {"."}),
    ("A ferry", {" stops", "."}),  # the source never has "A": the last token tells alone
    ("waits for", {" the", " May"}),
    ("it waits for", {" the", " May"}),  # two tokens, not three
    ("yes, it", {" waits"}),
    ("Ben:", {" yes"}),  # what he says, and nobody else
])  # fmt: skip
def test_what_the_source_has_after_the_last_two_is_free(tokenizer, written, tokens) -> None:
    assert free(tokenizer, written) == tokens


def test_every_row_is_held_to_its_own_source(tokenizer) -> None:
    assert free(tokenizer, "The island", source=0) == {" waits"}
    assert free(tokenizer, "The island", source=1) == {" stops"}


@pytest.mark.parametrize("written", ["It stops in May.", "“Quite so.”", "The ferry\n"])
def test_where_a_sentence_or_line_ended_another_may_begin(tokenizer, written) -> None:
    assert free(tokenizer, written) == {" The", "\n", "Ben"}


@pytest.mark.parametrize(("written", "costs"), [
    ("Ben waits for", False),
    ("The ferry waits.\nBen", False),
    ("The island waits for", False),  # a speaker with an article
    ("Ben and the island wait for", False),
    ("Ben: yes, it", True),  # quoted, not reported
    ("The ferry", True),
    ("Ben stops. The ferry", True),
    ("yes, Ben", True),
])  # fmt: skip
def test_what_a_speaker_is_reported_to_say_costs_nothing(tokenizer, written, costs) -> None:
    assert prices(tokenizer, [written], [0], [CHAT]).any() == costs
    assert prices(tokenizer, [written], [0], [OTHER]).any(), "it is no dialogue"


def test_after_words_that_the_source_lacks_all_cost_the_same(tokenizer) -> None:
    assert free(tokenizer, "Quite") == set()


def test_a_summarys_own_beginning_is_free(tokenizer) -> None:
    assert not prices(tokenizer, [""], [0]).any()
    found = prices(tokenizer, ["", "The ferry"], [0, 0])
    assert not found[0].any()
    assert found[1].any()


def test_special_tokens_begin_anew(tokenizer) -> None:
    start, word = 1, 300
    assert tokenizer.is_special(start)
    rule = NovelNgramPenalty.of(PENALTY, tokenizer, [[start, word]])
    after = rule(torch.zeros(1, tokenizer.vocabulary_size), Rows([(start,)], [0]))
    assert after[0, word] == 0
    assert after[0, word + 1] == -PENALTY


def test_nothing_new_is_returned_where_nothing_costs(tokenizer) -> None:
    rule = NovelNgramPenalty.of(PENALTY, tokenizer, [[5, 6, 7]])
    before = torch.zeros(1, tokenizer.vocabulary_size)
    assert rule(before, Rows([()], [0])) is before
