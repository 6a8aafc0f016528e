"""The figures beside a summary, and what is wrong or missing with it. Numpy only, no gradio.

Sentences are messages: the browser says them in the reader's language.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from demo.messages import Message, message
from demo.privacy.masked_runs import is_masked
from demo.values.reading import Word, word_count
from model.explain.faithfulness import Support, is_uncertain, mean_log_prob, repeats
from model.text.capitals import is_in_capitals
from model.trace import Trace

CUT_CONTEXT = 40  # characters shown before the cut


def support_counts(supports: tuple[Support, ...]) -> dict[str, int]:
    """How many words were copied, reworded, or stand on nothing; punctuation is not counted."""
    return {kind: supports.count(kind) for kind in ("copied", "reworded", "unsupported")}


def facts(
    trace: Trace, hypothesis: int, words: tuple[Word, ...], counts: dict[str, int]
) -> list[dict[str, Any]]:
    """Length, compression, probability, faithfulness and speed, each with one line of help."""
    spoken = [word for word in words if not word.special]
    count = word_count(trace.words(hypothesis)) if trace.hypotheses else 0
    source = word_count(trace.source_words())
    mean = float(np.mean([word.probability for word in spoken])) if spoken else 0.0
    judged = sum(counts.values())
    found = [
        (message("words"), str(count), "Words of the summary, without punctuation"),
        (
            message("shorter"),
            f"{source / count:.1f}×" if count else "–",
            "Words the model read, divided by words of the summary",
        ),
        (message("mean probability"), f"{mean:.2f}", "Mean of the words' probabilities"),
        (
            message("words from the source"),
            f"{100 * counts['copied'] / judged:.0f} %" if judged else "–",
            "Share of the summary's words that stand in the source",
        ),
        (
            message("unsupported"),
            str(counts["unsupported"]),
            "Names and numbers that the source does not contain",
        ),
    ]
    seconds = trace.timing.get("total", 0.0)
    if seconds > 0:
        speed = f"{len(trace.steps) / seconds:.0f}"
        label = message("{speed} tokens/s", speed=speed)
        found.append((label, f"{seconds:.2f} s", "Reading and writing together"))
    return [{"label": label, "value": value, "help": message(help)} for label, value, help in found]


def notice(trace: Trace, words: tuple[Word, ...]) -> list[Message]:
    """What is missing from this run: no word at all, or a source that was not read whole."""
    parts = []
    if is_masked(trace):
        key = "Personal data is masked in this run: it can be looked at, but not continued."
        parts.append(message(key))
    if not any(not word.special for word in words):
        parts.append(message("The model ended the summary before its first word."))
    if trace.source.cut_tokens:
        read = read_tokens(trace)
        cut = trace.source.cut_at
        before = " ".join(trace.source.text[max(0, cut - CUT_CONTEXT) : cut].split())
        parts.append(
            message(
                "Read {read} of {total} tokens, cut at “… {before}”. "
                "The rest did not enter the summary.",
                read=read,
                total=read + trace.source.cut_tokens,
                before=before,
            )
        )
    return parts


def alarm(trace: Trace, hypothesis: int) -> list[Message]:
    """What should make a reader doubt this summary: it repeats itself, or the model was unsure."""
    if not trace.hypotheses:
        return []
    parts = []
    words = trace.words(hypothesis)
    again = [
        trace.hypotheses[hypothesis].text[words[start].start : words[end - 1].end]
        for start, end in repeats(trace, hypothesis)
    ]
    if again:
        parts.append(message("It repeats itself: “{phrase}”.", phrase=again[0]))
    if is_uncertain(trace, hypothesis):
        mean = f"{float(np.exp(mean_log_prob(trace, hypothesis))):.2f}"
        parts.append(
            message("The model was unsure: {mean} a token on average. Read with care.", mean=mean)
        )
    return parts


def extent(trace: Trace) -> list[Message]:
    """How long the source is and how much of it was read."""
    read, cut = read_tokens(trace), trace.source.cut_tokens
    words = message("{words} words", words=word_count(trace.source_words()))
    calmed = [message("capitals read as lower case")] if reads_lower_case(trace) else []
    if cut:
        some = message("{read} of {total} tokens read", read=read, total=read + cut)
        return [words, some, *calmed]
    return [words, message("{read} tokens", read=read), message("all of it read"), *calmed]


def reads_lower_case(trace: Trace) -> bool:
    """Whether the text is in capitals and the model read it otherwise."""
    text = trace.source.text
    return is_in_capitals(text) and any(
        token.text != text[token.start : token.end]
        for token in trace.source.tokens
        if token.end > token.start
    )


def read_tokens(trace: Trace) -> int:
    """Tokens of the text that were read, without marks for start and end."""
    return sum(token.end > token.start for token in trace.source.tokens)
