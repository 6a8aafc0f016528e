"""Whether a summary's words stand in its source, and whether it repeats itself or guesses.

"unsupported" is a name or a number that the source does not contain, as far as `model.text.names`
can tell: a reason to look, not a proof of error.
"""

from __future__ import annotations

import math
from typing import Literal

from model.text.names import SourceNames, fold, says, unsupported
from model.trace import Trace

Support = Literal["copied", "reworded", "unsupported", "mark"]

SMALLEST_REPEAT = 3  # words; shorter phrases come twice in good texts, too
# Mean log-probability per token: the model gave its own tokens less than e^-1.2 = 0.3.
LOW_CONFIDENCE = -1.2


def support(trace: Trace, hypothesis: int = 0) -> tuple[Support, ...]:
    """Where every word of `trace.words(hypothesis)` comes from, as far as words can tell.

    Only the part of the source that was read counts. Case, and straight or curly apostrophes,
    make no difference.
    """
    words = trace.words(hypothesis)
    source = SourceNames(trace.source.text[: trace.source.cut_at])
    summary = trace.hypotheses[hypothesis].text
    unknown = {start for start, _ in unsupported(summary, source)}
    return tuple(
        _support_of(word.text, source, any(p in unknown for p in range(word.start, word.end)))
        for word in words
    )


def repeats(trace: Trace, hypothesis: int = 0) -> tuple[tuple[int, int], ...]:
    """Runs of words that stood in the summary before: places [start, end) in `trace.words`.

    Three words at least, without case; punctuation between them counts for nothing.
    """
    folded = [(n, fold(w.text)) for n, w in enumerate(trace.words(hypothesis)) if says(w.text)]
    seen: set[tuple[str, ...]] = set()
    runs: list[tuple[int, int]] = []
    for start in range(len(folded) - SMALLEST_REPEAT + 1):
        window = folded[start : start + SMALLEST_REPEAT]
        phrase = tuple(text for _, text in window)
        if phrase not in seen:
            seen.add(phrase)
            continue
        first, end = window[0][0], window[-1][0] + 1
        if runs and first <= runs[-1][1]:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((first, end))
    return tuple(runs)


def mean_log_prob(trace: Trace, hypothesis: int = 0) -> float:
    """The model's own log-probability of a token, on average; after the rules without steps."""
    chosen = trace.hypotheses[hypothesis]
    if not chosen.token_ids:
        return 0.0
    if not trace.steps:
        return chosen.log_prob / len(chosen.token_ids)
    return float(trace.token_log_probs(hypothesis).astype(float).mean())


def is_uncertain(trace: Trace, hypothesis: int = 0) -> bool:
    """Whether the model found its own summary improbable: below `LOW_CONFIDENCE` per token."""
    mean = mean_log_prob(trace, hypothesis)
    return mean < LOW_CONFIDENCE or math.isnan(mean)


def _support_of(word: str, source: SourceNames, is_unsupported: bool) -> Support:
    if not says(word):
        return "mark"
    if source.has_word(word):
        return "copied"
    return "unsupported" if is_unsupported else "reworded"
