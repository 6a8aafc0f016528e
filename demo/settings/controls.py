"""One row for every field of `DecodingOptions` that the page shows. Knows no layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from model.options import DecodingOptions
from model.style_options import STYLE_OPTIONS

LENGTHS = ("max_new_tokens", "min_new_tokens")  # options that a model limits
SHORTEST, MAX_LENGTH = 1, 256  # tokens; a model may allow less
MAX_BEAMS = 16  # on the page and its endpoints; one request must not hold the others up
# Options that a style sets.
STYLED = tuple(dict.fromkeys(name for suited in STYLE_OPTIONS.values() for name in suited))
Group = Literal["search", "length", "repetition", "sampling", "words"]
GROUPS: dict[Group, str] = {
    "search": "Search",
    "length": "Length",
    "repetition": "Repetition",
    "sampling": "Sampling",
    "words": "Words and record",
}


@dataclass(frozen=True)
class Control:
    """How one option is shown. `value` is where it starts; None takes the option's default."""

    name: str
    label: str
    help: str
    group: Group
    range: tuple[float, float, float] | None = None  # low, high, step of a slider
    choices: tuple[tuple[str, Any], ...] = ()  # label and value of a choice
    value: Any = None
    main: bool = False  # shown without opening all settings

    @property
    def start(self) -> Any:
        """The value the control has at first."""
        if self.value is not None:
            return self.value
        default = getattr(DecodingOptions, self.name)
        return ", ".join(default) if isinstance(default, tuple) else default


CONTROLS: tuple[Control, ...] = (
    Control(
        "num_beams",
        "Beams",
        "Hypotheses kept at every step.",
        "search",
        (2, MAX_BEAMS, 1),
        main=True,
    ),
    Control(
        "length_penalty",
        "Length penalty",
        "Score = sum of log-probabilities / length^this. Larger favours longer.",
        "search",
        (-2.0, 4.0, 0.1),
        main=True,
    ),
    Control(
        "max_new_tokens",
        "Longest (tokens)",
        "The end mark counts, too.",
        "length",
        (SHORTEST, MAX_LENGTH, 1),
        main=True,
    ),
    Control(
        "min_new_tokens",
        "Shortest (tokens)",
        "No end before so many tokens.",
        "length",
        (0, MAX_LENGTH, 1),
        main=True,
    ),
    Control(
        "cut_penalty",
        "Cut penalty",
        "Taken off a beginning or end inside a phrase of the source; 0 is off.",
        "length",
        (0.0, 8.0, 0.25),
    ),
    Control(
        "no_repeat_ngram_size",
        "No repeated n-gram",
        "No run of so many tokens appears twice; 0 is off.",
        "repetition",
        (0, 10, 1),
        main=True,
    ),
    Control(
        "early_stopping",
        "Stop early",
        "When the search is content with what has ended.",
        "search",
        choices=(
            ("when nothing better is likely", "no"),
            ("at the first full set", "yes"),
            ("never, search on", "never"),
        ),
        value="no",
    ),
    Control(
        "coverage_penalty",
        "Coverage penalty",
        "Favours summaries that look at all of the source.",
        "search",
        (0.0, 5.0, 0.1),
    ),
    Control(
        "num_beam_groups",
        "Beam groups",
        "Groups search for different things; divides the beams.",
        "search",
        (2, 8, 1),
        value=2,
    ),
    Control(
        "diversity_penalty",
        "Diversity penalty",
        "How strongly groups keep apart.",
        "search",
        (0.1, 5.0, 0.1),
        value=0.5,
    ),
    Control(
        "penalty_alpha",
        "Penalty alpha",
        "Weight of being unlike what was written before.",
        "search",
        (0.0, 1.0, 0.05),
        value=0.6,
    ),
    Control(
        "encoder_no_repeat_ngram_size",
        "No copied n-gram",
        "No run of so many tokens is taken from the source; 0 is off.",
        "repetition",
        (0, 10, 1),
    ),
    Control(
        "word_pairs_once",
        "Word pairs in a sentence",
        "Whether two words in a row, or one, may come again in it.",
        "repetition",
        choices=(("any", "no"), ("once only", "yes")),
        value="no",
    ),
    Control(
        "repetition_penalty",
        "Repetition penalty",
        "Above 1 discourages tokens used before.",
        "repetition",
        (0.5, 3.0, 0.05),
    ),
    Control(
        "novel_ngram_penalty",
        "New wording penalty",
        "Taken off tokens that the source never has after the last two; 0 is off.",
        "repetition",
        (0.0, 8.0, 0.05),
    ),
    Control(
        "temperature",
        "Temperature",
        "Below 1 sharpens, above 1 flattens.",
        "sampling",
        (0.05, 3.0, 0.05),
        main=True,
    ),
    Control("top_k", "Top k", "Keep the k most probable; 0 is off.", "sampling", (0, 200, 1)),
    Control(
        "top_p",
        "Top p",
        "Keep the smallest set with this probability.",
        "sampling",
        (0.05, 1.0, 0.01),
        main=True,
    ),
    Control(
        "min_p",
        "Min p",
        "Keep tokens with at least this share of the best one.",
        "sampling",
        (0.0, 1.0, 0.01),
    ),
    Control(
        "typical_p",
        "Typical p",
        "Keep this mass of the most typical tokens.",
        "sampling",
        (0.05, 1.0, 0.01),
    ),
    Control("seed", "Seed", "The same seed gives the same summary.", "sampling", (0, 9_999, 1)),
    Control(
        "names_from_source",
        "Names and numbers",
        "Whether some may be new, and reported words somebody else’s.",
        "words",
        choices=(("any", "no"), ("from the source only", "yes")),
        value="no",
    ),
    Control("forced_prefix", "Begins with", "The summary starts with this text.", "words"),
    Control("bad_words", "Never write", "Words and phrases, separated by commas.", "words"),
    Control(
        "record_top_k",
        "Candidates recorded",
        "Alternatives kept for every step.",
        "words",
        (1, 50, 1),
    ),
)
CONTROL_NAMES = tuple(control.name for control in CONTROLS)


def start_of(name: str) -> Any:
    """Where the control of this name starts."""
    return next(control.start for control in CONTROLS if control.name == name)
