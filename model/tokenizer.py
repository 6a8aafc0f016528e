"""Text to token ids and back: a byte-level BPE that has no unknown characters.

It knows which characters every token stands for. It never normalises text, and text can never
turn into a special token, so a pasted `</s>` stays five characters. It knows nothing of models.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, pre_tokenizers, trainers

from model.byte_level import Span, byte_table, text_and_spans, trim, written_bytes

PAD, START, END, UNKNOWN, MASK = "<pad>", "<s>", "</s>", "<unk>", "<mask>"
STYLES = ("headline", "title", "tldr", "notes", "summary")
SPECIAL_TOKENS = (PAD, START, END, UNKNOWN, *(f"<{style}>" for style in STYLES), MASK)

FILE_NAME = "tokenizer.json"
MAX_FILE_BYTES = 64_000_000

# GPT-2's word pattern with two changes: marks stay with their letters, and every digit is a token
# of its own, so that numbers are copied digit by digit instead of guessed whole.
WORD_PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?[\p{L}\p{M}]+| ?\p{N}| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+"


@dataclass(frozen=True)
class Encoded:
    """A source as the model reads it."""

    ids: tuple[int, ...]
    tokens: tuple[str, ...]  # the characters a token stands for; its name for a special token
    offsets: tuple[Span, ...]  # those characters' place in the text; empty for a special token
    truncated: int  # tokens of the text that did not fit


class TokenizerError(ValueError):
    """A tokenizer file that can't be used; the message says which and why."""


