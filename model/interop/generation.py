"""How a foreign model is meant to write: generation_config.json as our options and manners.

Older folders have the same keys in config.json, with those for summaries in a part of their own.
Lengths there count the decoder's start token, ours don't. A setting that Gistscope doesn't have is
a sentence in `notes`, not an error: it says how to search, not what the model is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from model.config import TransformerConfig
from model.interop.settings import Settings
from model.options import LIMITS, DecodingOptions
from model.strategies.manners import Manners

MAX_BANNED = 1_000  # sequences, and tokens of one
MAX_LENGTH = 10**9  # some files say so and mean no limit
# Of a key that says nothing or this, nothing follows.
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "guidance_scale": (1, 1.0),
    "sequence_bias": (),
    "epsilon_cutoff": (0, 0.0),
    "eta_cutoff": (0, 0.0),
    "exponential_decay_length_penalty": (),
    "force_words_ids": (),
    "constraints": (),
    "encoder_repetition_penalty": (1, 1.0),
    "begin_suppress_tokens": ([],),
    "renormalize_logits": (False,),
    "top_h": (),
    "stop_strings": (),
    "max_time": (),
}
# Taken over as they are, in this order; those of one row only make sense together.
COPIED = (
    ("num_beams",), ("num_beam_groups", "diversity_penalty"), ("do_sample",), ("temperature",),
    ("top_k",), ("top_p",), ("min_p",), ("typical_p",), ("penalty_alpha",), ("length_penalty",),
    ("early_stopping",), ("no_repeat_ngram_size",), ("encoder_no_repeat_ngram_size",),
    ("repetition_penalty",),
)  # fmt: skip
# What their library does where a file is silent, and ours does otherwise.
SILENT = {"num_beams": 1, "no_repeat_ngram_size": 0}


@dataclass(frozen=True)
class Generation:
    """What the settings come to."""

    defaults: DecodingOptions
    manners: Manners
    notes: tuple[str, ...]  # what could not be taken over


def settings_of(config: Settings, generation: Settings | None) -> Settings:
    """The keys that count: the file's, or config.json's, and over them those for summaries."""
    base = config if generation is None else generation
    special = config.part("task_specific_params").part("summarization")
    return Settings({**base.values, **special.values}, base.path)


def read(settings: Settings, model: TransformerConfig) -> Generation:
    """Translate the settings for one model."""
    name = settings.path.name
    notes = [
        f"{name} asks for {key} = {settings.values[key]!r:.80}, which is not supported"
        for key, neutral in NEUTRAL.items()
        if settings.has(key) and settings.values[key] not in neutral
    ]
    given = [
        {key: settings.values[key] for key in row if settings.has(key)} for row in COPIED
    ] + _lengths(settings, model)
    chosen: dict[str, Any] = dict(SILENT) if any(given) else {}
    for values in given:
        try:
            DecodingOptions(**chosen | values)
        except ValueError as error:
            notes.append(f"{name}: {error}")
        else:
            chosen |= values
    return Generation(DecodingOptions(**chosen), _manners(settings, model), tuple(notes))


def _lengths(settings: Settings, model: TransformerConfig) -> list[dict[str, int]]:
    """Our lengths: without the start token, and at most what the model has places for."""
    limit = min(model.max_target_tokens, int(LIMITS["max_new_tokens"].high))
    found: list[dict[str, int]] = []
    for ours, theirs, low in (
        ("max_new_tokens", "max_length", 1),
        ("min_new_tokens", "min_length", 0),
    ):
        if settings.has(ours):
            length = settings.integer(ours, 0, MAX_LENGTH)
        elif settings.has(theirs):
            length = settings.integer(theirs, 0, MAX_LENGTH) - 1
        else:
            continue
        found.append({ours: max(low, min(length, limit))})
    return found


def _manners(settings: Settings, model: TransformerConfig) -> Manners:
    """What every run keeps: forced and forbidden tokens."""
    size = model.vocabulary_size
    first: tuple[int, ...] = ()
    if settings.has("forced_bos_token_id"):
        first = (settings.token_id("forced_bos_token_id", size),)
    ends = settings.has("forced_eos_token_id")
    if ends and settings.token_id("forced_eos_token_id", size) != model.eos_id:
        raise settings.error(
            "forced_eos_token_id", f"must be the end token {model.eos_id}",
            settings.values["forced_eos_token_id"],
        )  # fmt: skip
    banned = _sequences(settings, "bad_words_ids", size)
    banned += [(id,) for id in _ids(settings, "suppress_tokens", size)]
    return Manners(
        first_ids=first,
        banned_ids=tuple(words for words in banned if words != (model.eos_id,)),
        ends_at_limit=ends,
        counts_special=True,
        penalises_logits=True,
    )


def _sequences(settings: Settings, key: str, size: int) -> list[tuple[int, ...]]:
    value = settings.values.get(key)
    value = [] if value is None else value
    if not isinstance(value, list) or len(value) > MAX_BANNED:
        raise settings.error(key, f"must be a list of at most {MAX_BANNED} token lists", value)
    parts = [Settings({key: part}, settings.path) for part in value]
    return [tuple(_ids(part, key, size)) for part in parts]


def _ids(settings: Settings, key: str, size: int) -> list[int]:
    value = settings.values.get(key)
    value = [] if value is None else value
    if not isinstance(value, list) or len(value) > MAX_BANNED:
        raise settings.error(key, f"must be a list of at most {MAX_BANNED} tokens", value)
    return [Settings({key: id}, settings.path).integer(key, 0, size - 1) for id in value]
