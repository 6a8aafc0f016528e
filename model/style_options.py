"""How a summary of each style is searched for unless asked otherwise. No torch here.

Chosen by ROUGE-L and by reading on held-out pairs; the models' cards have the table. A headline
that may be long becomes a copied paragraph, and a topic a clause where length is favoured. Blocked
n-grams are of tokens, parts of words: three of them come twice in any longer text that is faithful
to its source, and a blocked one breaks a sentence in two or splices it with another. Beams like
short texts: notes and summaries of several sentences need a length penalty that favours them.
Sentences are kept near the source's wording, or they are spliced in the middle, those of summaries
nearest; headlines reword more, titles as they like. A title seldom says a word twice, and what
copies must not begin or stop in the middle. More beams than two find a `tldr` in the sentence that
a text opens with, as what is copied is likeliest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from model.options import DecodingOptions

if TYPE_CHECKING:
    from model.batches.batch import Result, Summarizer

_FAITHFUL = {"names_from_source": True, "word_pairs_once": True}
_KEPT = {
    "no_repeat_ngram_size": 4,
    "novel_ngram_penalty": 0.7,
    "cut_penalty": 1.0,
    **_FAITHFUL,
}
_LONG = {"length_penalty": 1.5, **_KEPT}
STYLE_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "headline": {
            "max_new_tokens": 28,
            "length_penalty": 0.2,
            "no_repeat_ngram_size": 3,
            "cut_penalty": 1.0,
            "novel_ngram_penalty": 0.25,
            **_FAITHFUL,
        },
        "title": {
            "max_new_tokens": 32,
            "no_repeat_ngram_size": 3,
            "repetition_penalty": 1.1,
            **_FAITHFUL,
        },
        "tldr": {"max_new_tokens": 72, "num_beams": 2, **_KEPT},
        "notes": {"max_new_tokens": 120, **_LONG},
        "summary": {
            "max_new_tokens": 128,
            **_LONG,
            "novel_ngram_penalty": 1.5,
            "cut_penalty": 2.0,
        },
    }
)


def styled(
    options: DecodingOptions, style: str | None, given: Collection[str] = ()
) -> DecodingOptions:
    """The options with what suits the style, but for the fields that were `given`.

    A length that is shorter already, as of a model that can write no more, stays.

    >>> styled(DecodingOptions(), "summary").no_repeat_ngram_size
    4
    >>> styled(DecodingOptions(), "summary", given=["no_repeat_ngram_size"]).no_repeat_ngram_size
    3
    """
    suited = dict(STYLE_OPTIONS.get(style or "", {}))
    if "max_new_tokens" in suited:
        suited["max_new_tokens"] = min(suited["max_new_tokens"], options.max_new_tokens)
    return replace(options, **{name: v for name, v in suited.items() if name not in given})


@dataclass(frozen=True)
class StyledWriter:
    """A summarizer that adds to the options what suits the style, but for the `fixed` ones."""

    summarizer: Summarizer
    fixed: frozenset[str]

    @property
    def fingerprint(self) -> str:
        """The model's."""
        return self.summarizer.fingerprint

    @property
    def styles(self) -> tuple[str, ...]:
        """The model's."""
        return self.summarizer.styles

    def summarize_many(
        self, texts: Sequence[str], options: DecodingOptions, style: str | None
    ) -> Sequence[Result]:
        """Summarise; results are in the order of `texts`."""
        style = style or next(iter(self.styles), None)
        return self.summarizer.summarize_many(texts, styled(options, style, self.fixed), style)
