"""What follows from choosing a model, a style, a strategy, a preset or an example."""

from __future__ import annotations

import dataclasses
from unittest.mock import Mock

import gradio as gr
import pytest

from demo.assets import examples
from demo.library import Library
from demo.settings import choosing
from demo.settings.choosing import Choices
from demo.settings.controls import CONTROL_NAMES, CONTROLS, LENGTHS, STYLED
from demo.settings.strategies import to_options, values_of
from model.options import DecodingOptions
from tests.demo.made import line


def test_sampling_rests_the_beams_and_says_why() -> None:
    updates = dict(zip(CONTROL_NAMES, choosing.strategy("sample"), strict=True))
    assert not updates["num_beams"]["interactive"]
    assert updates["num_beams"]["info"] == "Sampling draws one summary."
    assert updates["temperature"]["interactive"]


@pytest.mark.parametrize("name", [None, "magic", [], {}])
def test_no_strategy_changes_no_control(name: object) -> None:
    assert choosing.strategy(name) == [gr.skip()] * len(CONTROLS)


def test_a_preset_sets_strategy_and_controls() -> None:
    strategy, *updates = choosing.preset("Exploratory")
    found = dict(zip(CONTROL_NAMES, updates, strict=True))
    assert strategy == "sample"
    assert found["temperature"]["value"] == 0.9
    assert "value" not in found["max_new_tokens"]


def test_a_published_preset_sets_its_lengths_too() -> None:
    _, *updates = choosing.preset("BART-CNN")
    found = dict(zip(CONTROL_NAMES, updates, strict=True))
    assert (found["min_new_tokens"]["value"], found["max_new_tokens"]["value"]) == (56, 142)
    assert found["length_penalty"]["value"] == 2.0


def test_reset_is_what_a_new_visitor_finds(library: Library) -> None:
    preset, strategy, *updates = Choices(library).reset("headline", None)
    assert (preset, strategy) == ("Balanced", "beam")
    found = dict(zip(CONTROL_NAMES, updates, strict=True))
    assert found["max_new_tokens"]["value"] == 28
    for control in CONTROLS:
        if control.name not in STYLED:
            assert found[control.name]["value"] == control.start


def test_an_example_without_a_fitting_style_keeps_the_one_chosen(library: Library) -> None:
    example = examples()[3]
    text, style, _, *styled = Choices(library).example(example, "tiny")
    assert text == example.text
    assert style["value"] == "notes"
    assert dict(zip(STYLED, styled, strict=True))["max_new_tokens"] == 120
    assert Choices(Library([])).example(example, None)[1] == gr.skip()


def test_examples_have_texts_and_known_styles(library: Library) -> None:
    names = [example.name for example in examples()]
    assert {"News", "Review", "Abstract", "Dialogue", "E-mail"} <= set(names)
    assert all(example.style in library.get().styles for example in examples())
    assert all(len(example.text.split()) > 50 for example in examples())


def test_a_style_sets_what_suits_it_within_the_limit(library: Library) -> None:
    choices, limit = Choices(library), library.get().config.max_target_tokens

    def suited(style: object) -> dict[str, object]:
        return dict(zip(STYLED, choices.style(style, None), strict=True))

    assert suited("headline") == {
        "num_beams": 4,
        "max_new_tokens": min(28, limit),
        "no_repeat_ngram_size": 3,
        "names_from_source": "yes",
        "word_pairs_once": "yes",
        "repetition_penalty": 1.0,
        "cut_penalty": 1.0,
        "novel_ngram_penalty": 0.25,
        "length_penalty": 0.2,
    }
    assert suited("title")["repetition_penalty"] == 1.1
    assert suited("tldr")["num_beams"] == 2
    assert suited("summary")["max_new_tokens"] == min(128, limit)
    assert suited("summary")["length_penalty"] == 1.5
    assert suited(["no", "style"]) == dict.fromkeys(STYLED, gr.skip())


def test_a_model_fills_the_controls_with_its_own_defaults(library: Library) -> None:
    tiny = library.get()
    foreign = DecodingOptions(
        num_beams=20, length_penalty=2.0, min_new_tokens=56, max_new_tokens=142, early_stopping=True
    )
    other = Mock(styles=(), config=tiny.config, notes=("it asks for top_h",))
    other.defaults = lambda _: foreign
    style, about, preset, strategy, *updates = Choices(Mock(get=lambda _: other)).model("other")
    found = {name: update["value"] for name, update in zip(CONTROL_NAMES, updates, strict=True)}
    assert (style["visible"], preset, strategy) == (False, "Balanced", "beam")
    assert line(about["says"]).endswith("It has no styles to choose from.")
    assert about["notes"] == ["it asks for top_h"]
    again = to_options(strategy, list(found.values()))
    assert again == dataclasses.replace(foreign, num_beams=16)  # the page's own limit
    limits = {
        n: u["maximum"] for n, u in zip(CONTROL_NAMES, updates, strict=True) if "maximum" in u
    }
    assert limits == dict.fromkeys(LENGTHS, tiny.config.max_target_tokens)


@pytest.mark.parametrize(
    "options",
    [
        DecodingOptions(),
        DecodingOptions(num_beams=1),
        DecodingOptions(num_beams=1, do_sample=True, top_p=0.9, seed=3),
        DecodingOptions(num_beams=4, num_beam_groups=2, diversity_penalty=0.5),
        DecodingOptions(num_beams=1, penalty_alpha=0.6, top_k=5, bad_words=("one", "two three")),
        DecodingOptions(early_stopping="never", forced_prefix="So"),
    ],
    ids=lambda options: options.strategy,
)
def test_controls_filled_from_options_ask_for_the_same(options: DecodingOptions) -> None:
    assert to_options(options.strategy, list(values_of(options, 256).values())) == options


def test_the_default_preset_is_what_the_model_brings(library: Library) -> None:
    choices = Choices(library)
    assert choices.preset("Balanced", "notes", None) == choices.reset("notes", None)[1:]
    assert choices.preset("Faithful", "notes", None) == choosing.preset("Faithful")
    assert choices.preset("Balanced", "notes", "gone") == [gr.skip()] * (1 + len(CONTROLS))