class Tokenizer:
    """A byte-level BPE with the special tokens of our models. Safe to share between threads.

    >>> tokenizer = Tokenizer.train(["the cat sat on the mat"] * 9, vocabulary_size=300)
    >>> tokenizer.decode(tokenizer.encode_target("the cat </s>"))
    'the cat </s>'
    """

    def __init__(self, backend: tokenizers.Tokenizer) -> None:
        # Lost when a tokenizer is saved; without it a pasted `</s>` would end the source.
        backend.encode_special_tokens = True
        backend.no_truncation()  # a file can ask for both; here the caller's limit alone counts
        backend.no_padding()
        self._backend = backend
        special = {
            id: token.content
            for id, token in backend.get_added_tokens_decoder().items()
            if token.special
        }
        self._special = special
        self._bytes = byte_table(backend.get_vocab(with_added_tokens=True), special)
        by_name = {name: id for id, name in special.items()}
        missing = [name for name in (PAD, START, END) if name not in by_name]
        if missing:
            raise TokenizerError(f"the tokenizer lacks the special tokens {', '.join(missing)}")
        self.pad_id, self.start_id, self.eos_id = (by_name[name] for name in (PAD, START, END))
        self._style_ids = {s: by_name[f"<{s}>"] for s in STYLES if f"<{s}>" in by_name}

    @classmethod
    def train(cls, texts: Iterable[str], vocabulary_size: int) -> Tokenizer:
        """Learn the merges from `texts`; special tokens and all 256 bytes are always in."""
        smallest = len(SPECIAL_TOKENS) + 256
        if vocabulary_size < smallest:
            raise ValueError(f"vocabulary_size must be at least {smallest}, got {vocabulary_size}")
        backend = tokenizers.Tokenizer(models.BPE())
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [
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
        return cls(backend)

    @classmethod
    def load(cls, path: str | Path) -> Tokenizer:
        """Open a tokenizer.json, or the one in a folder. Raises `TokenizerError`."""
        path = Path(path)
        if path.is_dir():
            path = path / FILE_NAME
        try:
            size = path.stat().st_size
            if size > MAX_FILE_BYTES:
                raise TokenizerError(f"{path} has {size} bytes, the limit is {MAX_FILE_BYTES}")
            content = path.read_text(encoding="utf-8")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise TokenizerError(f"no tokenizer at {path}: {reason}") from error
        except UnicodeDecodeError as error:
            raise TokenizerError(f"{path} is not a text file: {error}") from error
        try:
            return cls(_backend_from_json(content))
        except ValueError as error:
            raise TokenizerError(f"{path} is not usable: {error}") from error

    def save(self, path: str | Path) -> None:
        """Write the tokenizer to a file, or as tokenizer.json into a folder."""
        path = Path(path)
        if path.is_dir():
            path = path / FILE_NAME
        path.write_text(self._backend.to_str(pretty=True) + "\n", encoding="utf-8")

    @property
    def vocabulary_size(self) -> int:
        """Number of token ids, special tokens included."""
        return len(self._bytes)

    @property
    def styles(self) -> tuple[str, ...]:
        """Styles a source can ask for; empty for a tokenizer without style tokens."""
        return tuple(self._style_ids)

    def style_id(self, style: str) -> int:
        """The token that asks for `style`; ValueError names the known styles."""
        if style not in self._style_ids:
            known = ", ".join(self._style_ids) or "none"
            raise ValueError(f"unknown style {style!r:.80}; this model's styles: {known}")
        return self._style_ids[style]

    def encode_source(self, text: str, style: str | None, max_tokens: int) -> Encoded:
        """`[style] + subwords + [end]`, at most `max_tokens` of them; style None leaves it out."""
        ends = 1 if style is None else 2
        if max_tokens <= ends:
            raise ValueError(f"max_tokens must be more than {ends}, got {max_tokens}")
        encoding = self._backend.encode(text, add_special_tokens=False)
        total = len(encoding)
        # One token more is kept for the look behind the cut; offsets of a megabyte are not built.
        encoding.truncate(max_tokens - ends + 1)
        offsets: list[Span] = encoding.offsets
        kept = min(total, max_tokens - ends)
        while 0 < kept < total and offsets[kept][0] < offsets[kept - 1][1]:
            kept -= 1  # the cut would leave half of a character's bytes
        spans = [trim(text, start, end) for start, end in offsets[:kept]]
        ids, tokens = list(encoding.ids[:kept]), [text[start:end] for start, end in spans]
        if style is not None:
            style_id = self.style_id(style)
            ids.insert(0, style_id)
            tokens.insert(0, self._special[style_id])
            spans.insert(0, (0, 0))
        ids.append(self.eos_id)
        tokens.append(END)
        last = spans[-1][1] if spans else 0
        spans.append((last, last))
        return Encoded(tuple(ids), tuple(tokens), tuple(spans), total - kept)

    def encode_target(self, text: str, max_tokens: int | None = None) -> list[int]:
        """`subwords + [end]`; a target that `max_tokens` cuts has no end token."""
        ids = [*self._backend.encode(text, add_special_tokens=False).ids, self.eos_id]
        return ids if max_tokens is None else ids[:max_tokens]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Subword ids of many texts, without any special token."""
        encodings = self._backend.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`, without special tokens; broken bytes become U+FFFD."""
        return b"".join(self._bytes_of(id) for id in ids).decode("utf-8", errors="replace")

    def spans(self, ids: Sequence[int]) -> tuple[str, tuple[Span, ...]]:
        """The decoded text, and the characters of it that every token stands for.

        Tokens that hold bytes of one character share its span; a special token's is empty.
        """
        return text_and_spans([self._bytes_of(id) for id in ids])

    def token_text(self, id: int) -> str:
        r"""One token as text: a special token's name, and `\xc3` for part of a character."""
        if id in self._special:
            return self._special[id]
        return written_bytes(self._bytes_of(id))

    def is_special(self, id: int) -> bool:
        """Whether `id` steers the model instead of standing for text."""
        return id in self._special

    def _bytes_of(self, id: int) -> bytes:
        if not 0 <= id < len(self._bytes):
            raise ValueError(f"token id must be between 0 and {len(self._bytes) - 1}, got {id}")
        return self._bytes[id]


def _backend_from_json(content: str) -> tokenizers.Tokenizer:
    try:
        parsed: Any = json.loads(content)
    except RecursionError as error:
        raise TokenizerError("it is nested too deeply") from error
    model = parsed.get("model") if isinstance(parsed, dict) else None
    if not isinstance(model, dict) or model.get("type") != "BPE":
        raise TokenizerError("it holds no BPE")
    if parsed.get("normalizer") is not None:
        raise TokenizerError("it has a normalizer, which would move characters")
    ids = model.get("vocab")
    # Checked here because ids index a table: one id of 4 billion must not allocate one.
    if not isinstance(ids, dict) or any(id >= 2 * len(ids) + 1000 for id in _numbers(ids)):
        raise TokenizerError("its vocabulary is not a table of tokens to consecutive ids")
    try:
        return tokenizers.Tokenizer.from_str(content)
    except Exception as error:  # the library raises nothing more precise
        raise TokenizerError(str(error)) from error


def _numbers(ids: dict[str, Any]) -> list[int]:
    return [id if isinstance(id, int) else 2 * len(ids) + 1000 for id in ids.values()]
