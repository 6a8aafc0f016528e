"""The beam tree as a figure: each point is a node, lanes never collide, big trees stay small."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from demo.plots import beam_tree
from demo.plots.branches import branches, lanes, most_telling
from demo.plots.tree import MOST_NODES, STYLES
from model.trace import Hypothesis, Node, Step, Trace
from tests.demo.made import english, make_trace

WORDS = {2: "</s>", 20: "A", 21: "<b>", 22: " cat", 23: " dog", 24: " sat"}


def beam_step(parents: list[int], ids: list[int], scores: list[float]) -> Step:
    """A step that records choices only."""
    rows = max(parents) + 1
    return Step(
        parents=np.array(parents),
        token_ids=np.array(ids),
        scores=np.array(scores),
        token_log_probs=np.full(len(ids), -0.5),
        ranks=np.zeros(len(ids), dtype=int),
        top_ids=np.zeros((rows, 1), dtype=int),
        top_log_probs=np.zeros((rows, 1)),
        filtered_log_probs=np.zeros((rows, 1)),
        entropy=np.ones(rows),
        rules=(((),),) * rows,
        cross_attention=None,
        copy_gate=None,
    )


def hypothesis(
    text: str, ids: tuple[int, ...], rows: tuple[int, ...], finished: bool
) -> Hypothesis:
    return Hypothesis(text, ids, ((0, 0),) * len(ids), rows, -1.0, -0.5, finished)


@pytest.fixture
def beams() -> Trace:
    """ "A cat" ended, "A cat sat" did not, "A dog" and "<b>" were dropped."""
    return dataclasses.replace(
        make_trace(),
        steps=(
            beam_step([0, 0], [20, 21], [-0.5, -1.0]),
            beam_step([0, 0], [22, 23], [-1.0, -1.5]),
            beam_step([0, 0], [2, 24], [-1.2, -1.6]),
        ),
        hypotheses=(
            hypothesis("A cat", (20, 22, 2), (0, 0, 0), True),
            hypothesis("A cat sat", (20, 22, 24), (0, 0, 1), False),
        ),
        vocabulary=WORDS,
    )


def wide(beams: int, steps: int) -> Trace:
    """Every beam continues the one beside it, so that all ways cross and most are dropped."""
    made = [beam_step([0] * beams, [22] * beams, [-1.0] * beams)]
    parents = [[(row * 7 + step) % beams // 2 for row in range(beams)] for step in range(steps - 1)]
    made += [beam_step(one, [22] * beams, [-1.0] * beams) for one in parents]
    made = [dataclasses.replace(step, top_ids=np.zeros((beams, 1), dtype=int)) for step in made]
    ends = []
    for end in range(beams):
        row, rows = end, [end]
        for one in reversed(parents):
            row = one[row]
            rows.insert(0, row)
        ends.append(hypothesis(" cat" * steps, (22,) * steps, tuple(rows), False))
    return dataclasses.replace(
        make_trace(), steps=tuple(made), hypotheses=tuple(ends), vocabulary=WORDS
    )


def nodes_of(figure: object) -> object:
    return next(one for one in figure.data if one.mode == "markers+text")  # type: ignore[attr-defined]


def test_every_point_is_the_node_that_meta_says(beams: Trace) -> None:
    figure = beam_tree(beams)
    points = nodes_of(figure)
    assert figure.layout.meta["axis"] is None
    assert len(figure.layout.meta["nodes"]) == len(points.x) == 6
    by_place = {(node.step, node.row): node for node in beams.tree()}
    for at, symbol, x in zip(
        figure.layout.meta["nodes"], points.marker.symbol, points.x, strict=True
    ):
        node = by_place[tuple(at)]
        assert symbol == STYLES[node.state]["symbol"]
        assert x == node.step


def test_states_differ_in_shape_as_well_as_colour() -> None:
    assert len({style["symbol"] for style in STYLES.values()}) == 3
    assert len({style["color"] for style in STYLES.values()}) == 3


def test_the_shown_hypothesis_runs_straight_on_top(beams: Trace) -> None:
    for place, rows in enumerate(((0, 0, 0), (0, 0, 1))):
        figure = beam_tree(beams, place)
        lane = dict(zip(map(tuple, figure.layout.meta["nodes"]), nodes_of(figure).y, strict=True))
        assert [lane[at] for at in enumerate(rows)] == [0, 0, 0]
        assert min(lane.values()) == 0


def test_hovering_says_the_text_so_far_and_its_score(beams: Trace) -> None:
    figure = beam_tree(beams)
    hover = dict(
        zip(
            map(tuple, figure.layout.meta["nodes"]),
            map(english, nodes_of(figure).hovertext),
            strict=True,
        )
    )
    assert hover[1, 1].startswith("A dog<br>pruned")
    assert "-1.500" in hover[1, 1]
    assert hover[2, 0].startswith("A cat<br>finished")
    assert "hypothesis 1 · score -0.500" in hover[2, 0]
    assert hover[0, 1].startswith("&lt;b&gt;<br>")


def test_one_hypothesis_is_no_tree(trace: Trace) -> None:
    figure = beam_tree(trace)
    assert "beam search" in figure.layout.annotations[0].text
    assert "nodes" not in figure.layout.meta


def test_a_run_without_steps_says_so(beams: Trace) -> None:
    figure = beam_tree(dataclasses.replace(beams, steps=()))
    assert "no steps" in figure.layout.annotations[0].text


@pytest.mark.parametrize("beam_count", [2, 5, 16])
def test_no_two_nodes_share_a_place(beam_count: int) -> None:
    trace = wide(beam_count, 30)
    tree = trace.tree()
    shown = {
        step * beam_count + row for step, row in enumerate(trace.hypotheses[3 % beam_count].rows)
    }
    lane_of = lanes(tree, branches(tree, shown))
    assert len(lane_of) == len(tree)
    assert len({(tree[place].step, lane) for place, lane in lane_of.items()}) == len(tree)
    assert {lane_of[place] for place in shown} == {0}


def test_big_trees_leave_out_the_shortest_branches_and_say_so() -> None:
    trace = wide(16, 120)
    figure = beam_tree(trace, 5)
    drawn = {tuple(at) for at in figure.layout.meta["nodes"]}
    assert len(drawn) <= MOST_NODES
    assert set(enumerate(trace.hypotheses[5].rows)) <= drawn
    assert f" / {16 * 120:,}" in figure.layout.annotations[0].text
    assert len(figure.to_json()) < 200_000
    parent = {(node.step, node.row): node.parent for node in trace.tree()}
    at = [(node.step, node.row) for node in trace.tree()]
    assert all(parent[one] is None or at[parent[one]] in drawn for one in drawn)


def test_dropped_branches_have_room_beside_many_hypotheses() -> None:
    def chain(start: int, length: int, state: str, parent: int | None) -> list[Node]:
        return [
            Node(step, 0, parent if not step else start + step - 1, 1, "x", -1.0, state)  # type: ignore[arg-type]
            for step in range(length)
        ]

    tree = [*chain(0, 4, "live", None), *chain(4, 4, "live", None), *chain(8, 3, "pruned", None)]
    found = most_telling(branches(tree, {0, 1, 2, 3}), 7)
    assert [(one.shown, one.kept) for one in found] == [(True, True), (False, False)]
