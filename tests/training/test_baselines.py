"""Baselines and reference-free metrics against cases computed by hand."""

from __future__ import annotations

import socket

import pytest

from model.training.baselines import BASELINES, MAX_SENTENCES, lead, lexrank, textrank
from model.training.metrics import (
    length,
    novelty,
    repetition,
    sentences_of,
    unsupported_names,
    unsupported_numbers,
)

WEATHER = (
    "Heavy rain fell on the valley all night. The mayor likes old trains. "
    "The rain in the valley flooded the village. Rain and wind closed the village school. "
    "A cat slept."
)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a baseline went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_lead_takes_the_first_sentences() -> None:
    assert lead("One is here. Two is there! Three? Four.", 2) == "One is here. Two is there!"


def test_lead_of_a_short_text_is_the_text() -> None:
    assert lead("Only this", 3) == "Only this"


def test_a_line_end_ends_a_sentence() -> None:
    assert sentences_of("Amy: hello\nBen: hi. Bye.") == ["Amy: hello", "Ben: hi.", "Bye."]


@pytest.mark.parametrize("rank", [lexrank, textrank])
def test_graph_methods_prefer_the_sentence_that_others_resemble(rank) -> None:
    assert rank(WEATHER, 1) in (
        "The rain in the valley flooded the village.",
        "Rain and wind closed the village school.",
    )


@pytest.mark.parametrize("rank", [lexrank, textrank])
def test_graph_methods_keep_the_order_of_the_source(rank) -> None:
    chosen = sentences_of(rank(WEATHER, 3))
    everything = sentences_of(WEATHER)
    assert len(chosen) == 3
    assert [everything.index(text) for text in chosen] == sorted(map(everything.index, chosen))


@pytest.mark.parametrize("rank", [lexrank, textrank])
@pytest.mark.parametrize(
    "source",
    ["", "...", "One two.", "Alpha beta. Gamma delta.", "Same here. Same here. Same here."],
)
def test_graph_methods_survive_sources_without_a_graph(rank, source: str) -> None:
    assert rank(source, 1) == (sentences_of(source)[0] if sentences_of(source) else "")


def test_sentences_far_behind_are_not_ranked() -> None:
    source = " ".join(f"Number {place} is apart." for place in range(10 * MAX_SENTENCES))
    assert f"Number {MAX_SENTENCES} " not in textrank(source, 3)


def test_long_styles_get_three_sentences_and_headlines_one() -> None:
    for name in ("LexRank", "TextRank"):
        assert len(sentences_of(BASELINES[name](WEATHER, "notes"))) == 3
        assert len(sentences_of(BASELINES[name](WEATHER, "headline"))) == 1


def test_repetition_is_the_share_of_trigrams_seen_before() -> None:
    # a b c | b c a | c a b | a b c: four trigrams, one of them twice
    assert repetition("a b c a b c") == pytest.approx(1 / 4)
    assert repetition("a b c d") == 0
    assert repetition("a b") == 0


def test_novelty_is_the_share_of_ngrams_that_the_source_lacks() -> None:
    source = "The cat sat on the mat."
    assert novelty("A cat sat.", source, 1) == pytest.approx(1 / 3)
    assert novelty("A cat sat.", source, 2) == pytest.approx(1 / 2)
    assert novelty("THE CAT", source, 2) == 0
    assert novelty("", source, 1) == 0
    assert novelty("don’t stop", "Don't stop!", 2) == 0


def test_a_name_that_the_source_lacks_is_unsupported() -> None:
    source = "The mayor of Graz met Maria Huber's team, and other LLM makers."
    assert unsupported_names("Yesterday Maria Huber went to Linz.", source) == ["Linz"]
    assert unsupported_names("Makers of LLMs met a Maria.", source) == []


def test_the_first_word_of_a_sentence_is_a_name_only_with_a_second_capital() -> None:
    source = "a method to read maps"
    assert unsupported_names("Reading maps. Then a method: Maps.", source) == []
    assert unsupported_names("MapNet: a method", source) == ["MapNet"]


def test_capitals_of_a_title_are_no_names() -> None:
    source = "we read maps with a graph of mRNA"
    assert unsupported_names("Better Reading of Large Maps", source) == []
    assert unsupported_names("Better Reading of Maps with GraphNet", source) == ["GraphNet"]
    assert unsupported_names("Finding mRNA in the Many Maps of a Large Graph", source) == []
    assert unsupported_names("BETTER READING OF MAPS", source) == []


def test_numbers_are_compared_without_thousands_commas() -> None:
    source = "Some 12,500 people paid 3.50 euros in 2019."
    assert unsupported_numbers("12500 people paid 3.50 in 2019", source) == []
    assert unsupported_numbers("12,600 people paid 3.5 in 1920", source) == [
        "12,600",
        "3.5",
        "1920",
    ]


def test_length_counts_words_between_spaces() -> None:
    assert length("A well-known  fact, isn't it?\n") == 5
