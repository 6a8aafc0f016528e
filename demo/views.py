"""A run as the plain values that the page's components draw. Numpy only, no gradio.

Text is handed on as it is; the components write it with `textContent` and never as markup.
"""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from demo.reading import (
    AttentionView,
    Word,
    copied_share,
    summary_words,
    word_attention,
    word_count,
)
from model.trace import Alternative, Trace

MOST_UNREAD = 2_000  # characters of the unread rest that are shown
CUT_CONTEXT = 40  # characters shown around the cut
MOST_CANDIDATES = 8

RULES = {  # what a rule's name in the record says to a reader
    "no_repeat_ngram_size": "would repeat words",
    "encoder_no_repeat_ngram_size": "would copy words in a row",
    "repetition_penalty": "used before",
    "bad_words": "forbidden word",
    "forced_prefix": "the start is given",
    "min_new_tokens": "too early to end",
    "max_new_tokens": "length limit",
    "temperature": "temperature",
    "top_k": "not in the top k",
    "top_p": "outside the nucleus",
    "min_p": "too improbable",
    "typical_p": "not typical",
    "diversity_penalty": "used by another group",
    "special_tokens": "not a word",
}


def empty_summary() -> dict[str, Any]:
    """The summary card before the first run."""
    return {"state": "empty"}


def running_summary(text: str) -> dict[str, Any]:
    """The summary card while words arrive."""
    return {"state": "streaming", "text": text}


def finished_summary(trace: Trace, hypothesis: int = 0) -> dict[str, Any]:
    """Words with their probabilities, the line of figures, and what was not read."""
    words = summary_words(trace, hypothesis)
    return {
        "state": "done",
        "text": trace.hypotheses[hypothesis].text if trace.hypotheses else "",
        "words": [_word(word) for word in words],
        "facts": _facts(trace, hypothesis, words),
        "notice": notice(trace, words),
    }


def notice(trace: Trace, words: tuple[Word, ...]) -> str:
    """A sentence about what is wrong or missing with this run; empty when nothing is."""
    parts = []
    if not any(not word.special for word in words):
        parts.append("The model ended the summary before its first word.")
    if trace.source.cut_tokens:
        read = _read_tokens(trace)
        cut = trace.source.cut_at
        before = " ".join(trace.source.text[max(0, cut - CUT_CONTEXT) : cut].split())
        parts.append(
            f"Read {read} of {read + trace.source.cut_tokens} tokens, cut at “… {before}”. "
            "The rest did not enter the summary."
        )
    return " ".join(parts)


def source_panel(
    trace: Trace, hypothesis: int = 0, view: AttentionView | None = None
) -> dict[str, Any]:
    """The source word by word, and how much attention every summary word spent on it."""
    text = trace.source.text
    words, place = [], 0
    for segment in trace.source_words():
        words.append({"gap": text[place : segment.start], "text": segment.text, "special": False})
        place = segment.end
    unread = text[trace.source.cut_at :] if trace.source.cut_tokens else ""
    words.append({"gap": "\n" if words else "", "text": "start and end marks", "special": True})
    rest = len(unread) - MOST_UNREAD
    if rest > 0:
        unread = f"{unread[:MOST_UNREAD]} … ({rest:,} more characters)"
    return {
        "words": words,
        "unread": unread,
        "extent": _extent(trace),
        "attention": packed_attention(trace, hypothesis, view or AttentionView()),
    }


def packed_attention(trace: Trace, hypothesis: int, view: AttentionView) -> dict[str, Any] | None:
    """Attention of summary words over source words and the marks, one byte a cell.

    Cell (r, c) is `bytes[r * columns + c] / 255 * peaks[r]`.
    """
    if trace.attention_shape is None or not trace.hypotheses:
        return None
    view = AttentionView("words", view.layer, view.head)  # the panel shows words in every view
    pooled = word_attention(trace, hypothesis, view)
    weights = np.concatenate([pooled.weights, pooled.outside[:, None]], axis=1).clip(min=0)
    peaks = weights.max(axis=1, initial=1e-9)
    cells = np.rint(255 * weights / peaks[:, None]).astype(np.uint8)
    return {
        "columns": weights.shape[1],
        "peaks": [round(float(peak), 6) for peak in peaks],
        "data": base64.b64encode(cells.tobytes()).decode("ascii"),
    }


