"""The map's pickers: what they ask for is checked, and looking closer runs no model."""

from __future__ import annotations

from typing import Any

import pytest

from demo import handlers
from demo.drawing import KEEP
from demo.session import Run, Session
from demo.values.picking import WHOLE, attention_view
from model.trace import Trace
from tests.demo.made import unpacked


def test_looking_closer_runs_no_model(trace: Trace) -> None:
    session = Session().adding(Run(trace, "made"))
    source, attention = handlers.look(session, "sentences", "2", "mean", WHOLE)
    assert unpacked(source)["attention"]["columns"] == 7
    assert attention.layout.meta["unit"] == "sentences"


@pytest.mark.parametrize(
    ("unit", "layer", "head", "zoom"),
    [("words", "3", "mean", WHOLE), ("words", "-1", "mean", WHOLE), ("words", 1, "mean", WHOLE),
     ("pages", "mean", "mean", WHOLE), ("words", "mean", "9" * 5_000, WHOLE),
     ("words", "mean", {}, WHOLE), ("words", "mean", "mean", "0"),
     ("words", "mean", "mean", "99"), ([], "mean", "mean", WHOLE)],
)  # fmt: skip
def test_a_view_that_does_not_exist_is_refused(
    trace: Trace, unit: Any, layer: Any, head: Any, zoom: Any
) -> None:
    with pytest.raises(ValueError, match="must be"):
        attention_view(trace, unit, layer, head, zoom)


def test_looking_before_the_first_run_changes_nothing() -> None:
    assert handlers.look(None, "words", "mean", "mean", WHOLE) == (KEEP, KEEP)
