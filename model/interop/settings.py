"""A foreign JSON file of settings; whatever is odd is named with its file, key and value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.untrusted import CheckpointError, read_json


class Settings:
    """The values of one file, or of one part of it."""

    def __init__(self, values: Mapping[str, Any], path: Path) -> None:
        self.values = values
        self.path = path

    @classmethod
    def read(cls, path: Path, limit: int) -> Settings:
        """Read an object from a file of at most `limit` bytes."""
        return cls(read_json(path, limit), path)

    def has(self, key: str) -> bool:
        """Whether the key is there with a value; null is none."""
        return self.values.get(key) is not None

    def part(self, key: str) -> Settings:
        """The object under `key`, or nothing at all where there is none."""
        value = self.values.get(key)
        return Settings(value if isinstance(value, dict) else {}, self.path)

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from `low` to `high`; without a default it must be there."""
        value = self.values.get(key)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(key, f"must be a whole number between {low} and {high}", value)
        return value

    def number(self, key: str, default: float) -> float:
        """A number; its range is the caller's to check."""
        value = self.values.get(key)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
            raise self.error(key, "must be a number", value)
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key)
        value = default if value is None else value
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false", value)
        return value

    def text(self, key: str, default: str, limit: int = 200) -> str:
        """A text of at most `limit` characters."""
        value = self.values.get(key)
        value = default if value is None else value
        if not isinstance(value, str) or len(value) > limit:
            raise self.error(key, f"must be a text of at most {limit} characters", value)
        return value

    def token_id(self, key: str, vocabulary_size: int, default: int | None = None) -> int:
        """One token; a list of one is one, too."""
        value = self.values.get(key)
        if isinstance(value, list) and len(value) == 1:
            return Settings({key: value[0]}, self.path).token_id(key, vocabulary_size)
        if isinstance(value, list):
            raise self.error(key, "must be one token, several are not supported", value)
        return self.integer(key, 0, vocabulary_size - 1, default)

    def require(self, key: str, allowed: Any) -> None:
        """Refuse any value but `allowed`; a key that is not there is taken for it."""
        value = self.values.get(key)
        if value is not None and value != allowed:
            raise self.error(key, f"is supported as {json.dumps(allowed)} alone", value)

    def error(self, key: str, reason: str, value: Any) -> CheckpointError:
        """The error that names file, key and value."""
        if key not in self.values:
            return CheckpointError(f"{self.path} lacks {key}: it {reason}")
        return CheckpointError(f"{self.path}: {key} {reason}, got {value!r:.80}")
