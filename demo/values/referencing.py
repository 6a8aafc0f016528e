"""A given summary as the model sees it, as plain values for the page. Runs no model, no gradio.

Every text in a value is handed on as it is; reference.js writes it with `textContent`.
"""

from __future__ import annotations

import math
import re
from typing import Any

from demo.messages import Message, message
from demo.values.comparing import signed
from demo.values.reading import Word, summary_words
from model.explain.reference import Judgement, Side, judge
from model.trace import Trace
from model.training.rouge import rouge

READABLE = re.compile("[a-z0-9]", re.IGNORECASE)  # what the rouge-score library reads
ROUGE = (("ROUGE-1", "rouge1"), ("ROUGE-2", "rouge2"), ("ROUGE-L", "rougeL"))
ROUGE_HELP = {
    "ROUGE-1": "Words that both have, F1 with stems",
    "ROUGE-2": "Pairs of words that both have, F1 with stems",
    "ROUGE-L": "The longest sequence of words that both have, F1 with stems",
}


def empty_reference(notice: Message | str = "") -> dict[str, Any]:
    """The card before anything was scored, with the reason where there is one."""
    return {"state": "empty", "notice": notice}


def scored_reference(
    own: Trace, hypothesis: int, reference: Trace, parts: int = 0
) -> dict[str, Any]:
    """The reference's words, both scores with the verdict, and ROUGE between the two texts.

    `reference` is what `Summarizer.score` made of the same source with the same model; for a
    document that was read in `parts`, that source is their summaries.
    """
    judgement = judge(own, hypothesis, reference)
    return {
        "state": "done",
        "verdict": judgement.verdict,
        "says": _verdict(judgement),
        "words": [_word(reference, word) for word in summary_words(reference)],
        "sides": [
            _side("Your text", judgement.reference),
            _side("The model's own", judgement.own),
        ],
        "rule": _rule(judgement, parts),
        "rouge": _rouge(own.hypotheses[hypothesis].text, reference.hypotheses[0].text),
    }


def _verdict(judgement: Judgement) -> Message:
    values = {
        "yours": signed(judgement.reference.score),
        "own": signed(judgement.own.score),
    }
    if judgement.verdict == "search":
        key = "The search missed it: your text scores {yours}, the model's own {own}."
    elif judgement.verdict == "model":
        key = "The model prefers its own: it scores {own}, your text {yours}."
    else:
        key = "The model finds both equally good: {own}."
    return message(key, **values)


def _rule(judgement: Judgement, parts: int) -> list[Message]:
    alpha = f"{judgement.length_penalty:g}"
    found = [message("Score = sum of log-probabilities / tokens^{alpha}.", alpha=alpha)]
    if judgement.verdict == "search":
        found.append(message("A rule, such as one against repetition, may have forbidden it, too."))
    if parts:
        key = "Both are scored as summaries of the summaries of {parts} parts, not of the document."
        found.append(message(key, parts=parts))
    return found


def _side(name: str, side: Side) -> dict[str, Any]:
    return {
        "name": name,
        "score": signed(side.score),
        "log_prob": signed(side.log_prob),
        "tokens": side.tokens,
        "per_token": round(math.exp(side.mean), 4),
    }


def _word(trace: Trace, word: Word) -> dict[str, Any]:
    """A word with its probability, its tokens' ranks from 1, and what the model would have put."""
    ranks = trace.ranks(0)
    first = trace.candidates(0, word.tokens[0])[0]
    return {
        "text": word.text,
        "gap": word.gap,
        "special": word.special,
        "probability": round(word.probability, 4),
        "ranks": [int(ranks[step]) + 1 for step in word.tokens],
        # A rank above 1 means that another token was more probable.
        "preferred": None if first.chosen else _token(first.text),
        "preferred_probability": round(math.exp(first.log_prob), 4),
    }


def _token(text: str) -> str | Message:
    if text.startswith("<") and text.endswith(">"):
        return message("the end") if text == "</s>" else text
    return text.strip() or text


def _rouge(summary: str, reference: str) -> list[dict[str, Any]]:
    """F1 per metric; None where a text has nothing that ROUGE reads."""
    read = READABLE.search(summary) and READABLE.search(reference)
    scores = rouge(summary, [reference]) if read else {}
    return [
        {
            "label": label,
            "value": round(scores[name], 4) if name in scores else None,
            "help": ROUGE_HELP[label],
        }
        for label, name in ROUGE
    ]
