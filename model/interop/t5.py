"""T5 (Raffel et al. 2020), its later version 1.1, and Flan-T5 (Chung et al. 2022), which is one."""

from __future__ import annotations

import math
from collections.abc import Collection

from torch import Tensor

from model.config import (
    MAX_BUCKETS,
    MAX_LAYERS,
    MAX_POSITIONS,
    MAX_VOCABULARY,
    MAX_WIDTH,
    TransformerConfig,
)
from model.interop.family import Family, Names, activation
from model.interop.settings import Settings

PLACES = 512  # relative positions have no end; this is the length of its training
SELF, CROSS = "SelfAttention", "EncDecAttention"


def config(settings: Settings) -> dict[str, object]:
    """Our settings from theirs."""
    layers = settings.integer("num_layers", 1, MAX_LAYERS)
    buckets = settings.integer("relative_attention_num_buckets", 4, MAX_BUCKETS, 32)
    places = settings.integer("n_positions", 4, MAX_POSITIONS, PLACES)
    is_gated, name = _feed_forward(settings)
    return {
        "vocabulary_size": settings.integer("vocab_size", 8, MAX_VOCABULARY),
        "width": settings.integer("d_model", 2, MAX_WIDTH),
        "encoder_layers": layers,
        "decoder_layers": settings.integer("num_decoder_layers", 1, MAX_LAYERS, layers),
        "heads": settings.integer("num_heads", 1, MAX_WIDTH),
        "head_size": settings.integer("d_kv", 1, MAX_WIDTH),
        "feed_forward_size": settings.integer("d_ff", 1, 8 * MAX_WIDTH),
        "activation": name,
        "gated": is_gated,
        "biases": False,
        "norm": "rms",
        "norm_epsilon": settings.number("layer_norm_epsilon", 1e-6),
        "norm_position": "pre",
        "final_norm": True,
        "positions": "relative",
        "relative_buckets": buckets,
        "relative_distance": settings.integer(
            "relative_attention_max_distance", buckets, MAX_POSITIONS, 128
        ),
        "max_source_tokens": places,
        "max_target_tokens": places,
    }


def names(config: TransformerConfig, found: Collection[str]) -> Names:
    """Their names."""
    outer = {
        "source_distances.bias.weight": _bias("encoder"),
        "target_distances.bias.weight": _bias("decoder"),
        "encoder_norm.weight": "encoder.final_layer_norm.weight",
        "decoder_norm.weight": "decoder.final_layer_norm.weight",
    }
    return Names(
        layer="{side}.block.{number}.layer.",
        encoder=_layer(config.gated, feed_forward=1),
        decoder=_layer(config.gated, feed_forward=2)
        | {
            "cross_query": (f"1.{CROSS}.q",),
            "cross_key_value": (f"1.{CROSS}.k", f"1.{CROSS}.v"),
            "cross_output": (f"1.{CROSS}.o",),
        },
        outer=outer,
        shared="shared.weight",
        tables={
            "source": "encoder.embed_tokens.weight",
            "target": "decoder.embed_tokens.weight",
            "output": "lm_head.weight",
        },
        spare=(f"{CROSS}.relative_attention_bias.weight",),
    )


def fold(weights: dict[str, Tensor], config: TransformerConfig, settings: Settings) -> None:
    """Work T5's two scales into its weights, so that nothing has to multiply at run time.

    Its attention's scores are not divided by the square root of the head's size: the queries are
    as much larger here. Its first version multiplies the decoder's states by width^-0.5 before
    the output: the last norm does it.
    """
    inner = config.attention_width
    root = math.sqrt(inner // config.heads)
    for name, tensor in weights.items():
        if name.endswith(".qkv.weight"):
            tensor[:inner] *= root
        elif name.endswith(".cross_query.weight"):
            weights[name] = tensor * root
    is_tied = settings.flag("tie_word_embeddings", True)
    if settings.flag("scale_decoder_outputs", is_tied):
        weights["decoder_norm.weight"] = weights["decoder_norm.weight"] * config.width**-0.5


def _feed_forward(settings: Settings) -> tuple[bool, str]:
    """Whether the feed-forward part is gated, and our name of its activation."""
    key = "feed_forward_proj"
    kind = settings.text(key, "relu")
    gate, _, rest = kind.rpartition("-")
    if gate not in ("", "gated"):
        raise settings.error(key, "must be an activation or gated-ACTIVATION", kind)
    # So it was trained, whatever the name says.
    name = "gelu_new" if kind == "gated-gelu" else rest
    return gate == "gated", activation(settings, key, name)


def _bias(side: str) -> str:
    return f"{side}.block.0.layer.0.{SELF}.relative_attention_bias.weight"


def _layer(is_gated: bool, feed_forward: int) -> dict[str, tuple[str, ...]]:
    """Names in a layer whose feed-forward part has this number."""
    dense = f"{feed_forward}.DenseReluDense"
    inner = ("wi_0", "wi_1") if is_gated else ("wi",)
    norms = {f"norms.{part}": (f"{part}.layer_norm",) for part in range(feed_forward + 1)}
    return norms | {
        "qkv": (f"0.{SELF}.q", f"0.{SELF}.k", f"0.{SELF}.v"),
        "self_output": (f"0.{SELF}.o",),
        "feed_forward.expand": tuple(f"{dense}.{name}" for name in inner),
        "feed_forward.contract": (f"{dense}.wo",),
    }


T5 = Family(config, names, fold, starts_with_pad=True, always_tied=True)
