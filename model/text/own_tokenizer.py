"""The tokenizers trained here: byte-level BPEs with a special token per style.

`interop` opens those of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, pre_tokenizers, trainers

from model.text.byte_level import byte_table
from model.text.conventions import END, PAD, SPECIAL_TOKENS, START, Conventions, TokenizerError
from model.text.pipeline import WORD_PATTERN, backend_of


def trained(texts: Iterable[str], vocabulary_size: int) -> tokenizers.Tokenizer:
    """Learn the merges from `texts`; special tokens and all 256 bytes are always in."""
    smallest = len(SPECIAL_TOKENS) + 256
    if vocabulary_size < smallest:
        raise ValueError(f"vocabulary_size must be at least {smallest}, got {vocabulary_size}")
    backend = tokenizers.Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            # A text's first word gets a space: the same tokens as inside, so that it can be copied.
            pre_tokenizers.Metaspace(replacement=" ", prepend_scheme="first", split=False),
            pre_tokenizers.Split(Regex(WORD_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[AddedToken(name, special=True) for name in SPECIAL_TOKENS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    return backend


def conventions_of(backend: tokenizers.Tokenizer) -> Conventions:
    """Those of a tokenizer trained here, read off its special tokens."""
    special = {
        id: token.content for id, token in backend.get_added_tokens_decoder().items()
        if token.special
    }  # fmt: skip
    by_name = {name: id for id, name in special.items()}
    missing = [name for name in (PAD, START, END) if name not in by_name]
    if missing:
        raise TokenizerError(f"the tokenizer lacks the special tokens {', '.join(missing)}")
    pieces = byte_table(backend.get_vocab(with_added_tokens=True), special)
    end = by_name[END]
    is_spaced = backend.encode("a").ids == backend.encode(" a").ids
    return Conventions(
        pieces=pieces, special=special, eos_id=end, source_end=(end,), is_spaced=is_spaced
    )


def opened(parsed: Mapping[str, Any]) -> tokenizers.Tokenizer:
    """The library's tokenizer from our tokenizer.json. Raises `TokenizerError`."""
    model = parsed.get("model")
    if not isinstance(model, dict) or model.get("type") != "BPE":
        raise TokenizerError("it holds no BPE")
    if parsed.get("normalizer") is not None:
        raise TokenizerError("it has a normalizer, which would move characters")
    ids, added = model.get("vocab"), parsed.get("added_tokens")
    if not isinstance(ids, dict) or not isinstance(added, list):
        raise TokenizerError("its vocabulary is not a table of tokens")
    # Checked here because ids index a table: one id of 4 billion must not allocate one.
    most = 2 * (len(ids) + len(added)) + 1000
    numbers = [*ids.values(), *(token.get("id") for token in added if isinstance(token, dict))]
    if not all(isinstance(id, int) and 0 <= id < most for id in numbers):
        raise TokenizerError("its vocabulary is not a table of tokens to consecutive ids")
    return backend_of(parsed)
