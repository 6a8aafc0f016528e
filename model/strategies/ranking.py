"""How a run ranks its hypotheses, read from its record's options. Knows no search and no model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model.options import LIMITS, DecodingOptions
from model.records.record import TraceError


def length_score(log_prob: float, length: int, length_penalty: float) -> float:
    """log_prob / length^length_penalty (Wu et al. 2016); the length counts the end token."""
    return log_prob / max(length, 1) ** length_penalty


def length_penalty_of(options: Mapping[str, Any]) -> float:
    """The length penalty that a run was ranked by; a scored text has the default."""
    value = options.get("length_penalty", DecodingOptions.length_penalty)
    limit = LIMITS["length_penalty"]
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in limit:
        raise TraceError(f"length_penalty must be a number {limit}, got {value!r:.80}")
    return float(value)
