from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import pytest

from demo.drawing import Views, drawn, parted
from demo.library import Library
from demo.page import build
from demo.session import Session

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def test_a_summary_grows_alone_and_what_else_there_is_waits_for_its_end() -> None:
    """Every output of a listener costs time at every update, also where it stays as it is."""
    shown = [Views(summary="a"), Views(summary="ab"), Views(summary="abc", session=Session())]

    def told(times: int) -> Iterator[Views]:
        yield from shown * times

    summaries, waiting = zip(*parted(told)(times=1), strict=True)
    assert summaries == ("a", "ab", gr.skip())
    assert waiting == (Views(), Views(), shown[-1])
    assert drawn(waiting[-1]) == (*shown[-1], Views())
    assert drawn(waiting[0]) == (*Views(), Views())  # a run that was stopped


def test_the_listeners_that_grow_change_little(library: Library) -> None:
    hidden = [one for one in build(library).fns.values() if one.api_visibility == "private"]
    for name in ("summarize", "continue_here"):
        [growing] = [one for one in hidden if one.name == name]
        summary, waiting = growing.outputs
        assert (summary.elem_id, waiting.stateful) == ("summary", True)
