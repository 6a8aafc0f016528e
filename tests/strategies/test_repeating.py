"""The rule against word pairs that come again in a sentence, with tokens of a real tokenizer."""

from __future__ import annotations

import pytest
import torch

from model.filters import Rows
from model.strategies.repeating import WordPairsOnce
from model.tokenizer import Tokenizer

SOURCE = "A new route to the zoo, Rose Rose said, is in the town. The red zoo is at the route."
WORDS = f"{SOURCE} a new red town said that it will and or"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train([WORDS] * 9, vocabulary_size=420)


def blocked(tokenizer: Tokenizer, *written: str, source: str = SOURCE) -> list[set[str]]:
    """The texts of the tokens that may not follow each of these texts."""
    rule = WordPairsOnce.of(tokenizer, tokenizer.encode_batch([source], inside=False))
    prefixes = [tuple(tokenizer.encode_prefix(text)) if text else () for text in written]
    before = torch.randn(len(written), tokenizer.vocabulary_size).log_softmax(-1)
    kept = before.clone()
    after = rule(before, Rows(prefixes, [0] * len(written)))
    assert torch.equal(before, kept), "the input was written to"
    assert torch.equal(after[after.isfinite()], before[after.isfinite()])
    return [
        {tokenizer.decode([id], inside=True) for id in row.isinf().nonzero().flatten().tolist()}
        for row in after
    ]


@pytest.mark.parametrize(("written", "tokens"), [
    ("", set()),
    ("A new", {" new"}),
    ("A new route and a new", {" new", " route"}),
    ("A new route, a new", {" new", " route"}),
    ("The red zoo is at the", {" red", " the"}),  # a capital is no other word
    ("It said that it will and that it", {" it", " said"}),  # but "will" may
    ("A new route is in the town. A new", {" new"}),  # in another sentence
    ("A new route\na new", {" new"}),  # or line
    ("The zoo,", set()),
])  # fmt: skip
def test_what_would_repeat_a_pair_or_a_word_is_blocked(tokenizer, written, tokens) -> None:
    assert blocked(tokenizer, written) == [tokens]


def test_a_word_that_the_source_has_twice_in_a_row_may_stand_so(tokenizer) -> None:
    assert blocked(tokenizer, "Rose") == [set()]
    assert blocked(tokenizer, "Rose", source="Rose said it.") == [{" Rose"}]


@pytest.mark.parametrize(("written", "tokens"), [
    ("The town is new and", {" and", " new"}),
    ("The town is new or", {" or", " new"}),
    ("The town is new, and", {" and"}),  # behind a mark another clause begins
    ("The town and the", {" the", " town"}),
])  # fmt: skip
def test_a_word_does_not_stand_on_both_sides_of_and(tokenizer, written, tokens) -> None:
    assert blocked(tokenizer, written) == [tokens]


def test_a_word_that_the_source_joins_to_itself_may_stand_so(tokenizer) -> None:
    assert blocked(tokenizer, "It is new and", source="It is new and new.") == [{" and"}]


def test_a_joined_word_of_several_tokens_is_blocked_at_its_last(tokenizer) -> None:
    *begun, last = tokenizer.encode_prefix(" quota")
    text = "A quota and " + tokenizer.decode(begun, inside=True).strip()
    assert tokenizer.decode([last], inside=True) in blocked(tokenizer, text)[0]
    assert tokenizer.decode([last], inside=True) not in blocked(tokenizer, "A quota and the")[0]


def test_rows_are_looked_at_one_by_one(tokenizer) -> None:
    assert blocked(tokenizer, "The zoo", "", "A red") == [{" zoo"}, set(), {" red"}]


def test_a_word_of_several_tokens_is_one_word(tokenizer) -> None:
    assert len(tokenizer.encode_prefix("quota")) > 2  # a space and letters
    assert blocked(tokenizer, "A quota") == [{"q"}]
    assert blocked(tokenizer, "A new quota, a new") == [{" new", "q"}]
