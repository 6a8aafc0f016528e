"""What a caller may ask of the decoder: one frozen record that checks itself. No torch here.

Names and meanings are those of Hugging Face's `GenerationConfig`, which has no `names_from_source`,
`word_pairs_once`, `novel_ngram_penalty`, `cut_penalty`, `coverage_penalty`, `seed` and
`record_top_k`. For the models trained here (`strategies.manners`) rules work on log-probabilities,
since a copy mixture has no logits, and "tokens so far" leave out the decoder's start token.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

MAX_BAD_WORDS = 200
MAX_BAD_WORD_CHARACTERS = 100
MAX_PREFIX_CHARACTERS = 20_000  # a summary of any length can be continued from anywhere
MAX_CONTRASTIVE_TOP_K = 64  # each candidate is a decoder row of its own

Strategy = Literal["greedy", "beam", "diverse_beam", "sample", "contrastive"]


@dataclass(frozen=True)
class Limit:
    """The numbers a field accepts: `low` to `high`, both included unless `above_low`."""

    low: float
    high: float
    above_low: bool = False  # `low` itself is refused

    def __str__(self) -> str:
        if self.above_low:
            return f"above {self.low:g} and at most {self.high:g}"
        return f"between {self.low:g} and {self.high:g}"

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high and not (self.above_low and value == self.low)


LIMITS: Mapping[str, Limit] = {
    "num_beams": Limit(1, 64),
    "temperature": Limit(0, 100, above_low=True),
    "top_k": Limit(0, 300_000),
    "top_p": Limit(0, 1, above_low=True),
    "min_p": Limit(0, 1),
    "typical_p": Limit(0, 1, above_low=True),
    "penalty_alpha": Limit(0, 1),
    "num_beam_groups": Limit(1, 64),
    "diversity_penalty": Limit(0, 100),
    "length_penalty": Limit(-10, 10),
    "coverage_penalty": Limit(0, 10),
    "min_new_tokens": Limit(0, 4_096),
    "max_new_tokens": Limit(1, 4_096),
    "no_repeat_ngram_size": Limit(0, 64),
    "encoder_no_repeat_ngram_size": Limit(0, 64),
    "repetition_penalty": Limit(0, 100, above_low=True),
    "novel_ngram_penalty": Limit(0, 100),
    "cut_penalty": Limit(0, 100),
    "seed": Limit(0, 2**63 - 1),
    "record_top_k": Limit(0, 100),
}


@dataclass(frozen=True, kw_only=True)
class DecodingOptions:
    """How to search for a summary. Out-of-range and contradictory values raise `ValueError`.

    >>> DecodingOptions(num_beams=1).strategy
    'greedy'
    """

    num_beams: int = 4  # live hypotheses kept per step; 1 is greedy
    do_sample: bool = False  # draw from the distribution; needs num_beams=1
    temperature: float = 1.0  # sampling: log_softmax(log_probs / temperature)
    top_k: int = 50  # sampling: keep the k most probable, 0 is off; contrastive: candidates
    top_p: float = 1.0  # sampling: smallest set of tokens with at least this probability
    min_p: float = 0.0  # sampling: keep tokens with p >= min_p * the largest p
    typical_p: float = 1.0  # sampling: this mass of tokens with -log p nearest the entropy
    penalty_alpha: float | None = None  # contrastive: (1 - a) * p - a * max cosine; None is off
    num_beam_groups: int = 1  # diverse beam search (Vijayakumar et al. 2016)
    diversity_penalty: float = 0.0  # log-prob - this * uses by earlier groups; after other rules
    length_penalty: float = 1.0  # score = sum of log-probs / length^this; larger favours longer
    early_stopping: bool | Literal["never"] = False  # True: stop at num_beams ends; see `search`
    coverage_penalty: float = 0.0  # adds this * sum_s log(min(attention spent on s, 1)) (Wu 2016)
    min_new_tokens: int = 0  # no end token before so many tokens
    max_new_tokens: int = 128  # the end token counts; a model that writes less cuts this default
    no_repeat_ngram_size: int = 3  # no n-gram of this size twice; 0 is off
    word_pairs_once: bool = False  # no two words twice in a sentence; see `repeating`
    encoder_no_repeat_ngram_size: int = 0  # no n-gram of the source; never blocks the end token
    repetition_penalty: float = 1.0  # log-prob of tokens so far * this; above 1 discourages
    novel_ngram_penalty: float = 0.0  # log-prob - this for wording of its own; see `wording`
    cut_penalty: float = 0.0  # log-prob - this where an end or start cuts a phrase; see `ending`
    names_from_source: bool = False  # no new name or number; see `naming`, `speaking`, `rules`
    bad_words: tuple[str, ...] = ()  # texts that are never written
    forced_prefix: str = ""  # the summary begins with this text, at no cost (log-prob 0)
    seed: int = 0  # of sampling; every source draws from a generator of its own
    record_top_k: int = 10  # candidates per row in the record; 0 records no steps at all

    def __post_init__(self) -> None:
        for name in LIMITS:
            self._check_number(name)
        for name in ("do_sample", "names_from_source", "word_pairs_once"):
            self._check_choice(name, getattr(self, name))
        if self.early_stopping != "never":
            self._check_choice("early_stopping", self.early_stopping, ' or "never"')
        self._check_texts()
        self._check_together()

    @property
    def strategy(self) -> Strategy:
        """Which search these options ask for."""
        if self.do_sample:
            return "sample"
        if self.penalty_alpha is not None:
            return "contrastive"
        if self.num_beam_groups > 1:
            return "diverse_beam"
        return "beam" if self.num_beams > 1 else "greedy"

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        values = dataclasses.asdict(self)
        return {**values, "bad_words": list(self.bad_words)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DecodingOptions:
        """The inverse of `to_dict`; fields left out have their defaults, unknown ones raise."""
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(str(name)[:80] for name in values if name not in known)
        if unknown:
            raise ValueError(f"unknown decoding options: {', '.join(unknown[:10])}")
        return cls(**values)

    def _check_number(self, name: str) -> None:
        """Type and range of one number; whole values given for a float become floats."""
        value = getattr(self, name)
        is_float = name in _FLOATS
        if value is None and name == "penalty_alpha":
            return
        kinds = (int, float) if is_float else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds):
            kind = "a number" if is_float else "a whole number"
            raise ValueError(f"{name} must be {kind} {LIMITS[name]}, got {value!r:.80}")
        if value not in LIMITS[name]:  # neither is any NaN
            raise ValueError(f"{name} must be {LIMITS[name]}, got {value!r:.80}")
        if is_float:
            object.__setattr__(self, name, float(value))

    @staticmethod
    def _check_choice(name: str, value: object, other: str = "") -> None:
        """Truth values by type: 0 and 1 equal them, and are mistakes."""
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be True or False{other}, got {value!r:.80}")

    def _check_texts(self) -> None:
        """`bad_words` and `forced_prefix`: types, numbers and lengths."""
        words = self.bad_words
        if not isinstance(words, tuple | list) or not all(isinstance(w, str) for w in words):
            raise ValueError(f"bad_words must be a tuple of texts, got {words!r:.80}")
        object.__setattr__(self, "bad_words", tuple(words))
        if len(words) > MAX_BAD_WORDS:
            raise ValueError(f"bad_words has {len(words)} entries, at most {MAX_BAD_WORDS} allowed")
        for word in words:
            if not word.strip() or len(word) > MAX_BAD_WORD_CHARACTERS:
                raise ValueError(
                    f"bad_words must each have 1 to {MAX_BAD_WORD_CHARACTERS} characters "
                    f"besides whitespace, got one of {len(word)}: {word!r:.40}"
                )
        if not isinstance(self.forced_prefix, str):
            raise ValueError(f"forced_prefix must be text, got {self.forced_prefix!r:.80}")
        if len(self.forced_prefix) > MAX_PREFIX_CHARACTERS:
            raise ValueError(
                f"forced_prefix has {len(self.forced_prefix)} characters, "
                f"at most {MAX_PREFIX_CHARACTERS} allowed"
            )

    def _check_together(self) -> None:
        """Options that are fine alone and contradict each other."""
        beams, groups = self.num_beams, self.num_beam_groups
        if self.do_sample and self.penalty_alpha is not None:
            raise ValueError(
                f"do_sample=True draws and penalty_alpha={self.penalty_alpha:g} ranks: choose one"
            )
        if self.do_sample and beams > 1:
            raise ValueError(f"do_sample=True draws one summary: needs num_beams=1, got {beams}")
        if self.penalty_alpha is not None and beams > 1:
            raise ValueError(
                f"penalty_alpha={self.penalty_alpha:g} searches one summary: "
                f"needs num_beams=1, got {beams}"
            )
        if self.penalty_alpha is not None and not 2 <= self.top_k <= MAX_CONTRASTIVE_TOP_K:
            raise ValueError(
                f"penalty_alpha chooses among top_k candidates: top_k must be between 2 and "
                f"{MAX_CONTRASTIVE_TOP_K} with it, got {self.top_k}"
            )
        if beams % groups:
            raise ValueError(f"num_beam_groups must divide num_beams ({beams}), got {groups}")
        if groups > 1 and self.diversity_penalty == 0:
            raise ValueError(
                f"num_beam_groups={groups} without diversity_penalty searches the same thing "
                f"{groups} times: diversity_penalty must be above 0, got 0"
            )
        if groups == 1 and self.diversity_penalty > 0:
            raise ValueError(
                f"diversity_penalty={self.diversity_penalty:g} keeps groups apart: "
                f"needs num_beam_groups of at least 2, got 1"
            )
        if self.min_new_tokens > self.max_new_tokens:
            raise ValueError(
                f"min_new_tokens must be at most max_new_tokens ({self.max_new_tokens}), "
                f"got {self.min_new_tokens}"
            )


# From the annotations, not the defaults: `penalty_alpha` is a float whose default is None.
_FLOATS = {f.name for f in dataclasses.fields(DecodingOptions) if str(f.type).startswith("float")}

_SAMPLING = ("temperature", "top_k", "top_p", "min_p", "typical_p", "seed")
_RANKING = ("length_penalty", "early_stopping", "coverage_penalty")
_GROUPS = ("num_beam_groups", "diversity_penalty")


def without_effect(options: DecodingOptions) -> dict[str, str]:
    """The fields that change nothing about the summary under these options, and why."""
    strategy = options.strategy
    reasons: dict[str, str] = {}
    if strategy != "sample":
        reasons |= dict.fromkeys(_SAMPLING, "Only sampling uses it (do_sample).")
    if strategy == "contrastive":
        del reasons["top_k"]
    if strategy in ("beam", "diverse_beam"):
        reasons["do_sample"] = "Beams and sampling exclude each other: set num_beams to 1."
        reasons["penalty_alpha"] = (
            "Beams and contrastive search exclude each other: set num_beams to 1."
        )
    else:
        one = "It ranks hypotheses, and this strategy follows one (needs num_beams above 1)."
        reasons |= dict.fromkeys(_RANKING, one)
        reasons |= dict.fromkeys(_GROUPS, "Groups need beams (num_beams above 1).")
    if strategy == "beam":
        reasons["diversity_penalty"] = "It keeps groups apart (needs num_beam_groups above 1)."
    if strategy == "sample":
        reasons["num_beams"] = "Sampling draws one summary."
        reasons["penalty_alpha"] = "Sampling and contrastive search exclude each other."
    if strategy == "contrastive":
        reasons["num_beams"] = "Contrastive search follows one summary."
        reasons["do_sample"] = "Sampling and contrastive search exclude each other."
    return reasons
