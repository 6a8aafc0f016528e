"""How a model writes: what no option asks for and every run keeps.

The options of one made elsewhere were chosen with the `transformers` library, so its rules mean
what they mean there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Manners:
    """Rules of one model, in token ids."""

    first_ids: tuple[int, ...] = ()  # every summary begins with these
    banned_ids: tuple[tuple[int, ...], ...] = ()  # sequences that are never written
    ends_at_limit: bool = False  # the last token that max_new_tokens allows is the end token
    # For rules on repetition, the decoder's start token is written and the source's end is source.
    counts_special: bool = False
    # repetition_penalty is for logits where one summary is followed; for log-probs with beams.
    penalises_logits: bool = False
    # With beams, a summary that ended comes before one that was cut at max_new_tokens.
    whole_first: bool = False


OWN = Manners(whole_first=True)  # of the models trained here
