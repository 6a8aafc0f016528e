"""What one model can be asked for: which options it can follow, and their texts as token ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from model.checkpoint import Checkpoint
from model.options import DecodingOptions
from model.style_options import styled
from model.text.source_text import UNWRITABLE

DEFAULTS = DecodingOptions()


@dataclass(frozen=True)
class Reach:
    """The options of one model."""

    checkpoint: Checkpoint

    def style(self, style: str | None) -> str | None:
        """The style, or the model's first; None for a model without styles."""
        return next(iter(self.checkpoint.tokenizer.styles), None) if style is None else style

    def defaults(self, style: str | None) -> DecodingOptions:
        """How the model writes unless asked otherwise; `style` None is the first."""
        return styled(self.fitting(self.checkpoint.defaults), self.style(style))

    def fitting(self, options: DecodingOptions) -> DecodingOptions:
        """The options, with the default length cut to what this model can write.

        A default can't be told from the same number asked for: both are cut. Any other length
        stays, and is refused where it is too much.
        """
        limit = self.checkpoint.config.max_target_tokens
        if options.max_new_tokens != DEFAULTS.max_new_tokens or options.max_new_tokens <= limit:
            return options
        return replace(options, max_new_tokens=limit)

    def check(self, options: DecodingOptions, name: str, kept: Sequence[int] = ()) -> None:
        """Refuse what this model, called `name`, can't do; a continuation begins with `kept`."""
        limit = self.checkpoint.config.max_target_tokens
        if options.max_new_tokens > limit:
            raise ValueError(
                f"max_new_tokens must be at most {limit} for {name} (its max_target_tokens), "
                f"got {options.max_new_tokens}"
            )
        if UNWRITABLE.search(options.forced_prefix + "".join(options.bad_words)):
            raise ValueError("forced_prefix and bad_words must hold no NUL and no lone surrogates")
        prefix = len(kept or self.prefix(options))
        if prefix > options.max_new_tokens:
            what = "what is kept of the summary" if kept else "forced_prefix"
            raise ValueError(
                f"{what} has {prefix} tokens, more than max_new_tokens ({options.max_new_tokens})"
            )

    def prefix(self, options: DecodingOptions) -> Sequence[int]:
        """Ids that a summary begins with."""
        if not options.forced_prefix:
            return self.checkpoint.manners.first_ids
        return self.checkpoint.tokenizer.encode_prefix(options.forced_prefix)

    def bad_words(self, options: DecodingOptions) -> list[list[int]]:
        """Ids of every word as it stands at the beginning of a text and behind a space."""
        words = (word.strip() for word in options.bad_words)
        return self.checkpoint.tokenizer.encode_batch([v for w in words for v in (w, f" {w}")])
