"""BART (Lewis et al. 2020) and those that share its tensor names: mBART, PEGASUS, Marian."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from model.config import (
    MAX_LAYERS,
    MAX_POSITIONS,
    MAX_VOCABULARY,
    MAX_WIDTH,
    TransformerConfig,
)
from model.interop.family import Family, Names, activation
from model.interop.settings import Settings

# Older files spell the architecture out. It must be the family's.
SPELT_OUT = {
    "normalize_before": "pre",
    "add_final_layer_norm": "final_norm",
    "normalize_embedding": "normalize_embeddings",
    "static_position_embeddings": "sinusoidal",
}

ENCODER = {
    "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_output": ("self_attn.out_proj",),
    "feed_forward.expand": ("fc1",),
    "feed_forward.contract": ("fc2",),
    "norms.0": ("self_attn_layer_norm",),
    "norms.1": ("final_layer_norm",),
}
DECODER = ENCODER | {
    "cross_query": ("encoder_attn.q_proj",),
    "cross_key_value": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "cross_output": ("encoder_attn.out_proj",),
    "norms.1": ("encoder_attn_layer_norm",),
    "norms.2": ("final_layer_norm",),
}


def config(facts: Mapping[str, object], settings: Settings) -> dict[str, object]:
    """Our settings from theirs; `facts` are those that every model of the family has."""
    heads = settings.integer("encoder_attention_heads", 1, MAX_WIDTH)
    feed_forward_size = settings.integer("encoder_ffn_dim", 1, 8 * MAX_WIDTH)
    settings.require("decoder_attention_heads", heads)
    settings.require("decoder_ffn_dim", feed_forward_size)
    vocabulary_size = settings.integer("vocab_size", 8, MAX_VOCABULARY)
    settings.require("decoder_vocab_size", vocabulary_size)
    is_true = {
        "pre": facts["norm_position"] == "pre",
        "final_norm": facts["final_norm"],
        "normalize_embeddings": facts["normalize_embeddings"],
        "sinusoidal": facts["positions"] == "sinusoidal",
    }
    for key, fact in SPELT_OUT.items():
        settings.require(key, is_true[fact])
    positions = settings.integer("max_position_embeddings", 4, MAX_POSITIONS)
    name = settings.text("activation_function", "gelu")
    return {
        "vocabulary_size": vocabulary_size,
        "width": settings.integer("d_model", 2, MAX_WIDTH),
        "encoder_layers": settings.integer("encoder_layers", 1, MAX_LAYERS),
        "decoder_layers": settings.integer("decoder_layers", 1, MAX_LAYERS),
        "heads": heads,
        "feed_forward_size": feed_forward_size,
        "activation": activation(settings, "activation_function", name),
        "scale_embeddings": settings.flag("scale_embedding", False),
        "max_source_tokens": positions,
        "max_target_tokens": positions,
        "output_bias": True,
        **facts,
    }


def names(config: TransformerConfig, found: Collection[str]) -> Names:
    """Their names; a model saved without its output has no prefix."""
    root = "model." if any(name.startswith("model.") for name in found) else ""
    outer = {"output.bias": "final_logits_bias"}
    for ours, side in (("source", "encoder"), ("target", "decoder")):
        outer[f"{ours}_embeddings.positions.weight"] = f"{root}{side}.embed_positions.weight"
        for part in ("weight", "bias"):
            outer[f"{ours}_embeddings.norm.{part}"] = f"{root}{side}.layernorm_embedding.{part}"
            outer[f"{side}_norm.{part}"] = f"{root}{side}.layer_norm.{part}"
    optional = {"output.bias"}
    if config.positions == "sinusoidal":  # a formula, seldom stored
        optional |= {f"{side}_embeddings.positions.weight" for side in ("source", "target")}
    return Names(
        layer=root + "{side}.layers.{number}.",
        encoder=ENCODER,
        decoder=DECODER,
        outer=outer,
        shared=f"{root}shared.weight",
        tables={
            "source": f"{root}encoder.embed_tokens.weight",
            "target": f"{root}decoder.embed_tokens.weight",
            "output": "lm_head.weight",
        },
        optional=frozenset(optional),
        spare=("encoder.version", "decoder.version"),
    )


def _family(starts_with_pad: bool = False, **facts: object) -> Family:
    usual = {
        "norm_position": "post",
        "final_norm": False,
        "normalize_embeddings": False,
        "positions": "sinusoidal",
        "position_offset": 0,
    }
    return Family(partial(config, usual | facts), names, starts_with_pad=starts_with_pad)


BART = _family(normalize_embeddings=True, positions="learned", position_offset=2)
MBART = _family(
    norm_position="pre",
    final_norm=True,
    normalize_embeddings=True,
    positions="learned",
    position_offset=2,
)
PEGASUS = _family(starts_with_pad=True, norm_position="pre", final_norm=True)
MARIAN = _family(starts_with_pad=True)
