"""A beam tree laid out: which branch runs in which lane. Knows no trace and no figure.

The tree is cut into branches, each the way of one node's main heir to its end. Branches get
lanes like lines in a graph of commits: the shown one straight on top, the others as near to the
branch they leave as there is room, so that lines rarely cross.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from model.trace import Node

END_ROOM = 2  # steps kept free behind a hypothesis, for its score


@dataclass(frozen=True)
class Branch:
    """Nodes after one another, one a step, that are drawn in one lane."""

    nodes: tuple[int, ...]  # places in the tree
    parent: int | None  # the node it leaves; None when it starts at the first step
    kept: bool  # leads to a hypothesis
    shown: bool  # leads to the one that is looked at


def branches(tree: Sequence[Node], shown: Collection[int]) -> list[Branch]:
    """The tree as branches; `shown` are the nodes of the path looked at.

    Order: the shown one, those that lead to a hypothesis, then those the search dropped; longer
    ones first. A branch always comes behind the one it leaves: that one is longer.
    """
    heirs: dict[int, int] = {}
    depth = [0] * len(tree)  # steps that still follow
    for place in range(len(tree) - 1, -1, -1):  # children stand behind their parents
        parent = tree[place].parent
        if parent is not None:
            depth[parent] = max(depth[parent], depth[place] + 1)
    for place, node in enumerate(tree):
        if node.parent is None:
            continue
        best = heirs.get(node.parent)
        if best is None or _claim(tree, shown, depth, place) > _claim(tree, shown, depth, best):
            heirs[node.parent] = place
    found = []
    for place, node in enumerate(tree):
        if node.parent is not None and heirs[node.parent] == place:
            continue
        nodes = [place]
        while nodes[-1] in heirs:
            nodes.append(heirs[nodes[-1]])
        kept = node.state != "pruned"
        found.append(Branch(tuple(nodes), node.parent, kept, place in shown))
    return sorted(found, key=lambda one: (not one.shown, not one.kept, -len(one.nodes)))


def most_telling(found: Sequence[Branch], most_nodes: int) -> list[Branch]:
    """The branches to draw when all would be more than `most_nodes` nodes, in their order.

    The shown one, hypotheses up to half of the room, dropped branches in the rest; none without
    the one it leaves.
    """
    drawn: list[Branch] = []
    places: set[int] = set()
    for branch in found:
        room = most_nodes // 2 if branch.kept else most_nodes
        attached = branch.parent is None or branch.parent in places
        if branch.shown or (attached and len(places) + len(branch.nodes) <= room):
            drawn.append(branch)
            places.update(branch.nodes)
    return drawn


def lanes(tree: Sequence[Node], found: Sequence[Branch]) -> dict[int, int]:
    """Lane of every node of the branches, 0 on top. No two share a lane at one step."""
    taken: dict[int, set[int]] = {}  # lane → steps
    lane_of: dict[int, int] = {}
    for branch in found:
        first = tree[branch.nodes[0]].step
        # The step before, too: the line that leads here ends beside nobody else's node.
        last = tree[branch.nodes[-1]].step + (END_ROOM if branch.kept else 0)
        steps = range(max(0, first - 1), last + 1)
        wanted = lane_of[branch.parent] + 1 if branch.parent is not None else 0
        lane = _nearest_free(taken, steps, wanted)
        taken.setdefault(lane, set()).update(steps)
        lane_of |= dict.fromkeys(branch.nodes, lane)
    return lane_of


def _claim(
    tree: Sequence[Node], shown: Collection[int], depth: Sequence[int], place: int
) -> tuple[bool, bool, int, float]:
    node = tree[place]
    return place in shown, node.state != "pruned", depth[place], node.score


def _nearest_free(taken: dict[int, set[int]], steps: range, wanted: int) -> int:
    """The free lane nearest to the one wanted; lane 0 is only for who wants it."""
    for distance in range(len(taken) + wanted + 1):
        for lane in (wanted + distance, wanted - distance):
            if (lane > 0 or lane == wanted) and taken.get(lane, set()).isdisjoint(steps):
                return lane
    return max(taken, default=-1) + 1
