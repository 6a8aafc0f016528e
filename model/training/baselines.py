"""Summaries without a model, to measure one against: the first sentences, LexRank, TextRank.

The graph methods are `sumy`'s, with our own sentences and words, so that nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np

from model.training.metrics import PART, sentences_of

# The graphs are quadratic in the sentences; what stands behind these is not ranked.
MAX_SENTENCES = 200
# Styles whose summaries run over several sentences; for the others one sentence is taken.
LONG_STYLES = frozenset({"notes", "summary"})

Baseline = Callable[[str, str], str]  # (source, style) to summary


def lead(source: str, sentences: int) -> str:
    """The first sentences of the source."""
    return " ".join(sentences_of(source)[:sentences])


def lexrank(source: str, sentences: int) -> str:
    """The most central sentences, in the source's order (Erkan and Radev 2004)."""
    return _most_central("lexrank", source, sentences)


def textrank(source: str, sentences: int) -> str:
    """The sentences of the highest PageRank, in the source's order (Mihalcea and Tarau 2004)."""
    return _most_central("textrank", source, sentences)


def extracted_sentences(style: str) -> int:
    """How many sentences the graph methods may take for a style."""
    return 3 if style in LONG_STYLES else 1


BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {
        "lead-1": lambda source, style: lead(source, 1),
        "lead-3": lambda source, style: lead(source, 3),
        "LexRank": lambda source, style: lexrank(source, extracted_sentences(style)),
        "TextRank": lambda source, style: textrank(source, extracted_sentences(style)),
    }
)


class _Words:
    """The tokenizer that sumy asks for; only its words are used."""

    def to_words(self, sentence: str) -> tuple[str, ...]:
        return tuple(PART.findall(sentence.casefold()))


def _most_central(method: str, source: str, count: int) -> str:
    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence

    words = _Words()
    sentences = [Sentence(text, words) for text in sentences_of(source)[:MAX_SENTENCES]]
    if len(sentences) <= count:
        return " ".join(str(sentence) for sentence in sentences)
    document = ObjectDocumentModel([Paragraph(sentences)])
    # Sentences without a common word leave LexRank's graph empty, and it divides by zero; the
    # order is then that of the source.
    with np.errstate(all="ignore"):
        chosen = _ranker(method)(document, count)
    return " ".join(str(sentence) for sentence in chosen)


@cache
def _ranker(method: str) -> Any:
    from nltk.stem.snowball import EnglishStemmer
    from sumy.summarizers.lex_rank import LexRankSummarizer
    from sumy.summarizers.text_rank import TextRankSummarizer
    from sumy.utils import get_stop_words

    rankers = {"lexrank": LexRankSummarizer, "textrank": TextRankSummarizer}
    ranker = rankers[method](cache(EnglishStemmer().stem))
    ranker.stop_words = get_stop_words("english")
    return ranker
