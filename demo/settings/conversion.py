"""An option's value as its control shows it, and back. Knows no layout."""

from __future__ import annotations

from typing import Any

from demo.settings.controls import LENGTHS, Control

CHOSEN: dict[str, dict[str, bool | str]] = {  # what a choice's value means to its option
    "early_stopping": {"no": False, "yes": True, "never": "never"},
    "names_from_source": {"no": False, "yes": True},
    "word_pairs_once": {"no": False, "yes": True},
}


def control_value(control: Control, option: Any, limit: int) -> Any:
    """An option's value as its control shows it; a model's limit bounds the lengths."""
    if control.name in CHOSEN:
        return next(name for name, value in CHOSEN[control.name].items() if value == option)
    if isinstance(option, tuple):
        return ", ".join(option)
    if control.range is None:
        return option
    low, high, _ = control.range
    return max(low, min(option, limit if control.name in LENGTHS else high))


def option_value(control: Control, value: Any) -> Any:
    """A control's value as its option has it; the option checks type and range."""
    if control.name in CHOSEN:
        return CHOSEN[control.name].get(str(value), value)
    if control.name == "bad_words":
        if not isinstance(value, str):
            raise ValueError(f"bad_words must be text, got {value!r:.80}")
        return [word.strip() for word in value.split(",") if word.strip()]
    # A slider sends 4.0 where a whole number is meant.
    if isinstance(value, float) and value.is_integer() and _is_whole(control):
        return int(value)
    return value


def _is_whole(control: Control) -> bool:
    return control.range is not None and all(float(limit).is_integer() for limit in control.range)
