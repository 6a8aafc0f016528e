"""Links: text and settings that come back as they were, masked where that was asked for."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest

from demo.library import Library
from demo.privacy.hiding import KEEP, NAMES
from demo.session import Run, Session
from demo.settings.controls import CONTROL_NAMES, CONTROLS
from demo.settings.strategies import to_options
from demo.transfer.links import Links
from tests.demo.made import SOURCE_TEXT

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
STARTS = [control.start for control in CONTROLS]


def event(link: Any) -> gr.EventData:
    return gr.EventData(None, {"link": link})


def test_a_link_brings_back_text_and_every_setting(library: Library) -> None:
    links = Links(library)
    values = list(STARTS)
    values[CONTROL_NAMES.index("num_beams")] = 7
    made = links.made(None, KEEP, SOURCE_TEXT, "tiny", "notes", "beam", *values)[0]["link"]
    text, model, style, strategy, *updates = links.opened(event(made))
    assert (text, model, style["value"], strategy) == (SOURCE_TEXT, "tiny", "notes", "beam")
    assert [update["value"] for update in updates] == values


@pytest.mark.parametrize(
    ("step", "way"),
    [(4, {"token_id": 2}), (1, {"token_id": 2}), (4, {"text": " library"})],
    ids=["end", "one token", "word"],
)
def test_a_link_leads_where_the_visitor_led(
    library: Library, step: int, way: dict[str, Any]
) -> None:
    tiny, values = library.get(), dict(zip(CONTROL_NAMES, STARTS, strict=True))
    values |= {"num_beams": 2, "max_new_tokens": 9}
    first = tiny.summarize(SOURCE_TEXT, to_options("beam", [*values.values()]), "notes").trace
    *_, led = tiny.continue_from(first, 0, step, **way)
    assert led.trace is not None
    session = Session().adding(Run(led.trace, "led"))
    asked = (session, KEEP, SOURCE_TEXT, "tiny", "notes", "beam", *values.values())
    text, _, style, strategy, *updates = Links(library).opened(
        event(Links(library).made(*asked)[0]["link"])
    )
    options = to_options(strategy, [update["value"] for update in updates])
    assert tiny.summarize(text, options, style["value"]).text == led.text
    other = Links(library).made(session, KEEP, "Another text.", *asked[3:])[0]["link"]
    assert other["controls"] == values  # nothing of the shown run belongs to it


@pytest.mark.parametrize(
    "change",
    [
        {"controls": {"num_beams": "many"}},
        {"controls": {"num_beams": 999}},
        {"controls": None},
        {"strategy": "magic"},
        {"text": 3},
        {"model": "../../etc"},
        {"model": ["x"]},
    ],
)
def test_a_hostile_link_is_refused(library: Library, change: dict[str, Any]) -> None:
    links = Links(library)
    made = links.made(None, KEEP, SOURCE_TEXT, "tiny", "notes", "beam", *STARTS)[0]["link"] | change
    with pytest.raises(gr.Error):
        links.opened(event(made))


def test_no_link_is_made_for_a_model_that_is_no_name(library: Library) -> None:
    with pytest.raises(gr.Error, match="model must be a name"):
        Links(library).made(None, KEEP, SOURCE_TEXT, ["x"], "notes", "beam", *STARTS)


@pytest.mark.parametrize("link", ["", "{" * 9, [], {"error": "cut"}, None, 3])
def test_what_is_no_link_is_refused(library: Library, link: Any) -> None:
    with pytest.raises(gr.Error):
        Links(library).opened(event(link))


def test_a_link_holds_nothing_personal_where_that_is_masked(library: Library) -> None:
    values = dict(zip(CONTROL_NAMES, STARTS, strict=True)) | {"forced_prefix": "Bob of x@y.org"}
    text = "We met Ada today; write to ada@mail.org.\n" + SOURCE_TEXT
    asked = (text, "tiny", "notes", "beam", *values.values())
    made, masked = Links(library).made(None, NAMES, *asked)
    for secret in ("Ada", "ada@mail.org", "x@y.org"):
        assert secret not in str(made)
    assert len(made["link"]["text"]) == len(text)
    assert {kind["kind"]: kind["count"] for kind in masked["kinds"]}["e-mail"] == 2
    opened = Links(library).opened(event(made["link"]))
    assert opened[0] == made["link"]["text"]
    assert Links(library).made(None, KEEP, *asked)[0]["link"]["text"] == text
    with pytest.raises(gr.Error, match="mask must be one of"):
        Links(library).made(None, "yes", *asked)
