"""What a model is made of: one frozen, self-checking record per family. No torch here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

# Widest and deepest model that is opened; a checkpoint's config is input like any other.
MAX_VOCABULARY = 300_000
MAX_WIDTH = 8_192
MAX_LAYERS = 64
MAX_POSITIONS = 65_536
MAX_BUCKETS = 1_024


@dataclass(frozen=True, kw_only=True)
class SpecialTokens:
    """Ids that steer the model; the defaults are those of the tokenizers trained here."""

    pad_id: int = 0
    decoder_start_id: int = 1  # fed to the decoder before the first target token
    eos_id: int = 2


@dataclass(frozen=True, kw_only=True)
class RNNConfig(SpecialTokens):
    """Bidirectional recurrent encoder, attentive recurrent decoder.

    Bahdanau et al. 2015 or Luong et al. 2015 for the attention, See et al. 2017 for the copy
    gate and the coverage vector.
    """

    vocabulary_size: int
    embedding_size: int = 256
    hidden_size: int = 256  # per direction; the memory is twice as wide
    encoder_layers: int = 1
    decoder_layers: int = 1
    cell: Literal["lstm", "gru"] = "lstm"
    attention: Literal["bahdanau", "luong"] = "luong"
    input_feeding: bool = True  # the last attentional vector joins the decoder's next input
    copy_gate: bool = True
    coverage: bool = False  # the attention spent so far enters the attention's scores
    tie_embeddings: bool = True  # source, target and output share one table
    dropout: float = 0.2
    max_source_tokens: int = 512
    max_target_tokens: int = 160

    def __post_init__(self) -> None:
        _check_common(self)
        _within("embedding_size", self.embedding_size, 1, MAX_WIDTH)
        _within("hidden_size", self.hidden_size, 1, MAX_WIDTH)
        _one_of("cell", self.cell, ("lstm", "gru"))
        _one_of("attention", self.attention, ("bahdanau", "luong"))


@dataclass(frozen=True, kw_only=True)
class TransformerConfig(SpecialTokens):
    """Encoder-decoder Transformer (Vaswani et al. 2017), with an optional copy gate.

    Settings, not subclasses, tell families apart: BART is post-norm with learned positions and
    `normalize_embeddings`; PEGASUS is pre-norm with sinusoidal ones; Marian is post-norm, scaled;
    T5 (Raffel et al. 2020) is pre-norm with relative positions, RMS norms and no biases.
    """

    vocabulary_size: int
    width: int = 384
    encoder_layers: int = 4
    decoder_layers: int = 2
    heads: int = 6
    head_size: int = 0  # of queries, keys and values; 0 shares the width out among the heads
    feed_forward_size: int = 1536
    activation: Literal["relu", "gelu", "gelu_tanh", "silu"] = "gelu"
    gated: bool = False  # the activation scales a second map of the states (Shazeer 2020)
    biases: bool = True  # of every linear map inside the layers
    norm: Literal["layer", "rms"] = "layer"
    norm_epsilon: float = 1e-5
    norm_position: Literal["pre", "post"] = "pre"
    final_norm: bool = True  # one more norm behind each stack; usual with "pre"
    normalize_embeddings: bool = False  # one norm before the first layer; BART has it
    positions: Literal["learned", "sinusoidal", "relative"] = "learned"
    position_offset: int = 0  # rows skipped in the learned table; 2 in BART
    relative_buckets: int = 32  # how many distances "relative" positions tell apart
    relative_distance: int = 128  # farther than this is all the same
    scale_embeddings: bool = False  # by sqrt(width)
    share_embeddings: bool = True  # source and target have one table
    tie_embeddings: bool = True  # the target's table is the output's
    output_bias: bool = False  # BART, PEGASUS and Marian add a bias to the vocabulary's logits
    copy_gate: bool = True
    dropout: float = 0.1
    max_source_tokens: int = 512
    max_target_tokens: int = 160

    def __post_init__(self) -> None:
        _check_common(self)
        _within("width", self.width, 2, MAX_WIDTH)
        _within("heads", self.heads, 1, self.width)
        _within("head_size", self.head_size, 0, MAX_WIDTH)
        _within("heads * head_size", self.heads * self.head_size, 0, 8 * MAX_WIDTH)
        _within("feed_forward_size", self.feed_forward_size, 1, 8 * MAX_WIDTH)
        _within("position_offset", self.position_offset, 0, 16)
        _within("relative_buckets", self.relative_buckets, 4, MAX_BUCKETS)
        _within("relative_distance", self.relative_distance, self.relative_buckets, MAX_POSITIONS)
        _one_of("activation", self.activation, ("relu", "gelu", "gelu_tanh", "silu"))
        _one_of("norm", self.norm, ("layer", "rms"))
        _one_of("norm_position", self.norm_position, ("pre", "post"))
        _one_of("positions", self.positions, ("learned", "sinusoidal", "relative"))
        if not 0.0 < self.norm_epsilon < 1.0:
            raise ValueError(f"norm_epsilon must be in (0, 1), got {self.norm_epsilon}")
        if not self.head_size and self.width % self.heads:
            raise ValueError(f"width must be a multiple of heads ({self.heads}), got {self.width}")

    @property
    def attention_width(self) -> int:
        """Width of all heads together."""
        return self.heads * self.head_size or self.width


ModelConfig = RNNConfig | TransformerConfig
Record = TypeVar("Record")


def record_from_json(kind: type[Record], values: Mapping[str, Any], where: str) -> Record:
    """Build a frozen record from JSON values; unknown names and wrong types are named errors."""
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise ValueError(f"{where} has unknown settings: {', '.join(unknown)}")
    for name, value in values.items():
        default = fields[name].default
        expected = int if default is dataclasses.MISSING else type(default)
        allowed = (int, float) if expected is float else expected
        if not isinstance(value, allowed) or isinstance(value, bool) != (expected is bool):
            raise ValueError(f"{where}: {name} must be {expected.__name__}, got {value!r:.80}")
    missing = [n for n, f in fields.items() if f.default is dataclasses.MISSING and n not in values]
    if missing:
        raise ValueError(f"{where} lacks the settings: {', '.join(missing)}")
    return kind(**values)


def _check_common(config: ModelConfig) -> None:
    _within("vocabulary_size", config.vocabulary_size, 8, MAX_VOCABULARY)
    _within("encoder_layers", config.encoder_layers, 1, MAX_LAYERS)
    _within("decoder_layers", config.decoder_layers, 1, MAX_LAYERS)
    _within("max_source_tokens", config.max_source_tokens, 4, MAX_POSITIONS)
    _within("max_target_tokens", config.max_target_tokens, 2, MAX_POSITIONS)
    for name in ("pad_id", "decoder_start_id", "eos_id"):
        _within(name, getattr(config, name), 0, config.vocabulary_size - 1)
    if not 0.0 <= config.dropout < 1.0:
        raise ValueError(f"dropout must be in [0, 1), got {config.dropout}")


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} must be between {low} and {high}, got {value}")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r:.80}")
