"""What the model weighed at every token of a summary, and which rule moved or blocked what.

From a trace to plain values for the alternatives panel. Numpy only, no gradio and no torch.
"""

from __future__ import annotations

import math
from typing import Any

from demo.messages import Message, message
from demo.values.reading import ESCAPED_BYTES, summary_words
from model.trace import Alternative, Trace

MOST_CANDIDATES = 8
END_TOKEN = "</s>"

RULES = {  # what a rule's name in the record says to a reader
    "no_repeat_ngram_size": "would repeat words",
    "word_pairs_once": "again in this sentence",
    "encoder_no_repeat_ngram_size": "would copy words in a row",
    "repetition_penalty": "used before",
    "novel_ngram_penalty": "new wording",
    "cut_penalty": "inside a phrase",
    "names_from_source": "not in the source",
    "speaker_words": "somebody else’s words",
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
# Rules that move a token and never forbid it: not worth a word where another one does.
MOVERS = (
    "repetition_penalty", "novel_ngram_penalty", "cut_penalty", "diversity_penalty", "temperature",
)  # fmt: skip
PHRASE_RULES = {  # rules that forbid a run of tokens, and what they say with the words in question
    "no_repeat_ngram_size": "would repeat “{phrase}”",
    "encoder_no_repeat_ngram_size": "would copy “{phrase}” from the source",
}


def alternatives(trace: Trace, hypothesis: int = 0, fixed: bool = False) -> dict[str, Any]:
    """For every word and each of its tokens: what the model weighed there.

    `fixed` is for where nothing can be run again: nobody is invited to continue.
    """
    about = _about(trace, hypothesis)
    return {
        "words": [
            {
                "text": word.text,
                "special": word.special,
                "pieces": [_piece(trace, hypothesis, step, about[step]) for step in word.tokens],
            }
            for word in summary_words(trace, hypothesis)
        ],
        "fixed": fixed,
    }


def _about(trace: Trace, hypothesis: int) -> list[list[Message]]:
    """For every step: its number, how undecided the model was, and whether it copied."""
    if not trace.hypotheses:
        return []
    entropy, gates = trace.entropy(hypothesis), trace.copy_gate(hypothesis)
    lines = [
        [
            message("step {step} of {steps}", step=step, steps=len(entropy)),
            message("entropy {bits} bits", bits=f"{bits:.1f}"),
        ]
        for step, bits in enumerate(entropy.tolist(), 1)
    ]
    for line, gate in zip(lines, gates.tolist() if gates is not None else (), strict=False):
        line.append(message("copied {share} %", share=f"{100 * gate:.0f}"))
    return lines


def _piece(trace: Trace, hypothesis: int, step: int, about: list[Message]) -> dict[str, Any]:
    weighed = _most_telling(trace.candidates(hypothesis, step))
    chosen = next((one.text for one in weighed if one.chosen), "")
    shared = _shared_rules(weighed)
    return {
        "step": step,
        "text": _shown(chosen),
        "about": [*about, *(message(RULES.get(rule, rule)) for rule in shared)],
        "candidates": [_candidate(trace, hypothesis, step, one, shared) for one in weighed],
    }


def _shared_rules(weighed: list[Alternative]) -> tuple[str, ...]:
    """Rules that moved every candidate that is left: said once, not in every row."""
    left = [one for one in weighed if not math.isinf(one.filtered_log_prob)]
    if len(left) < 2:
        return ()
    return tuple(rule for rule in left[0].rules if all(rule in one.rules for one in left))


def _most_telling(weighed: list[Alternative]) -> list[Alternative]:
    """The most probable ones, and the chosen one however improbable it was."""
    first = weighed[:MOST_CANDIDATES]
    return first + [one for one in weighed[MOST_CANDIDATES:] if one.chosen]


def _candidate(
    trace: Trace, hypothesis: int, step: int, one: Alternative, shared: tuple[str, ...]
) -> dict[str, Any]:
    """One row. What is false or empty is left out: a summary has a thousand of them."""
    blocked = math.isinf(one.filtered_log_prob)
    special = one.text.startswith("<") and one.text.endswith(">")
    silent = {*shared, *(MOVERS if blocked else ())}
    named = [rule for rule in one.rules if rule not in silent]
    row = {
        "rules": [_reason(trace, hypothesis, step, one, rule) for rule in named],
        "chosen": one.chosen,
        "special": special,
        # A rule may be overruled by the reader, but a style's mark is no way to go on.
        "closed": special and one.text != END_TOKEN,
    }
    return {
        "text": _shown(one.text),
        "token_id": one.token_id,
        "raw": round(math.exp(one.log_prob), 4),
        # Penalties can leave log-probs that are no longer a distribution.
        "final": None if blocked else round(min(1.0, math.exp(one.filtered_log_prob)), 4),
    } | {name: value for name, value in row.items() if value}


def _reason(trace: Trace, hypothesis: int, step: int, one: Alternative, rule: str) -> Message:
    """The rule in words; one that forbids a run of tokens names it."""
    size = trace.options.get(rule)
    if rule in PHRASE_RULES and isinstance(size, int) and 0 < size <= step + 1:
        phrase = _phrase(trace, hypothesis, step - size + 1, step, one.text)
        if phrase:
            return message(PHRASE_RULES[rule], phrase=phrase)
    return message(RULES.get(rule, rule.replace("_", " ")))


def _phrase(trace: Trace, hypothesis: int, first: int, step: int, last: str) -> str:
    """Tokens `first` to `step` (not included) of a hypothesis and then `last`, as one line."""
    chosen = trace.hypotheses[hypothesis]
    if first == step:
        return " ".join(last.split())
    start, end = chosen.offsets[first][0], chosen.offsets[step - 1][1]
    inside = start > 0 and not (chosen.text[start].isspace() or chosen.text[start - 1].isspace())
    return ("…" if inside else "") + " ".join((chosen.text[start:end] + last).split())


def _shown(text: str) -> str | Message:
    """A token for reading: a space before it is no part of the word, its absence is."""
    if text == END_TOKEN:
        return message("end of summary")
    shown = text.replace("\n", "↵")
    if not shown or ESCAPED_BYTES.fullmatch(shown.strip()):
        return message("(part of a character)")
    if not shown.strip():
        return message("space")
    return shown.strip() if text[0].isspace() or not text[0].isalnum() else shown
