"""Controls, strategies and presets: every page state is options that the decoder accepts."""

from __future__ import annotations

import dataclasses

import pytest

from demo.settings.controls import CONTROL_NAMES, CONTROLS
from demo.settings.strategies import (
    PRESETS,
    STRATEGIES,
    STRATEGY_NAMES,
    Preset,
    availability,
    preset_values,
    to_options,
)
from model.options import LIMITS, DecodingOptions

STARTS = [control.start for control in CONTROLS]


def changed(**values: object) -> list[object]:
    return [values.get(control.name, control.start) for control in CONTROLS]


def test_every_option_has_a_control_or_is_the_strategys() -> None:
    fields = {field.name for field in dataclasses.fields(DecodingOptions)}
    assert set(CONTROL_NAMES) == fields - {"do_sample"}
    assert len(set(CONTROL_NAMES)) == len(CONTROLS)


def test_untouched_controls_mean_the_defaults() -> None:
    assert to_options("beam", STARTS) == DecodingOptions()


@pytest.mark.parametrize("strategy", STRATEGY_NAMES)
def test_choosing_a_strategy_gives_options_of_that_strategy(strategy: str) -> None:
    starts = next(row.starts for row in STRATEGIES if row.name == strategy)
    assert to_options(strategy, changed(**starts)).strategy == strategy


@pytest.mark.parametrize("strategy", STRATEGY_NAMES)
def test_a_resting_control_changes_nothing(strategy: str) -> None:
    starts = next(row.starts for row in STRATEGIES if row.name == strategy)
    expected = to_options(strategy, changed(**starts))
    for name in set(availability(strategy)) & set(CONTROL_NAMES):
        assert to_options(strategy, changed(**{**starts, name: 3.5})) == expected, name


@pytest.mark.parametrize("strategy", STRATEGY_NAMES)
def test_a_resting_control_has_a_reason(strategy: str) -> None:
    assert all(reason.endswith(".") for reason in availability(strategy).values())


def test_temperature_rests_with_beams_and_length_penalty_without() -> None:
    assert "temperature" in availability("beam")
    assert "length_penalty" not in availability("beam")
    assert "length_penalty" in availability("sample")
    assert "temperature" not in availability("sample")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_is_accepted_and_leaves_lengths_alone_that_it_does_not_name(
    preset: Preset,
) -> None:
    values = preset_values(preset)
    assert to_options(preset.strategy, changed(**{"max_new_tokens": 150, **values})).strategy == (
        preset.strategy
    )
    assert ("max_new_tokens" in values) == ("max_new_tokens" in preset.values)


def test_sliders_stay_inside_what_the_options_accept() -> None:
    for control in CONTROLS:
        if control.range is not None:
            low, high, _ = control.range
            assert low in LIMITS[control.name], control.name
            assert high in LIMITS[control.name], control.name


def test_whole_numbers_may_come_as_floats_from_a_slider() -> None:
    assert to_options("beam", changed(num_beams=6.0)).num_beams == 6


def test_forbidden_words_are_separated_by_commas() -> None:
    assert to_options("beam", changed(bad_words="one, two three ,")).bad_words == (
        "one",
        "two three",
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_beams": 40}, "num_beams must be at most 16 here, got 40"),
        ({"num_beams": "many"}, "num_beams"),
        ({"num_beams": True}, "num_beams"),
        ({"length_penalty": float("nan")}, "length_penalty"),
        ({"max_new_tokens": 10**9}, "max_new_tokens"),
        ({"bad_words": 7}, "bad_words"),
        ({"forced_prefix": ["x"]}, "forced_prefix"),
        ({"early_stopping": {}}, "early_stopping"),
    ],
)
def test_hostile_values_are_refused_by_name(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_options("beam", changed(**values))


def test_an_unknown_strategy_or_a_missing_value_is_refused() -> None:
    with pytest.raises(ValueError, match="strategy must be one of"):
        to_options("magic", STARTS)
    with pytest.raises(ValueError, match="settings are needed, got 2"):
        to_options("beam", STARTS[:2])
