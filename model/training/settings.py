"""One run's settings, read from a TOML file with [model] and [training]. No torch here."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from model.checkpoint import FAMILIES
from model.config import ModelConfig, record_from_json

TABLES = ("style_weights", "set_weights")


@dataclass(frozen=True)
class Sampling:
    """How often styles and sets are drawn; see `data.shares`."""

    style_weights: Mapping[str, float] = field(default_factory=dict)
    set_weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in TABLES:
            for key, value in getattr(self, name).items():
                if not isinstance(value, (int, float)) or not 0 <= value < math.inf:
                    raise ValueError(f"{name}.{key} must be a number from 0, got {value!r:.80}")


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a model is trained; the data and the model's shape are given elsewhere."""

    seed: int = 1
    threads: int = 0  # torch threads per process; 0 leaves torch's own choice
    device: str = "auto"  # "auto" is a GPU where there is one
    # bf16 is autocast, weights stay float32; auto takes it where the device computes in it.
    precision: Literal["auto", "bf16", "fp32"] = "auto"

    max_steps: int = 0  # of the optimizer; 0 is no limit
    max_minutes: float = 0.0  # of all sessions of the run together; 0 is no limit
    patience: int = 0  # validations in a row without a better loss before stopping; 0 never stops

    optimizer: Literal["adamw", "adam"] = "adamw"
    learning_rate: float = 1e-3  # the highest, reached after warm-up
    beta_1: float = 0.9
    beta_2: float = 0.98
    weight_decay: float = 0.01  # of matrices; vectors (biases, norms) are never decayed
    schedule: Literal["inverse_sqrt", "linear", "cosine", "constant"] = "cosine"
    warmup_steps: int = 400
    final_ratio: float = 0.02  # of the learning rate, left at the budget's end (linear, cosine)
    clip_norm: float = 1.0  # 0 clips nothing
    label_smoothing: float = 0.1
    coverage_weight: float = 0.0  # of the coverage loss (See et al. 2017), with a copy gate only
    teacher: str = ""  # folder of a trained model with the same tokenizer; see `training.teacher`
    teacher_weight: float = 0.5  # of its word probabilities, instead of the reference's words
    guidance_weight: float = 0.5  # of its attention, beside the rest, with two copy gates only
    hint_weight: float = 0.0  # of its encoder's states, per target token
    denoising: float = 0.0  # share of batches that learn to fill gaps, see `training.denoising`
    reward_weight: float = 0.0  # of own summaries' worth, see `training.rewards`; 0 draws none
    average_decay: float = 0.999  # of the moving average of weights; 0 keeps none

    batch_tokens: int = 8_000  # of source and target with padding, per batch and process
    accumulation: int = 1  # batches per step and process
    max_source_tokens: int = 256
    max_target_tokens: int = 80
    epoch_rows: int = 0  # rows drawn per epoch; 0 is as many as there are
    sampling: Sampling = Sampling()

    log_every: int = 20  # steps
    validate_every: int = 500  # steps
    save_every: int = 500  # steps
    validation_rows: int = 200  # per style

    def __post_init__(self) -> None:
        if not self.max_steps and not self.max_minutes and not self.patience:
            raise ValueError("training never ends: set max_steps, max_minutes or patience")
        for name in ("max_steps", "patience", "threads", "warmup_steps", "epoch_rows"):
            _at_least(name, getattr(self, name), 0)
        for name in ("accumulation", "log_every", "validate_every", "save_every"):
            _at_least(name, getattr(self, name), 1)
        for name in (
            "max_minutes", "clip_norm", "coverage_weight", "guidance_weight", "hint_weight",
            "weight_decay", "reward_weight",
        ):  # fmt: skip
            _at_least(name, getattr(self, name), 0)
        for name in ("label_smoothing", "average_decay", "beta_1", "beta_2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in [0, 1), got {getattr(self, name)}")
        for name in ("final_ratio", "teacher_weight", "denoising"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in [0, 1], got {getattr(self, name)}")
        if self.reward_weight and self.denoising:
            raise ValueError(
                f"reward_weight {self.reward_weight} is for summaries: denoising must be 0, "
                f"got {self.denoising}"
            )
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be above 0, got {self.learning_rate}")
        _at_least("max_source_tokens", self.max_source_tokens, 4)
        _at_least("max_target_tokens", self.max_target_tokens, 2)
        _at_least("validation_rows", self.validation_rows, 1)
        _at_least("batch_tokens", self.batch_tokens, self.max_source_tokens)
        _one_of("precision", self.precision, ("auto", "bf16", "fp32"))
        _one_of("optimizer", self.optimizer, ("adamw", "adam"))
        _one_of("schedule", self.schedule, ("inverse_sqrt", "linear", "cosine", "constant"))


@dataclass(frozen=True)
class Configuration:
    """A whole TOML file: the model's settings (all but the vocabulary's size) and the run's."""

    family: str
    model: Mapping[str, Any]
    training: TrainingSettings

    def model_config(self, vocabulary_size: int) -> ModelConfig:
        """The family's record; a `vocabulary_size` in the file must agree."""
        stated = self.model.get("vocabulary_size", vocabulary_size)
        if stated != vocabulary_size:
            raise ValueError(
                f"the configuration asks for a vocabulary of {stated}, "
                f"the tokenizer has {vocabulary_size}"
            )
        values = {**self.model, "vocabulary_size": vocabulary_size}
        config = cast(ModelConfig, record_from_json(FAMILIES[self.family][0], values, "[model]"))
        for name in ("max_source_tokens", "max_target_tokens"):
            if getattr(self.training, name) > getattr(config, name):
                raise ValueError(
                    f"[training] {name} is {getattr(self.training, name)}, "
                    f"the model reads only {getattr(config, name)}"
                )
        return config


def load_configuration(path: Path, changes: Sequence[str] = ()) -> Configuration:
    """Read a TOML file; every mistake is a ValueError that names it.

    `changes` are lines of TOML such as "training.max_steps = 400" that go before the file's.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path} is not a readable TOML file: {error}") from error
    try:
        changed = tomllib.loads("\n".join(changes))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{'; '.join(changes)!r:.200} is not TOML: {error}") from error
    return configuration_from(_merged(values, changed), str(path))


def _merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of both as one; where both have a value, that of `changes`."""
    result = dict(values)
    for key, value in changes.items():
        old = values.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            value = _merged(old, value)
        result[key] = value
    return result


def configuration_from(values: Mapping[str, Any], where: str) -> Configuration:
    """The same from values already parsed."""
    unknown = sorted(set(values) - {"model", "training"})
    if unknown:
        raise ValueError(f"{where} has unknown tables: {', '.join(unknown)}")
    model = _table(values, "model", where)
    training = _table(values, "training", where)
    sampling = Sampling(*(_table(training, name, where) for name in TABLES))
    plain = {name: value for name, value in training.items() if name not in TABLES}
    if "sampling" in plain:
        raise ValueError(f"{where} [training] has unknown settings: sampling")
    family = model.pop("family", None)
    if family not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise ValueError(f"{where}: [model] family must be one of {known}, got {family!r:.80}")
    plain["sampling"] = sampling
    settings = record_from_json(TrainingSettings, plain, f"{where} [training]")
    return Configuration(family, model, settings)


def _table(values: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    table = values.get(name, {})
    if not isinstance(table, Mapping):
        raise ValueError(f"{where}: {name} must be a table, got {table!r:.80}")
    return dict(table)


def _at_least(name: str, value: float, low: float) -> None:
    if not value >= low:
        raise ValueError(f"{name} must be at least {low}, got {value}")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r:.80}")
