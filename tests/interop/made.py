"""Small checkpoints as `transformers` writes them, with random weights and a tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tokenizers
import torch
from tokenizers import AddedToken, decoders, models, pre_tokenizers, processors, trainers
from torch import nn

WIDTH, HEADS, LAYERS, INNER, PLACES = 24, 3, 2, 40, 96
TEXTS = [
    "The council voted on Tuesday to keep the library open for three more years.",
    "Parking fees will rise, the mayor said, but the pool stays free for children.",
    "A committee of the council is to report on the costs of both by the end of May.",
]
SPECIAL = {  # names in the order of their ids, and what the family puts around a text
    "bart": (["<s>", "<pad>", "</s>", "<unk>", "<mask>"], "<s> $A </s>"),
    "mbart": (["<s>", "<pad>", "</s>", "<unk>", "en_XX", "de_DE"], "$A </s> en_XX"),
    "pegasus": (["<pad>", "</s>", "<mask_1>", "<mask_2>", "<unk>"], "$A </s>"),
    "marian": (["</s>", "<unk>", "<pad>"], "$A </s>"),
    "t5": (["<pad>", "</s>", "<unk>", "<extra_id_0>"], "$A </s>"),
}
BART_LIKE = {
    "d_model": WIDTH, "encoder_layers": LAYERS, "decoder_layers": LAYERS + 1,
    "encoder_attention_heads": HEADS, "decoder_attention_heads": HEADS,
    "encoder_ffn_dim": INNER, "decoder_ffn_dim": INNER, "max_position_embeddings": PLACES,
}  # fmt: skip
T5_LIKE = {
    "d_model": WIDTH, "num_layers": LAYERS, "num_heads": HEADS,
    "d_kv": 10, "d_ff": INNER, "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 20, "decoder_start_token_id": 0,
}  # fmt: skip
# Name of the case: the family of its tokenizer, the class, and what its config differs in.
CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "bart": ("bart", "BartForConditionalGeneration", {}),
    "bart-untied": (
        "bart", "BartForConditionalGeneration",
        {"tie_word_embeddings": False, "scale_embedding": True},
    ),
    "mbart": ("mbart", "MBartForConditionalGeneration", {"scale_embedding": True}),
    "pegasus": ("pegasus", "PegasusForConditionalGeneration", {"scale_embedding": True}),
    "pegasus-untied": (
        "pegasus", "PegasusForConditionalGeneration",
        {"tie_word_embeddings": False, "activation_function": "relu"},
    ),
    "marian": (
        "marian", "MarianMTModel", {"scale_embedding": True, "activation_function": "swish"},
    ),
    "marian-two-tables": ("marian", "MarianMTModel", {"share_encoder_decoder_embeddings": False}),
    "t5": ("t5", "T5ForConditionalGeneration", {}),
    "flan-t5": (
        "t5", "T5ForConditionalGeneration",
        {
            "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False,
            "initializer_factor": 0.3,
        },
    ),
}  # fmt: skip


def backend(family: str) -> tokenizers.Tokenizer:
    """A tokenizer of the family's kind."""
    names, around = SPECIAL[family]
    special = [AddedToken(name, special=True) for name in names]
    if family == "bart":
        made = tokenizers.Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        trainer: Any = trainers.BpeTrainer(
            vocab_size=300, special_tokens=special, show_progress=False,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        )  # fmt: skip
    else:
        made = tokenizers.Tokenizer(models.Unigram())
        made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
        made.decoder = decoders.Metaspace(prepend_scheme="always")
        trainer = trainers.UnigramTrainer(
            vocab_size=90, special_tokens=special, unk_token="<unk>", show_progress=False
        )
    made.train_from_iterator(TEXTS * 4, trainer)
    named = [(name, made.token_to_id(name)) for name in around.split() if name != "$A"]
    made.post_processor = processors.TemplateProcessing(single=around, special_tokens=named)
    return made


def make(case: str, folder: Path, **changes: Any) -> nn.Module:
    """Write a checkpoint into `folder` and return the model as `transformers` has it."""
    import transformers

    family, kind, settings = CASES[case]
    tokenizer = backend(family)
    ids = {name: tokenizer.token_to_id(name) for name in SPECIAL[family][0]}
    common = {
        "vocab_size": tokenizer.get_vocab_size() + 3,  # files are often padded
        "pad_token_id": ids["<pad>"],
        "eos_token_id": ids["</s>"],
        "bos_token_id": ids.get("<s>"),
    }
    if family in ("bart", "mbart"):
        common["decoder_start_token_id"] = ids["</s>"]
    if family in ("pegasus", "marian"):
        common["decoder_start_token_id"] = ids["<pad>"]
    sizes = T5_LIKE if family == "t5" else BART_LIKE
    model_class = getattr(transformers, kind)
    values = {**common, **sizes, **settings, "forced_eos_token_id": None, **changes}
    torch.manual_seed(3)
    model = model_class(model_class.config_class(**values)).eval().requires_grad_(False)
    if case == "flan-t5":
        model.lm_head.weight = nn.Parameter(model.lm_head.weight.clone(), requires_grad=False)
    generator = torch.Generator().manual_seed(4)
    for name, tensor in model.state_dict().items():
        if "embed_positions" in name and family in ("pegasus", "marian"):
            continue
        spread = 0.5 if tensor.dim() > 1 and "embed" not in name and "shared" not in name else 0.3
        tensor.add_(spread * torch.randn(tensor.shape, generator=generator) / 2)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return model
