"""Names and numbers of a finished summary that its source lacks."""

from __future__ import annotations

from model.text.names import unsupported_names, unsupported_numbers


def test_unsupported_names_and_numbers_are_those_of_whole_words() -> None:
    source = "Kepler measured 1,250 stars."
    assert unsupported_names("We saw Kepler and Galileo.", source) == ["Galileo"]
    assert unsupported_numbers("It had 1250 or 1251 stars.", source) == ["1251"]
