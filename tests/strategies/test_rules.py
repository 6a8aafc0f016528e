"""Every rule against a slow reference written from its definition."""

import pytest
import torch
from hypothesis import strategies as st

from model.config import SpecialTokens
from model.filters import Filter, Rows
from model.options import DecodingOptions
from model.strategies import rules
from tests.distributions import VOCABULARY, distributions, for_all

SPECIAL = SpecialTokens(pad_id=0, decoder_start_id=1, eos_id=2)
Prefix = tuple[int, ...]

prefixes = st.lists(st.lists(st.integers(0, 4), max_size=9).map(tuple), min_size=1, max_size=4)


def blocked_by(rule: Filter, written: list[Prefix], sources: list[int]) -> list[set[int]]:
    """What a rule forbids per row; asserts that it leaves the rest alone."""
    before = distributions(1, len(written))
    kept = before.clone()
    after = rule(before, Rows(written, sources))
    assert torch.equal(before, kept), "the input was written to"
    allowed = after.isfinite()
    assert torch.equal(after[allowed], before[allowed])
    return [set(row.isinf().nonzero().flatten().tolist()) for row in after]


def ngrams(tokens: Prefix, size: int) -> list[Prefix]:
    return [tokens[i : i + size] for i in range(len(tokens) - size + 1)]


@for_all(prefixes, st.integers(1, 4), st.frozensets(st.integers(0, VOCABULARY - 1), max_size=2))
def test_an_ngram_across_a_line_break_or_at_the_beginning_of_a_line_may_come_again(
    written: list[Prefix], size: int, breaks: frozenset[int]
) -> None:
    rule = rules.NoRepeatNgram(size, line_breaks=breaks)
    everywhere = blocked_by(rules.NoRepeatNgram(size), written, [0] * len(written))
    found = blocked_by(rule, written, [0] * len(written))
    for prefix, tokens, without in zip(written, found, everywhere, strict=True):
        expected = {
            token for token in without if not breaks.intersection([*prefix, token][-size - 1 :])
        }
        assert tokens == expected


@for_all(prefixes, st.integers(1, 4))
def test_no_repeat_ngram_forbids_exactly_what_would_repeat_one(
    written: list[Prefix], size: int
) -> None:
    found = blocked_by(rules.NoRepeatNgram(size), written, [0] * len(written))
    for prefix, tokens in zip(written, found, strict=True):
        expected = {
            token
            for token in range(VOCABULARY)
            if len(prefix) + 1 >= size and (*prefix, token)[-size:] in ngrams(prefix, size)
        }
        assert tokens == expected


@for_all(prefixes, prefixes, st.integers(1, 4), st.data())
def test_encoder_no_repeat_ngram_forbids_exactly_the_ngrams_of_its_own_source(
    written: list[Prefix], texts: list[Prefix], size: int, data: st.DataObject
) -> None:
    sources = [data.draw(st.integers(0, len(texts) - 1)) for _ in written]
    found = blocked_by(rules.EncoderNoRepeatNgram(size, tuple(texts)), written, sources)
    for prefix, source, tokens in zip(written, sources, found, strict=True):
        expected = {
            token
            for token in range(VOCABULARY)
            if len(prefix) + 1 >= size and (*prefix, token)[-size:] in ngrams(texts[source], size)
        }
        assert tokens == expected


@for_all(prefixes, st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple)))
def test_bad_words_forbid_exactly_their_completion(
    written: list[Prefix], words: list[Prefix]
) -> None:
    found = blocked_by(rules.BadWords(tuple(words)), written, [0] * len(written))
    for prefix, tokens in zip(written, found, strict=True):
        expected = {
            token
            for token in range(VOCABULARY)
            if any((*prefix, token)[-len(word) :] == word for word in words)
        }
        assert tokens == expected


@for_all(prefixes, st.integers(1, 9))
def test_min_new_tokens_forbids_only_the_end_and_only_too_early(
    written: list[Prefix], count: int
) -> None:
    found = blocked_by(rules.MinNewTokens(count, eos_id=2), written, [0] * len(written))
    assert found == [{2} if len(prefix) < count else set() for prefix in written]


@for_all(prefixes, st.floats(0.1, 5))
def test_repetition_penalty_multiplies_the_log_probs_of_written_tokens(
    written: list[Prefix], penalty: float
) -> None:
    before = distributions(2, len(written))
    after = rules.RepetitionPenalty(penalty)(before, Rows(written, [0] * len(written)))
    for row, prefix in enumerate(written):
        for token in range(VOCABULARY):
            factor = penalty if token in prefix else 1.0
            assert after[row, token].item() == pytest.approx(before[row, token].item() * factor)


def test_forced_prefix_leaves_one_token_for_free_and_then_lets_go() -> None:
    before = distributions(3, 3)
    after = rules.ForcedPrefix((4, 6))(before, Rows([(), (4,), (4, 6)], [0, 0, 0]))
    assert after[0].exp().tolist() == [0, 0, 0, 0, 1, 0, 0, 0]
    assert after[1].exp().tolist() == [0, 0, 0, 0, 0, 0, 1, 0]
    assert torch.equal(after[2], before[2])


def test_rules_come_in_order_under_their_option_names_and_only_when_asked_for() -> None:
    options = DecodingOptions(
        repetition_penalty=1.2, no_repeat_ngram_size=2, encoder_no_repeat_ngram_size=3,
        min_new_tokens=1,
    )  # fmt: skip
    names = [rule.name for rule in rules.rules(options, SPECIAL, [[5, 2]], [[4]], [6])]
    assert names == [
        "repetition_penalty",
        "no_repeat_ngram_size",
        "encoder_no_repeat_ngram_size",
        "bad_words",
        "min_new_tokens",
        "forced_prefix",
    ]
    assert rules.rules(DecodingOptions(no_repeat_ngram_size=0), SPECIAL, [[5, 2]]) == ()


def test_the_sources_end_token_is_no_reason_to_go_on() -> None:
    options = DecodingOptions(no_repeat_ngram_size=0, encoder_no_repeat_ngram_size=1)
    (rule,) = rules.rules(options, SPECIAL, [[5, 6, 2]])
    assert blocked_by(rule, [()], [0]) == [{5, 6}]
