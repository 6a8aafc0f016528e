"""The rule that keeps names and numbers to the source, with tokens of a real tokenizer."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from model.filters import Rows
from model.options import DecodingOptions
from model.strategies import naming
from model.strategies.naming import NamesFromSource
from model.tokenizer import Tokenizer

TEXT = "We saw Kepler and Galileo in 1601 and 1602."
SOURCE = "Kepler saw it in 1601."


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train([TEXT] * 9, vocabulary_size=420)


def rule(tokenizer: Tokenizer, sources: Sequence[str], **options: object) -> NamesFromSource:
    asked = DecodingOptions.from_dict({"num_beams": 1, **options})
    return NamesFromSource.of(asked, tokenizer, sources)


def row(tokenizer: Tokenizer, tokens: Sequence[int]) -> torch.Tensor:
    """Log-probabilities with these tokens on top, in this order."""
    values = torch.linspace(-9, -8, tokenizer.vocabulary_size)
    values[list(tokens)] = torch.linspace(-1, -2, len(tokens))
    return values


def test_only_names_of_the_rows_own_source_are_left(tokenizer: Tokenizer) -> None:
    kepler, galileo, small = (
        tokenizer.encode_batch([word])[0][0] for word in (" Kepler", " Galileo", " and")
    )
    prefix = tuple(tokenizer.encode_prefix("We saw"))
    found = rule(tokenizer, [SOURCE, "Galileo saw it."])(
        torch.stack([row(tokenizer, [galileo, kepler, small])] * 2), Rows([prefix] * 2, [0, 1])
    )
    assert found[0, [galileo, kepler, small]].isfinite().tolist() == [False, True, True]
    assert found[1, [galileo, kepler, small]].isfinite().tolist() == [True, False, True]


def test_what_is_left_keeps_its_value_and_the_rest_is_no_candidate(tokenizer: Tokenizer) -> None:
    before = torch.stack([row(tokenizer, tokenizer.encode_prefix("We saw"))])
    kept = before.clone()
    after = rule(tokenizer, [SOURCE])(before, Rows([()], [0]))
    assert torch.equal(before, kept)
    assert torch.equal(after[after.isfinite()], before[after.isfinite()])
    assert 0 < after.isfinite().sum() <= naming.LEAST


def test_a_word_that_opens_the_text_stays_the_sources_that_it_begins_like(
    tokenizer: Tokenizer,
) -> None:
    letter, plain = (tokenizer.encode_batch([text])[0][0] for text in ("l", "z"))
    opened = tuple(tokenizer.encode_prefix("C"))
    after = rule(tokenizer, ["It was clear.", "It was new."])(
        torch.stack([row(tokenizer, [plain, letter])] * 2), Rows([opened] * 2, [0, 1])
    )
    assert after[0, [plain, letter]].isfinite().tolist() == [False, True]
    assert after[1, [plain, letter]].isfinite().tolist() == [True, True]  # nothing begins with c


def test_the_end_token_may_not_end_half_a_name(tokenizer: Tokenizer) -> None:
    half = tuple(tokenizer.encode_prefix("We saw Kep"))
    whole = tuple(tokenizer.encode_prefix("We saw Kepler"))
    more = tokenizer.encode_batch(["l"])[0][0]
    values = torch.stack([row(tokenizer, [tokenizer.eos_id, more])] * 2)
    found = rule(tokenizer, [SOURCE])(values, Rows([half, whole], [0, 0]))
    assert found[:, tokenizer.eos_id].isfinite().tolist() == [False, True]
    assert found[0, more].isfinite()


def test_a_name_that_somebody_put_there_is_no_dead_end(tokenizer: Tokenizer) -> None:
    forced = tuple(tokenizer.encode_prefix("We saw Gal"))
    values = torch.stack([row(tokenizer, [tokenizer.eos_id])])
    assert rule(tokenizer, [SOURCE])(values, Rows([forced], [0]))[0, tokenizer.eos_id].isfinite()


def test_a_name_is_ended_by_whatever_token_can(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "LEAST", 2)
    half = tuple(tokenizer.encode_prefix("We saw Kep"))
    others = [tokenizer.encode_batch([text])[0][0] for text in ("p", "s", " in")]
    found = rule(tokenizer, [SOURCE], record_top_k=0)(
        torch.stack([row(tokenizer, others)]), Rows([half], [0])
    )
    left = found[0].isfinite().nonzero().flatten().tolist()
    assert {tokenizer.decode([token], inside=True) for token in left} <= {"L", "l", "le", "ler"}
    assert left


def test_a_row_that_can_only_name_something_new_is_given_up_unless_it_is_the_last(
    tokenizer: Tokenizer,
) -> None:
    prefix = tuple(tokenizer.encode_prefix("We saw"))
    galileo, small = (tokenizer.encode_batch([word])[0][0] for word in (" Galileo", " and"))
    only = torch.full((2, tokenizer.vocabulary_size), float("-inf"))
    only[0, galileo] = only[1, small] = 0.0
    both = rule(tokenizer, [SOURCE])(only, Rows([prefix] * 2, [0, 0]))
    assert both.isfinite().any(dim=1).tolist() == [False, True]
    apart = rule(tokenizer, [SOURCE] * 2)(only, Rows([prefix] * 2, [0, 1]))
    assert apart.isfinite().any(dim=1).tolist() == [True, True]


@pytest.mark.parametrize(
    ("options", "depth"),
    [
        ({}, naming.LEAST),
        ({"num_beams": 40}, 80),
        ({"record_top_k": 90}, 90),
        ({"do_sample": True, "top_k": 0}, naming.MOST),
        ({"penalty_alpha": 0.5, "top_k": 60}, 60),
        ({"do_sample": True, "top_k": 5, "record_top_k": 0}, naming.LEAST),
    ],
)
def test_all_that_can_be_chosen_or_recorded_is_looked_at(
    tokenizer: Tokenizer, options: dict[str, object], depth: int
) -> None:
    assert rule(tokenizer, [SOURCE], **options).depth == depth
