"""Texts in capitals are read in lower case, character by character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.capitals import calmed
from model.tokenizer import Tokenizer

LOUD = "THE COUNCIL VOTED TO KEEP THE LIBRARY OPEN. “IS IT PAID FOR?” ASKED MS WHITLOCK.\nFEES UP."
CALM = "The council voted to keep the library open. “Is it paid for?” Asked ms whitlock.\nFees up."


def test_a_text_in_capitals_is_read_in_lower_case() -> None:
    assert calmed(LOUD) == CALM
    assert calmed("İSTANBUL " * 9) == "İstanbul " + 8 * "İstanbul "  # its lower case is two


@pytest.mark.parametrize("text", [CALM, "NASA AND ESA", "日本語の文章です。" * 9, ""])
def test_any_other_text_is_read_as_it_is(text: str) -> None:
    assert calmed(text) == text


@given(st.text(max_size=80).map(lambda text: text + LOUD))
def test_places_stay_places(text: str) -> None:
    assert len(calmed(text)) == len(text)


def test_tokens_stand_for_the_text_as_it_was_pasted() -> None:
    tokenizer = Tokenizer.train([CALM] * 20, vocabulary_size=400)
    loud, calm = (tokenizer.encode_source(text, None, 200) for text in (LOUD, CALM))
    assert loud == calm
    assert LOUD[slice(*loud.offsets[1])].casefold() == loud.tokens[1].casefold()
