"""The same random model three times: as `transformers`, Gistscope and CTranslate2 store a BART.

Weights are copied by name. A bias keeps the end token away, so that every summary has exactly as
many tokens as asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from model import checkpoint
from model.config import TransformerConfig
from model.tokenizer import Tokenizer

PAD, START, END = 0, 1, 2
POSITIONS = 4_200  # the longest source measured, and some
NEVER = -1e4  # bias of the end token
SPREAD = 0.05  # standard deviation of the weights


@dataclass(frozen=True)
class Shape:
    """What the two implementations have in common."""

    name: str
    width: int
    encoder_layers: int
    decoder_layers: int
    heads: int
    feed_forward_size: int
    vocabulary: int = 16_000


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("24M", 384, 6, 3, 6, 1536),
        Shape("50M", 512, 6, 6, 8, 2048),
        Shape("305M", 1024, 12, 6, 16, 4096, vocabulary=50_264),  # distilbart-12-6
    )
}


def write(shape: Shape, folder: Path) -> None:
    """Write equal weights to `folder`/theirs, /ours, /peer-fp32 and /peer-int8."""
    from transformers import BartConfig, BartForConditionalGeneration

    torch.manual_seed(1)
    theirs = BartForConditionalGeneration(
        BartConfig(
            vocab_size=shape.vocabulary,
            d_model=shape.width,
            encoder_layers=shape.encoder_layers,
            decoder_layers=shape.decoder_layers,
            encoder_attention_heads=shape.heads,
            decoder_attention_heads=shape.heads,
            encoder_ffn_dim=shape.feed_forward_size,
            decoder_ffn_dim=shape.feed_forward_size,
            max_position_embeddings=POSITIONS,
            pad_token_id=PAD,
            bos_token_id=START,
            eos_token_id=END,
            decoder_start_token_id=START,
            forced_eos_token_id=None,
            init_std=SPREAD,
        )
    )
    theirs.final_logits_bias[0, END] = NEVER
    theirs.save_pretrained(folder / "theirs")
    ours = checkpoint.build(our_config(shape))
    ours.load_state_dict(renamed(theirs.state_dict(), shape))
    checkpoint.save(folder / "ours", ours, Tokenizer.train(["a small text"] * 3, 300))
    _write_peer(theirs, folder)


class _Vocabulary:
    """As much of a tokenizer as CTranslate2 asks for: token number n is called "n"."""

    bos_token, eos_token = str(START), str(END)

    def __init__(self, size: int) -> None:
        self.size = size
        self.unk_token = str(size - 1)

    def get_vocab(self) -> dict[str, int]:
        return {str(id): id for id in range(self.size)}

    def convert_ids_to_tokens(self, id: int) -> str:
        return str(id)


def _write_peer(theirs: nn.Module, folder: Path) -> None:
    from ctranslate2.converters.transformers import BartLoader

    theirs.config.normalize_before = False  # was a setting of BART once, and is still asked for
    for name, stored in (("fp32", "float32"), ("int8", "int8")):
        with torch.no_grad():
            spec = BartLoader()(theirs, _Vocabulary(theirs.config.vocab_size))
        spec.validate()
        spec.optimize(quantization=stored)
        (folder / f"peer-{name}").mkdir()
        spec.save(str(folder / f"peer-{name}"))


def our_config(shape: Shape) -> TransformerConfig:
    """The settings that make our Transformer a BART."""
    return TransformerConfig(
        vocabulary_size=shape.vocabulary,
        width=shape.width,
        encoder_layers=shape.encoder_layers,
        decoder_layers=shape.decoder_layers,
        heads=shape.heads,
        feed_forward_size=shape.feed_forward_size,
        norm_position="post",
        final_norm=False,
        normalize_embeddings=True,
        position_offset=2,
        output_bias=True,
        copy_gate=False,
        max_source_tokens=POSITIONS,
        max_target_tokens=POSITIONS,
    )


def renamed(theirs: Mapping[str, Tensor], shape: Shape) -> dict[str, Tensor]:
    """BART's tensors under our names, with the projections that we fuse joined."""
    ours = {
        "embedding.weight": theirs["model.shared.weight"],
        "output.weight": theirs["model.shared.weight"],
        "output.bias": theirs["final_logits_bias"][0],
    }
    for part in ("weight", "bias"):
        for side, their_side in (("source", "encoder"), ("target", "decoder")):
            norm = theirs[f"model.{their_side}.layernorm_embedding.{part}"]
            ours[f"{side}_embeddings.norm.{part}"] = norm
        layers = [("encoder", n) for n in range(shape.encoder_layers)]
        layers += [("decoder", n) for n in range(shape.decoder_layers)]
        for side, number in layers:
            ours |= _layer(theirs, f"model.{side}.layers.{number}", f"{side}.{number}", part)
    for side, their_side in (("source", "encoder"), ("target", "decoder")):
        positions = theirs[f"model.{their_side}.embed_positions.weight"]
        ours[f"{side}_embeddings.positions.weight"] = positions
    return ours


def _layer(theirs: Mapping[str, Tensor], old: str, new: str, part: str) -> dict[str, Tensor]:
    def joined(attention: str, letters: str) -> Tensor:
        return torch.cat([theirs[f"{old}.{attention}.{x}_proj.{part}"] for x in letters])

    ours = {
        f"{new}.qkv.{part}": joined("self_attn", "qkv"),
        f"{new}.self_output.{part}": theirs[f"{old}.self_attn.out_proj.{part}"],
        f"{new}.feed_forward.expand.{part}": theirs[f"{old}.fc1.{part}"],
        f"{new}.feed_forward.contract.{part}": theirs[f"{old}.fc2.{part}"],
    }
    norms = ["self_attn_layer_norm", "final_layer_norm"]
    if "decoder" in old:
        norms.insert(1, "encoder_attn_layer_norm")
        ours[f"{new}.cross_query.{part}"] = joined("encoder_attn", "q")
        ours[f"{new}.cross_key_value.{part}"] = joined("encoder_attn", "kv")
        ours[f"{new}.cross_output.{part}"] = theirs[f"{old}.encoder_attn.out_proj.{part}"]
    ours |= {
        f"{new}.norms.{n}.{part}": theirs[f"{old}.{name}.{part}"] for n, name in enumerate(norms)
    }
    return ours