def alternatives(trace: Trace, hypothesis: int = 0) -> dict[str, Any]:
    """For every word and each of its tokens: what the model weighed there."""
    entropy = trace.entropy(hypothesis) if trace.hypotheses else ()
    gates = trace.copy_gate(hypothesis) if trace.hypotheses else None
    words = []
    for word in summary_words(trace, hypothesis):
        pieces = []
        for step in word.tokens:
            about = [f"step {step + 1} of {len(entropy)}", f"entropy {entropy[step]:.1f} bits"]
            if gates is not None:
                about.append(f"copied {100 * float(gates[step]):.0f} %")
            weighed = trace.candidates(hypothesis, step)
            chosen = next((one.text for one in weighed if one.chosen), word.text)
            pieces.append(
                {
                    "text": _token(chosen),
                    "about": " · ".join(about),
                    "candidates": [_candidate(one) for one in _most_telling(weighed)],
                }
            )
        words.append({"text": word.text, "pieces": pieces})
    return {"words": words}


def _word(word: Word) -> dict[str, Any]:
    return {
        "text": word.text,
        "gap": word.gap,
        "probability": round(word.probability, 4),
        "special": word.special,
    }


def _facts(trace: Trace, hypothesis: int, words: tuple[Word, ...]) -> list[dict[str, str]]:
    spoken = [word for word in words if not word.special]
    count = word_count(trace.words(hypothesis)) if trace.hypotheses else 0
    source = word_count(trace.source_words())
    mean = float(np.mean([word.probability for word in spoken])) if spoken else 0.0
    facts = [
        ("words", str(count), "Words of the summary, without punctuation"),
        (
            "shorter",
            f"{source / count:.1f}×" if count else "–",
            "Words the model read, divided by words of the summary",
        ),
        ("mean probability", f"{mean:.2f}", "Mean of the words' probabilities"),
        (
            "words from the source",
            f"{100 * copied_share(trace, hypothesis):.0f} %",
            "Share of the summary's words that stand in the source",
        ),
    ]
    seconds = trace.timing.get("total", 0.0)
    if seconds > 0:
        speed = len(trace.steps) / seconds
        facts.append((f"{speed:.0f} tokens/s", f"{seconds:.2f} s", "Reading and writing together"))
    return [{"label": label, "value": value, "help": help} for label, value, help in facts]


def _extent(trace: Trace) -> str:
    read, cut = _read_tokens(trace), trace.source.cut_tokens
    words = word_count(trace.source_words())
    ending = f"{read} of {read + cut} tokens read" if cut else f"{read} tokens · all of it read"
    return f"{words} words · {ending}"


def _read_tokens(trace: Trace) -> int:
    return sum(token.end > token.start for token in trace.source.tokens)


def _most_telling(weighed: list[Alternative]) -> list[Alternative]:
    """The most probable ones, and the chosen one however improbable it was."""
    first = weighed[:MOST_CANDIDATES]
    return first + [one for one in weighed[MOST_CANDIDATES:] if one.chosen]


def _candidate(one: Alternative) -> dict[str, Any]:
    blocked = math.isinf(one.filtered_log_prob)
    named = ", ".join(RULES.get(rule, rule.replace("_", " ")) for rule in one.rules)
    return {
        "text": _token(one.text),
        "raw": round(math.exp(one.log_prob), 5),
        # Penalties can leave log-probs that are no longer a distribution.
        "final": None if blocked else round(min(1.0, math.exp(one.filtered_log_prob)), 5),
        "rule": f"blocked: {named or 'by a rule'}" if blocked else named,
        "chosen": one.chosen,
        "special": one.text.startswith("<") and one.text.endswith(">"),
    }


def _token(text: str) -> str:
    """A token for reading: a space before it is no part of the word, its absence is."""
    if text == "</s>":
        return "end of summary"
    shown = text.replace("\n", "↵")
    if not shown.strip():
        return "space" if shown else "(part of a character)"
    return shown.strip() if text[0].isspace() or not text[0].isalnum() else shown
