"""What a summary owes to its source: copied, reworded, unsupported; repeats and low confidence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from model.explain.faithfulness import (
    LOW_CONFIDENCE,
    is_uncertain,
    mean_log_prob,
    repeats,
    support,
)
from model.text.names import unsupported_names, unsupported_numbers
from model.trace import Hypothesis, Source, Trace
from tests.demo.made import make_trace

SOURCE = (
    "The council's plan, made in Austria, costs 1,000 euros. Kepler\u2019s well-known library "
    "stays open for three years, the United Nations said."
)


def written(text: str, source: str = SOURCE, cut_at: int | None = None) -> Trace:
    """A run without steps that wrote `text`, a token per character."""
    spans = tuple((place, place + 1) for place in range(len(text)))
    return Trace(
        source=Source(source, (), None, 0, len(source) if cut_at is None else cut_at),
        steps=(),
        hypotheses=(Hypothesis(text, (5,) * len(text), spans, (), -1.0, -1.0, False),),
        options={},
        model={},
        vocabulary={},
    )


def marks(text: str, source: str = SOURCE, cut_at: int | None = None) -> dict[str, str]:
    trace = written(text, source, cut_at)
    return {w.text: s for w, s in zip(trace.words(0), support(trace, 0), strict=True)}


def test_every_word_is_copied_reworded_unsupported_or_a_mark() -> None:
    found = marks("The COUNCIL keeps the library of Linz for 3 years, paying 1000 and 2500 euros.")
    assert found == {
        "The": "copied",
        "COUNCIL": "copied",
        "keeps": "reworded",
        "the": "copied",
        "library": "copied",
        "of": "reworded",
        "Linz": "unsupported",
        "for": "copied",
        "3": "reworded",
        "years": "copied",
        ",": "mark",
        "paying": "reworded",
        "1000": "copied",
        "and": "reworded",
        "2500": "unsupported",
        "euros": "copied",
        ".": "mark",
    }


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Kepler's", "copied"),  # straight, where the source has a curly apostrophe
        ("Kepler", "copied"),
        ("council", "copied"),
        ("well-known", "copied"),
        ("known", "copied"),
        ("library's", "copied"),
        ("Austrian", "reworded"),
        ("UN", "reworded"),
        ("NATO", "unsupported"),
        ("Linz-based", "unsupported"),
        ("1000km", "reworded"),
        ("2000km", "unsupported"),
        ("iPlan", "unsupported"),
        ("\U0001f600", "mark"),
    ],
)
def test_parts_of_words_names_and_numbers(word: str, expected: str) -> None:
    assert next(iter(marks(f"so {word} it").items() - marks("so it").items()))[1] == expected


def test_only_what_was_read_supports_a_word() -> None:
    text = "They saw Kepler"
    assert marks(text)["Kepler"] == "copied"
    assert marks(text, cut_at=SOURCE.index("Kepler"))["Kepler"] == "unsupported"


def test_words_without_spaces_are_found_whatever_the_tokens() -> None:
    assert set(marks("日本は", "この日本語は").values()) == {"copied"}
    assert marks("国", "この日本語は") == {"国": "reworded"}


@pytest.mark.parametrize(
    "text",
    ["Prices rise. Later Prices", "City Council Votes to Keep Open Shelves", "ALL SHOPS SHUT"],
)
def test_capitals_that_all_words_have_make_no_name(text: str) -> None:
    source = "prices and shelves of a shop"
    assert unsupported_names(text, source) == []


def test_a_name_is_one_at_the_start_of_a_sentence_too_when_it_is_one_elsewhere() -> None:
    assert unsupported_names("Linz won. Later, Linz lost.", "they won") == ["Linz", "Linz"]
    assert unsupported_names("Linz won. Later they lost.", "they won") == []
    assert unsupported_names("He said: “Linz won” in Graz", "he said") == ["Graz"]


@pytest.mark.parametrize("number", ["1,000", "1000", "1,000,000", "3.5", "10th", "4"])
def test_a_number_is_itself_with_units_and_commas(number: str) -> None:
    source = "1000 then 1000000 and €3.5m on the 10th of four"
    assert unsupported_numbers(f"about {number}%", source) == []
    assert unsupported_numbers(f"about 9{number}", source) != []


def test_a_decimal_comma_is_no_thousands_comma() -> None:
    assert unsupported_numbers("3,5", "35") == ["3,5"]


def test_repeated_trigrams_are_runs_of_words() -> None:
    trace = written("the old town, the old town. The old town hall")
    words = trace.words(0)
    runs = [" ".join(w.text for w in words[start:end]) for start, end in repeats(trace, 0)]
    assert runs == ["the old town . The old town"]
    assert repeats(written("the old town and the old hall"), 0) == ()
    assert repeats(written(""), 0) == ()


def test_a_run_is_uncertain_below_the_threshold_only() -> None:
    trace = make_trace()
    assert mean_log_prob(trace, 0) == pytest.approx(np.log([0.9, 0.3, 0.8, 0.75, 0.6]).mean())
    assert not is_uncertain(trace, 0)
    steps = tuple(
        dataclasses.replace(s, token_log_probs=s.token_log_probs * 0 + LOW_CONFIDENCE - 0.01)
        for s in trace.steps
    )
    assert is_uncertain(dataclasses.replace(trace, steps=steps), 0)
    assert mean_log_prob(written("abcd"), 0) == -0.25
    assert not is_uncertain(written(""), 0)
