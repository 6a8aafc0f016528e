"""The beam tree: every continuation a search chose, and what became of it. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from model.records.record import Hypothesis, Step


@dataclass(frozen=True)
class Node:
    """One chosen continuation."""

    step: int
    row: int  # child row of its step
    parent: int | None  # place of the parent in the tree; None for the first token
    token_id: int
    text: str
    score: float  # sum of log-probs (after rules) up to here
    state: Literal["live", "finished", "pruned"]  # live: leads to a hypothesis; finished: ends one


def beam_tree(
    steps: Sequence[Step], hypotheses: Sequence[Hypothesis], vocabulary: Mapping[int, str]
) -> tuple[Node, ...]:
    """All nodes, step by step and row by row: the parents of the steps read backwards."""
    # To have looked at a pruned continuation doesn't change what the search did.
    found = [hypothesis for hypothesis in hypotheses if hypothesis.searched]
    finished = {
        (len(hypothesis.rows) - 1, hypothesis.rows[-1])
        for hypothesis in found
        if hypothesis.finished and hypothesis.rows
    }
    kept = {place for hypothesis in found for place in enumerate(hypothesis.rows)}
    nodes: list[Node] = []
    previous_start = start = 0
    for number, step in enumerate(steps):
        for row, (parent, id, score) in enumerate(
            zip(step.parents.tolist(), step.token_ids.tolist(), step.scores.tolist(), strict=True)
        ):
            place = (number, row)
            nodes.append(
                Node(
                    step=number,
                    row=row,
                    parent=previous_start + parent if number else None,
                    token_id=id,
                    text=vocabulary.get(id, ""),
                    score=score,
                    state="finished"
                    if place in finished
                    else "live"
                    if place in kept
                    else "pruned",
                )
            )
        previous_start, start = start, len(nodes)
    return tuple(nodes)
