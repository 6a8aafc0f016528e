"""A folder of a checkpoint made elsewhere, as it lies on the disk or comes from the Hub."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.config import MAX_POSITIONS, TransformerConfig
from model.interop import generation, loading
from model.interop import tokenizer as tokenizers
from model.interop.bart import BART, MARIAN, MBART, PEGASUS
from model.interop.family import Family
from model.interop.settings import Settings
from model.interop.t5 import T5
from model.interop.weights import find_files, open_weights
from model.options import DecodingOptions
from model.strategies.manners import Manners
from model.text.conventions import FILE_NAME
from model.tokenizer import Tokenizer
from model.transformer import TransformerModel
from model.untrusted import CheckpointError
from model.weights.memory import check_memory
from model.weights.skeleton import skeleton

CONFIG, GENERATION, TOKENIZER_CONFIG = (
    "config.json", "generation_config.json", "tokenizer_config.json"
)  # fmt: skip
MAX_CONFIG_BYTES = 1_000_000
MAX_PROMPT = 200  # characters
# A file up to their product is read whole for the fingerprint.
SAMPLES, SAMPLE_BYTES = 64, 131_072
FAMILIES: dict[str, Family] = {
    "bart": BART,
    "mbart": MBART,
    "pegasus": PEGASUS,
    "marian": MARIAN,
    "t5": T5,
    "mt5": T5,
}


@dataclass(frozen=True)
class Opened:
    """A foreign model and how it is meant to be used."""

    model: TransformerModel
    tokenizer: Tokenizer
    defaults: DecodingOptions
    manners: Manners
    notes: tuple[str, ...]  # what its settings ask for and Gistscope doesn't do
    fingerprint: str


@dataclass(frozen=True)
class Plan:
    """What a folder's settings say, before its weights are opened or even there."""

    family: str
    settings: Settings
    config: TransformerConfig
    generation: generation.Generation
    prompt: str


def is_foreign(folder: Path) -> bool:
    """Whether a folder's config.json is of another maker."""
    return "model_type" in _settings(folder, CONFIG).values


def open_folder(folder: Path, tell: Callable[[str], None] | None = None) -> Opened:
    """Open a folder; `tell` hears how large the model is before it is read.

    Raises `CheckpointError` with the file, the key and the value.
    """
    plan = plan_of(folder)
    check(plan, folder.name, tell)
    weights = open_weights(find_files(folder))
    family = FAMILIES[plan.family]
    model = loading.load(family, plan.config, plan.settings, weights)
    made = plan.generation
    read = tokenizers.read(folder, plan.family, model.config, made.manners, plan.prompt)
    return Opened(model, read, made.defaults, made.manners, made.notes, _fingerprint(folder))


def plan_of(folder: Path) -> Plan:
    """Translate a folder's settings."""
    settings = _settings(folder, CONFIG)
    name = settings.text("model_type", "")
    if name not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise settings.error("model_type", f"must be one of {known}", name)
    settings.require("is_encoder_decoder", True)
    if settings.has("quantization_config"):
        raise settings.error("quantization_config", "is not supported", "one")
    own = _settings(folder, GENERATION) if (folder / GENERATION).is_file() else None
    wishes = generation.settings_of(settings, own)
    try:
        config = TransformerConfig(**_config(folder, FAMILIES[name], settings, wishes))
    except CheckpointError:
        raise
    except ValueError as error:
        raise CheckpointError(f"{settings.path}: {error}") from error
    prompt = wishes.text("prefix", settings.text("prefix", "", MAX_PROMPT), MAX_PROMPT)
    return Plan(name, settings, config, generation.read(wishes, config), prompt)


def check(plan: Plan, name: str, tell: Callable[[str], None] | None = None) -> int:
    """Tell how large the model is, refuse what the memory doesn't hold; the parameters' number."""
    model = skeleton(lambda: TransformerModel(plan.config))
    check_memory(name, model, tell)
    return sum(parameter.numel() for parameter in model.parameters())


def _config(
    folder: Path, family: Family, settings: Settings, wishes: Settings
) -> Mapping[str, Any]:
    """The arguments of our config."""
    values = family.config(settings)
    size = int(str(values["vocabulary_size"]))
    limit = _longest(folder, values)
    pad = settings.token_id("pad_token_id", size)
    key = "decoder_start_token_id"
    source = wishes if wishes.has(key) else settings
    fallback = pad if family.starts_with_pad else settings.values.get("bos_token_id")
    start = source.token_id(key, size, fallback if isinstance(fallback, int) else None)
    return values | {
        "pad_id": pad,
        "eos_id": settings.token_id("eos_token_id", size),
        "decoder_start_id": start,
        "copy_gate": False,
        "max_source_tokens": limit,
    }


def _longest(folder: Path, values: Mapping[str, Any]) -> int:
    """How long a source may be: tables end somewhere, relative positions where training did."""
    limit = int(values["max_source_tokens"])
    if not (folder / TOKENIZER_CONFIG).is_file():
        return limit
    asked = _settings(folder, TOKENIZER_CONFIG).values.get("model_max_length")
    if isinstance(asked, bool) or not isinstance(asked, int | float) or not asked >= 4:
        return limit
    most = MAX_POSITIONS if values["positions"] == "relative" else limit
    return int(asked) if asked <= most else limit


def _settings(folder: Path, name: str) -> Settings:
    return Settings.read(folder / name, MAX_CONFIG_BYTES)


def _fingerprint(folder: Path) -> str:
    """Changes with settings, tokenizer and weights; of large files a sample is read."""
    digest = hashlib.sha256()
    for name in (CONFIG, FILE_NAME):
        if (folder / name).is_file():
            digest.update((folder / name).read_bytes())
    for path in find_files(folder):
        size = path.stat().st_size
        digest.update(size.to_bytes(8, "big"))
        with path.open("rb") as file:
            for sample in range(SAMPLES):
                file.seek(max(0, size - SAMPLE_BYTES) * sample // (SAMPLES - 1))
                digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()[:16]
