"""Text to token ids and back, and which characters every token stands for.

Our own tokenizers are byte-level BPEs without unknown characters, which never normalise text; those
of others come with their `Conventions`. Text never turns into a special token, so a pasted `</s>`
stays text. Knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import tokenizers

from model.text import own_tokenizer
from model.text.byte_level import Span, text_and_spans, trim, without_first_space, written_bytes
from model.text.capitals import calmed
from model.text.conventions import (
    FILE_NAME,
    MAX_FILE_BYTES,
    SPECIAL_TOKENS,
    STYLES,
    Conventions,
    TokenizerError,
)
from model.untrusted import CheckpointError, read_json

__all__ = [
    "FILE_NAME", "MAX_FILE_BYTES", "SPECIAL_TOKENS", "STYLES", "Encoded", "Tokenizer",
    "TokenizerError",
]  # fmt: skip

ANCHOR = "\ue000"  # of no script, so that nothing joins it


@dataclass(frozen=True)
class Encoded:
    """A source as the model reads it."""

    ids: tuple[int, ...]
    tokens: tuple[str, ...]  # the characters a token stands for; its name for a special token
    offsets: tuple[Span, ...]  # those characters' place in the text; empty for a special token
    truncated: int  # tokens of the text that did not fit


class Tokenizer:
    """A byte-level BPE with the special tokens of our models, or what `conventions` say it is.

    Safe to share between threads.

    >>> tokenizer = Tokenizer.train(["the cat sat on the mat"] * 9, vocabulary_size=300)
    >>> tokenizer.decode(tokenizer.encode_target("the cat </s>"))
    'the cat </s>'
    """

    def __init__(
        self, backend: tokenizers.Tokenizer, conventions: Conventions | None = None
    ) -> None:
        # Lost when a tokenizer is saved; without it a pasted `</s>` would end the source.
        backend.encode_special_tokens = True
        backend.no_truncation()  # a file can ask for both; here the caller's limit alone counts
        backend.no_padding()
        self._backend = backend
        self._is_own = conventions is None
        self._conventions = conventions or own_tokenizer.conventions_of(backend)
        self._pieces, self._special = self._conventions.pieces, self._conventions.special
        self.eos_id = self._conventions.eos_id
        by_name = {} if conventions else {name: id for id, name in self._special.items()}
        self._style_ids = {s: by_name[f"<{s}>"] for s in STYLES if f"<{s}>" in by_name}

    @classmethod
    def train(cls, texts: Iterable[str], vocabulary_size: int) -> Tokenizer:
        """Learn the merges from `texts`; special tokens and all 256 bytes are always in."""
        return cls(own_tokenizer.trained(texts, vocabulary_size))

    @classmethod
    def load(cls, path: str | Path) -> Tokenizer:
        """Open a tokenizer.json, or the one in a folder. Raises `TokenizerError`."""
        path = Path(path)
        if path.is_dir():
            path = path / FILE_NAME
        try:
            parsed = read_json(path, MAX_FILE_BYTES)
        except CheckpointError as error:
            raise TokenizerError(str(error)) from error
        try:
            return cls(own_tokenizer.opened(parsed))
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
        return len(self._pieces)

    @property
    def is_spaced(self) -> bool:
        """Whether a text's first word is read and written with a space, which is not shown."""
        return self._conventions.is_spaced

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

    def overhead(self, style: str | None) -> int:
        """How many tokens of a source stand for none of its text."""
        fixed = len(self._conventions.source_start) + len(self._conventions.source_end)
        prompt = self._conventions.prompt
        if prompt:
            fixed += len(self._backend.encode(prompt, add_special_tokens=False))
        return fixed + (style is not None)

    def encode_source(self, text: str, style: str | None, max_tokens: int) -> Encoded:
        """`[style] + subwords + [end]`, at most `max_tokens` of them; style None leaves it out.

        The models trained here read a text in capitals as `text.capitals.calmed` writes it.
        """
        conventions, prompt = self._conventions, self._conventions.prompt
        before = [*conventions.source_start, *([] if style is None else [self.style_id(style)])]
        ends = len(before) + len(conventions.source_end)
        if max_tokens <= ends:
            raise ValueError(f"max_tokens must be more than {ends}, got {max_tokens}")
        read = prompt + (calmed(text) if self._is_own else text)
        encoding = self._backend.encode(read, add_special_tokens=False)
        total = len(encoding)
        # One token more is kept for the look behind the cut; offsets of a megabyte are not built.
        encoding.truncate(max_tokens - ends + 1)
        offsets: list[Span] = encoding.offsets
        kept = min(total, max_tokens - ends)
        while 0 < kept < total and offsets[kept][0] < offsets[kept - 1][1]:
            kept -= 1  # the cut would leave half of a character's bytes
        ids = self._plain(encoding.ids[:kept])
        spans = [trim(read, start, end) for start, end in offsets[:kept]]
        tokens = [read[start:end] for start, end in spans]
        spans = [(max(0, start - len(prompt)), max(0, end - len(prompt))) for start, end in spans]
        last = spans[-1][1] if spans else 0
        ids = [*before, *ids, *conventions.source_end]
        names = [self._special[id] for id in (*before, *conventions.source_end)]
        tokens = [*names[: len(before)], *tokens, *names[len(before) :]]
        spans = [(0, 0)] * len(before) + spans + [(last, last)] * len(conventions.source_end)
        return Encoded(tuple(ids), tuple(tokens), tuple(spans), total - kept)

    def encode_target(self, text: str, max_tokens: int | None = None) -> list[int]:
        """`subwords + [end]`; a target that `max_tokens` cuts has no end token."""
        ids = [*self.encode_prefix(text), self.eos_id]
        return ids if max_tokens is None else ids[:max_tokens]

    def encode_prefix(self, text: str) -> list[int]:
        """The tokens of a summary that begins with `text`."""
        ids = self._backend.encode(text, add_special_tokens=False).ids
        return [*self._conventions.target_start, *self._plain(ids)]

    def encode_batch(self, texts: Sequence[str], inside: bool = True) -> list[list[int]]:
        """Subword ids of texts, without any special token; `inside` a longer text or whole."""
        if not (inside and self.is_spaced):
            encodings = self._backend.encode_batch_fast(list(texts), add_special_tokens=False)
            return [self._plain(encoding.ids) for encoding in encodings]
        # Any text's first word would get a space: one that has none stands behind a character.
        anchors = ["" if text[:1].isspace() else ANCHOR for text in texts]
        encodings = self._backend.encode_batch(
            [anchor + text for anchor, text in zip(anchors, texts, strict=True)],
            add_special_tokens=False,
        )
        return [
            self._plain([id for id, (_, end) in zip(e.ids, e.offsets, strict=True) if end > len(a)])
            for e, a in zip(encodings, anchors, strict=True)
        ]

    def decode(self, ids: Iterable[int], inside: bool = False) -> str:
        """The text of `ids`, without special tokens; broken bytes become U+FFFD.

        `inside` a longer text the first word keeps the space before it.
        """
        pieces: Sequence[bytes] = [self._bytes_of(id) for id in ids]
        if self.is_spaced and not inside:
            pieces = without_first_space(pieces)
        return b"".join(pieces).decode("utf-8", errors="replace")

    def spans(self, ids: Sequence[int]) -> tuple[str, tuple[Span, ...]]:
        """The decoded text, and the characters of it that every token stands for.

        Tokens that hold bytes of one character share its span; a special token's is empty.
        """
        return text_and_spans([self._bytes_of(id) for id in ids], self.is_spaced)

    def token_text(self, id: int) -> str:
        r"""One token as text: a special token's name, and `\xc3` for part of a character."""
        if id in self._special:
            return self._special[id]
        return written_bytes(self._bytes_of(id))

    def is_special(self, id: int) -> bool:
        """Whether `id` steers the model instead of standing for text."""
        return id in self._special

    def _bytes_of(self, id: int) -> bytes:
        if not 0 <= id < len(self._pieces):
            raise ValueError(f"token id must be between 0 and {len(self._pieces) - 1}, got {id}")
        return self._pieces[id]

    def _plain(self, ids: list[int]) -> list[int]:
        """Ids of text, none of them a special token's."""
        unknown = self._conventions.unknown_id
        if unknown is None:
            return ids
        return [unknown if id in self._special else id for id in ids]
