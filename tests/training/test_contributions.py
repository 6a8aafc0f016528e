"""Contribution sentences of abstracts are found, taken out, and stand alone."""

import pytest

from model.training.contributions import contribution

ABSTRACT = (
    "Parsing is slow, e.g. for long texts. To address this problem, we propose a parser that reads "
    "a text in linear time. It needs no grammar. Smith et al. 2019 needed one. Tests confirm it."
)


def test_contribution_is_taken_out_and_stands_alone():
    source, target = contribution(ABSTRACT) or ("", "")
    assert target == "We propose a parser that reads a text in linear time."
    assert source.startswith("Parsing is slow, e.g. for long texts. It needs no grammar.")
    assert "linear" not in source


@pytest.mark.parametrize("opening", [
    "In this paper, we introduce", "This paper presents", "We also develop", "This work proposes",
])  # fmt: skip
def test_usual_openings_are_recognised(opening):
    sentence = f"{opening} a corpus of letters with many careful notes."
    assert contribution(f"Letters are old. {sentence} It is open. It is free. Enjoy.") is not None


def test_abstracts_without_a_contribution_give_none():
    assert contribution("Cats sleep. Dogs bark. Birds sing. Fish swim. We ate lunch.") is None
