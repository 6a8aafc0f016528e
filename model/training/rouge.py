"""ROUGE by the `rouge-score` library, with several references. It reads letters a to z and digits
only, so other scripts score nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from model.training.metrics import sentences_of

# rougeLsum is rougeL taken sentence by sentence (Lin 2004, 3.2): it differs for several sentences.
METRICS = ("rouge1", "rouge2", "rougeL", "rougeLsum")


def rouge(summary: str, references: Sequence[str]) -> dict[str, float]:
    """F1 per metric, between 0 and 1, with Porter stems; the best over the references.

    The best is taken metric by metric, as SciTLDR does (Cachola et al. 2020).
    """
    if not references:
        raise ValueError("rouge needs at least one reference, got none")
    prepared = _one_sentence_a_line(summary)
    scores = [_scorer().score(_one_sentence_a_line(text), prepared) for text in references]
    return {metric: max(score[metric].fmeasure for score in scores) for metric in METRICS}


def _one_sentence_a_line(text: str) -> str:
    return "\n".join(sentences_of(text))


@cache
def _scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(list(METRICS), tokenizer=_StemmedWords())


class _StemmedWords:
    """The library's own words with use_stemmer=True; it stems each word anew, this remembers."""

    def __init__(self) -> None:
        from nltk.stem.porter import PorterStemmer

        self.stem = cache(PorterStemmer().stem)

    def tokenize(self, text: str) -> list[str]:
        from rouge_score.tokenize import tokenize

        words: list[str] = tokenize(text, self)
        return words
