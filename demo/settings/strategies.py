"""Strategies and presets over the controls, and the one way from the page's values to options.

`availability` is the only place that knows which control matters under a strategy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from demo.settings.controls import CONTROLS, MAX_BEAMS, STYLED, start_of
from demo.settings.conversion import control_value, option_value
from model.options import DecodingOptions, without_effect

_ONE = "This strategy follows one hypothesis."
_OTHER = "Another strategy uses it."


@dataclass(frozen=True)
class StrategyRow:
    """A way of searching: what it fixes, and why those controls are then without effect."""

    name: str
    label: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    starts: Mapping[str, Any] = field(default_factory=dict)  # values that suit it, set when chosen


STRATEGIES: tuple[StrategyRow, ...] = (
    StrategyRow("beam", "Beam search", reasons={"num_beam_groups": "Only diverse beams use it."}),
    StrategyRow("greedy", "Greedy", {"num_beams": 1}, {"num_beams": _ONE, "penalty_alpha": _OTHER}),
    StrategyRow("sample", "Sampling", {"num_beams": 1, "do_sample": True}, starts={"top_k": 50}),
    StrategyRow("diverse_beam", "Diverse beams", starts={"num_beams": 4, "num_beam_groups": 2}),
    StrategyRow("contrastive", "Contrastive", {"num_beams": 1}, starts={"top_k": 5}),
)
STRATEGY_NAMES = tuple(row.name for row in STRATEGIES)
_NEEDS = {  # fields that decide the strategy: used by one, at their default in all others
    "num_beam_groups": "diverse_beam",
    "diversity_penalty": "diverse_beam",
    "penalty_alpha": "contrastive",
}


@dataclass(frozen=True)
class Preset:
    """A strategy and the values that differ from where the controls start."""

    name: str
    strategy: str
    values: Mapping[str, Any]
    help: str


DEFAULT_PRESET = "Balanced"  # what the model brings
WITHOUT_OUR_RULES: Mapping[str, Any] = {  # what other authors' searches didn't have
    "novel_ngram_penalty": 0.0,
    "cut_penalty": 0.0,
    "names_from_source": "no",
    "word_pairs_once": "no",
}
PRESETS: tuple[Preset, ...] = (
    Preset(
        "Faithful", "beam", {"num_beams": 6, "length_penalty": 1.0}, "Stays close to the source."
    ),
    Preset("Balanced", "beam", {}, "The default."),
    Preset("Exploratory", "sample", {"temperature": 0.9, "top_p": 0.92}, "New words each seed."),
    # The next three are what the authors published with their models.
    Preset(
        "BART-CNN",
        "beam",
        {
            "num_beams": 4,
            "length_penalty": 2.0,
            "min_new_tokens": 56,
            "max_new_tokens": 142,
            "no_repeat_ngram_size": 3,
            "early_stopping": "yes",
            **WITHOUT_OUR_RULES,
        },
        "Lewis et al. 2020 for news: three or four sentences.",
    ),
    Preset(
        "BART-XSum",
        "beam",
        {
            "num_beams": 6,
            "length_penalty": 1.0,
            "min_new_tokens": 11,
            "max_new_tokens": 62,
            "no_repeat_ngram_size": 3,
            "early_stopping": "yes",
            **WITHOUT_OUR_RULES,
        },
        "Lewis et al. 2020 for news: one sentence.",
    ),
    Preset(
        "Pointer-generator",
        "beam",
        {
            "num_beams": 4,
            "length_penalty": 1.0,
            "min_new_tokens": 35,
            "max_new_tokens": 120,
            "no_repeat_ngram_size": 0,
            "early_stopping": "yes",
            **WITHOUT_OUR_RULES,
        },
        "See et al. 2017: nothing is blocked.",
    ),
)


def strategy_row(name: str) -> StrategyRow:
    """The row of a strategy's name."""
    for row in STRATEGIES:
        if row.name == name:
            return row
    raise ValueError(f"strategy must be one of {', '.join(STRATEGY_NAMES)}, got {name!r:.80}")


def to_options(strategy: str, values: Sequence[Any]) -> DecodingOptions:
    """Options from the controls' values, in the order of `CONTROLS`.

    Controls without effect under the strategy are left out, so that what stands in them can
    neither contradict nor change anything.
    """
    if len(values) != len(CONTROLS):
        raise ValueError(f"{len(CONTROLS)} settings are needed, got {len(values)}")
    idle = availability(strategy)
    given = {
        control.name: option_value(control, value)
        for control, value in zip(CONTROLS, values, strict=True)
        if control.name not in idle
    }
    return page_limits(DecodingOptions.from_dict(given | dict(strategy_row(strategy).fixed)))


def values_of(options: DecodingOptions, limit: int) -> dict[str, Any]:
    """Values of all controls that ask for these options, under a model's limit of lengths.

    The inverse of `to_options`, with the options' own strategy: a control that has no effect
    under it stands where it starts.
    """
    idle = availability(options.strategy)
    return {
        control.name: control.start
        if control.name in idle
        else control_value(control, getattr(options, control.name), limit)
        for control in CONTROLS
    }


def availability(strategy: str) -> dict[str, str]:
    """The controls that change nothing under this strategy, each with its reason."""
    row = strategy_row(strategy)
    reasons = without_effect(_example(row))
    for name, owner in _NEEDS.items():
        if owner != strategy:
            reasons.setdefault(name, _OTHER)
        else:
            reasons.pop(name, None)
    return reasons | dict(row.reasons)


def preset_values(preset: Preset) -> dict[str, Any]:
    """Values of the controls a preset sets; what belongs to style, length and words else stays."""
    given = {**strategy_row(preset.strategy).starts, **preset.values}
    return {
        control.name: given.get(control.name, control.start)
        for control in CONTROLS
        if control.name in given
        or (control.group not in ("length", "words") and control.name not in STYLED)
    }


def _example(row: StrategyRow) -> DecodingOptions:
    """Some options of the strategy, to ask what has no effect under it."""
    own = {name: start_of(name) for name, owner in _NEEDS.items() if owner == row.name}
    return DecodingOptions.from_dict({**row.starts, **own, **row.fixed})


def page_limits(options: DecodingOptions) -> DecodingOptions:
    """The same options, unless they ask for more than a shared page gives to one request."""
    if options.num_beams > MAX_BEAMS:
        raise ValueError(f"num_beams must be at most {MAX_BEAMS} here, got {options.num_beams}")
    return options
