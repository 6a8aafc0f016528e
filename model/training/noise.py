"""Training sources disturbed as pasted texts are, so that a model has seen capitals and typos.

The references stay as they are: the model learns to write well about a text that isn't.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from model.training.perturbations import PERTURBATIONS
from model.training.rows import Row

# Not the paragraph in German: it is one text, which training would learn by heart.
KINDS = (
    "typos", "lower case", "upper case", "no punctuation", "as a letter",
    "paragraph of another text",
)  # fmt: skip


def noisy(rows: Sequence[Row], share: float) -> Iterator[Row]:
    """The rows, a `share` of them with a disturbed source. The same rows get the same noise.

    Raises ValueError for a share outside of [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"noise_share must be in [0, 1], got {share}")
    for row in rows:
        dice = random.Random(f"{row.style} {row.source}")
        if dice.random() >= share:
            yield row
            continue
        perturb = PERTURBATIONS[dice.choice(KINDS)]
        others = [dice.choice(rows).source]
        yield replace(row, source=perturb(row.source, dice, others))
