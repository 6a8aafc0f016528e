"""What suits each style: valid options, which a caller's own overrule."""

from __future__ import annotations

import pytest

from model.options import DecodingOptions
from model.style_options import STYLE_OPTIONS, styled


@pytest.mark.parametrize("style", STYLE_OPTIONS)
def test_a_style_changes_options_that_were_not_given(style: str) -> None:
    asked = DecodingOptions(num_beams=2, seed=7)
    found = styled(asked, style)
    assert {name: getattr(found, name) for name in STYLE_OPTIONS[style]} == STYLE_OPTIONS[style]
    assert (found.num_beams, found.seed) == (2, 7)
    assert styled(asked, style, given=STYLE_OPTIONS[style]) == asked


@pytest.mark.parametrize("style", [None, "", "limerick"])
def test_other_styles_change_nothing(style: str | None) -> None:
    assert styled(DecodingOptions(), style) == DecodingOptions()
