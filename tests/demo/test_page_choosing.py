"""What follows from choosing a model, a style, a strategy, a preset or an example."""

from __future__ import annotations

import gradio as gr

from demo import choosing
from demo.assets import examples
from demo.choosing import Choices
from demo.controls import CONTROL_NAMES, CONTROLS
from demo.library import Library


def test_sampling_rests_the_beams_and_says_why() -> None:
    updates = dict(zip(CONTROL_NAMES, choosing.strategy("sample"), strict=True))
    assert not updates["num_beams"]["interactive"]
    assert updates["num_beams"]["info"] == "Sampling draws one summary."
    assert updates["temperature"]["interactive"]


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
        if control.name != "max_new_tokens":
            assert found[control.name]["value"] == control.start


def test_an_example_without_a_fitting_style_keeps_the_one_chosen(library: Library) -> None:
    example = examples()[3]
    text, style, _ = Choices(library).example(example, "tiny")
    assert text == example.text
    assert style["value"] == "notes"
    assert Choices(Library([])).example(example, None)[1] == gr.skip()


def test_examples_have_texts_and_known_styles(library: Library) -> None:
    names = [example.name for example in examples()]
    assert {"News", "Review", "Abstract", "Dialogue", "E-mail"} <= set(names)
    assert all(example.style in library.get().styles for example in examples())
    assert all(len(example.text.split()) > 50 for example in examples())


def test_a_style_sets_what_suits_it_within_the_limit(library: Library) -> None:
    choices, limit = Choices(library), library.get().config.max_target_tokens
    assert choices.style("headline", None) == (min(28, limit), 3)
    assert choices.style("summary", None) == (min(128, limit), 4)
    assert choices.style(["no", "style"], None) == (gr.skip(), gr.skip())
