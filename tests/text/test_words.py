"""Words and sentences of many scripts, and attention pooled over them."""

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.records.pooling import pool
from model.text import words
from model.trace import Trace
from tests.scripted_traces import TEXT, scripted_trace


@pytest.fixture
def trace() -> Trace:
    return scripted_trace()


def test_source_words_keep_marks_apostrophes_numbers_and_joined_emoji(trace: Trace) -> None:
    found = [word.text for word in trace.source_words()]
    expected = ["The", "council's", "plan", ",", "e\u0301tude", "3.5", "👩‍👩‍👧"]
    assert found == [*expected, "won", ".", "It", "ended"]
    assert [s.text for s in trace.source_sentences()][1:] == ["It ended"]
    for word in trace.source_words():
        assert TEXT[word.start : word.end] == word.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("closure .", ["closure", "."]),
        ("state-of-the-art (new)", ["state-of-the-art", "(", "new", ")"]),
        ("10,000 votes, 5", ["10,000", "votes", ",", "5"]),
        ("日本語", ["日", "本", "語"]),
        ("שלום עולם!", ["שלום", "עולם", "!"]),
        ("नमस्ते\tदुनिया", ["नमस्ते", "दुनिया"]),
        ("👍🏽!", ["👍🏽", "!"]),
        ("🇩🇪🇫🇷 🇨🇳", ["🇩🇪", "🇫🇷", "🇨🇳"]),
        ("می\u200cخواهم co\u00adop", ["می\u200cخواهم", "co\u00adop"]),
        ("\u200fא (\u200fב", ["\u200fא", "(\u200f", "ב"]),
    ],
)
def test_words_of_many_scripts(text: str, expected: list[str]) -> None:
    characters = [(place, place + 1) for place in range(len(text))]
    assert [word.text for word in words.words(text, characters)] == expected


def test_a_token_over_two_words_makes_them_one() -> None:
    found = words.words("a </s> 日本語", [(0, 1), (2, 4), (4, 6), (7, 9), (9, 10)])
    assert [(word.text, word.tokens) for word in found][:2] == [("a", (0,)), ("</", (1,))]
    assert found[-2].text == "日本"


def test_sentences_survive_abbreviations_and_numbers() -> None:
    text = 'Dr. J. Smith paid 3.5 e.g. in cash. "Why?" he asked. 好。是！\nEnd'
    found = words.sentences(text, [(place, place + 1) for place in range(len(text))])
    assert [segment.text for segment in found] == [
        "Dr. J. Smith paid 3.5 e.g. in cash.",
        '"Why?"',
        "he asked.",
        "好。",
        "是！",
        "End",
    ]


any_text = st.text(max_size=40)


@given(text=any_text, data=st.data())
@settings(deadline=None)
def test_every_token_with_characters_is_in_exactly_one_segment(text: str, data: Any) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=20)))
    spans = [*itertools.pairwise(cuts), (0, 0)]
    for segments in (words.words(text, spans), words.sentences(text, spans)):
        members = [token for segment in segments for token in segment.tokens]
        expected = [n for n, (start, end) in enumerate(spans) if text[start:end].strip()]
        assert sorted(members) == expected
        for segment in segments:
            assert segment.text == text[segment.start : segment.end] == segment.text.strip()


@pytest.mark.parametrize("unit", ["words", "sentences"])
def test_pooled_attention_and_its_outside_sum_to_one(trace: Trace, unit: str) -> None:
    pooled = trace.pooled_attention(0, unit)
    assert pooled.weights.shape == (len(pooled.target), len(pooled.source))
    np.testing.assert_allclose(pooled.weights.sum(axis=1) + pooled.outside, 1.0, atol=2e-3)
    assert (pooled.outside > 0).all()


def test_word_attention_sums_over_the_source_and_averages_over_the_target() -> None:
    weights = np.arange(12, dtype=np.float32).reshape(3, 4)
    target = (words.Segment("ab", 0, 2, (0, 2)),)
    source = (words.Segment("x", 0, 1, (1,)), words.Segment("y", 2, 3, (2, 3)))
    pooled = pool(weights, target, source)
    np.testing.assert_array_equal(pooled.weights, [[5.0, 6.0 + 7.0]])
    np.testing.assert_array_equal(pooled.outside, [4.0])
