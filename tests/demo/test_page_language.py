"""The dictionary is complete, holds nothing that nobody says, and can't end its script early."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from demo import language
from demo.library import Library
from demo.messages import message
from demo.page import build
from tests.demo import interface_words as interface

WORDS, ERRORS = language.dictionary()["words"], language.dictionary()["errors"]
OF_GRADIO = {"Use via API", "Error", "Warning", "Info"}
# Put together in a script, from a count and a word's mark.
PUT_TOGETHER = {"{count} copied", "{count} reworded", "{count} unsupported"}
PLACEHOLDER = re.compile(r"\{\w+\}")


@pytest.fixture(scope="module")
def shown(model_folder: Path) -> set[str]:
    """Every English string of the interface that has to have an entry."""
    page = build(Library([model_folder]))
    return (
        interface.of_page(page.get_config_file())
        | interface.of_templates()
        | interface.of_scripts()
        | interface.of_settings()
        | interface.of_code()
    )


def test_every_string_of_the_interface_has_a_chinese_entry(shown: set[str]) -> None:
    assert sorted(shown - WORDS.keys()) == []


def test_every_entry_is_said_somewhere(shown: set[str]) -> None:
    said = shown | interface.constants() | OF_GRADIO | PUT_TOGETHER
    assert sorted(WORDS.keys() - said) == []


def test_every_error_entry_is_an_error_of_the_code() -> None:
    written = interface.written()
    assert [key for key in ERRORS if interface.without_names(key) not in written] == []


@pytest.mark.parametrize("section", [WORDS, ERRORS], ids=["words", "errors"])
def test_a_translation_fills_in_the_same_values(section: dict[str, str]) -> None:
    for english, chinese in section.items():
        assert sorted(PLACEHOLDER.findall(chinese)) == sorted(PLACEHOLDER.findall(english)), english
        assert chinese.strip() == chinese != ""


def test_translations_are_chinese() -> None:
    names = {"Top k", "Top p", "Min p", "{setting}: {value}", "“{word}”"}
    latin = [key for key, text in WORDS.items() if not re.search(r"[\u4e00-\u9fff]", text)]
    assert set(latin) <= names | {key for key in latin if WORDS[key].startswith("ROUGE")}


def test_the_dictionary_can_not_end_its_script(monkeypatch: pytest.MonkeyPatch) -> None:
    nasty = {"words": {"</script><b>": "<!--&\u2028"}, "errors": {}}
    monkeypatch.setattr(language, "dictionary", lambda: nasty)
    first = language.language_head().split("</script>")[0]
    carried = first.removeprefix("<script>window.gistscopeChinese=").removesuffix(";")
    assert not set("<>&\u2028") & set(carried)
    assert json.loads(carried) == nasty


def test_language_comes_before_what_speaks() -> None:
    head = language.page_head()
    places = [head.index(name) for name in ("gistscopeChinese=", "setLanguage", "copyLink,")]
    assert places == sorted(places)


def test_a_script_that_would_end_early_is_refused() -> None:
    with pytest.raises(ValueError, match="end of a script"):
        language.script("'</Script>'")


def test_a_message_keeps_its_key_and_values_apart() -> None:
    assert message("Read {read}", read="{x}") == {"key": "Read {read}", "values": {"read": "{x}"}}
