"""A run without personal data: nothing of it is left in any file, and the files open again."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from plotly.offline import get_plotlyjs

from demo.privacy.hiding import KEEP, NAMES, NUMBERS, masked_shown, what_is_masked
from demo.privacy.masked_runs import masked_run
from demo.privacy.masking import MASK
from demo.session import Run, Session
from demo.transfer.files import copied_summary, saved_json, saved_report
from demo.transfer.saved_runs import load_run
from model.trace import Hypothesis, Source, SourceToken, Step, Trace
from tests.demo.made import said

# Two beams part at the third token; the one that is given up goes on with half a number.
TOKENS = ["<s>", "Call", " Ada", " soon on", " +44", " 20 7946", " 0958", ".", "</s>"]
KEPT = (1, 2, 3, 4, 5, 6, 8)
SECRETS = ("Ada", "+44", "7946", "0958")


def spans(texts: Sequence[str]) -> tuple[tuple[int, int], ...]:
    found, place = [], 0
    for text in texts:
        width = 0 if text.startswith("<") else len(text)
        found.append((place, place + width))
        place += width
    return tuple(found)


def step(place: int) -> Step:
    """Beam 0 writes token `KEPT[place]`; beam 1 the same, and from the fifth on a full stop."""
    ids = [KEPT[place], 7 if place > 4 else KEPT[place]]
    rows = 1 if place == 0 else 2
    candidates = np.array([[id, 2, 3] for id in ids[:rows]])
    probabilities = np.log(np.full((rows, 3), 0.3, dtype=np.float32))
    return Step(
        parents=np.array([0, 0] if place == 0 else [0, 1]),
        token_ids=np.array(ids),
        scores=np.array([-1.0, -2.0], dtype=np.float32),
        token_log_probs=np.full(2, -1.0, dtype=np.float32),
        ranks=np.array([0, 0]),
        top_ids=candidates,
        top_log_probs=probabilities,
        filtered_log_probs=probabilities,
        entropy=np.ones(rows, dtype=np.float32),
        rules=(((),) * 3,) * rows,
        cross_attention=np.full((rows, 1, 1, len(TOKENS)), 1 / len(TOKENS), dtype=np.float32),
        copy_gate=None,
    )


@pytest.fixture
def run() -> Run:
    text = "".join(TOKENS[1:-1])
    source = tuple(
        SourceToken(id, text, *span)
        for id, (text, span) in enumerate(zip(TOKENS, spans(TOKENS), strict=True))
    )
    written = [TOKENS[id] for id in KEPT]
    best = Hypothesis("".join(written[:-1]), KEPT, spans(written), (0,) * 7, -7.0, -1.0, True)
    trace = Trace(
        source=Source(text, source, None, 0, len(text)),
        steps=tuple(step(place) for place in range(7)),
        hypotheses=(best,),
        options={"num_beams": 2, "forced_prefix": "Call Ada", "bad_words": ["+44 20 7946 0958"]},
        model={"name": "made by hand", "family": "rnn", "fingerprint": "0"},
        vocabulary=dict(enumerate(TOKENS)),
    )
    return Run(trace, "from “Ada”", parts=(trace,), document=f"{text} {text}")


@pytest.fixture
def session(run: Run) -> Session:
    return Session().adding(run)


def test_nothing_personal_is_left_in_what_is_taken_along(session: Session) -> None:
    for take in (saved_json, saved_report, copied_summary):
        plain, masked = ("".join(take(session, mask)[0].values()) for mask in (KEEP, NAMES))
        masked = masked.replace(get_plotlyjs(), "")  # which has words and numbers of its own
        assert "Ada" in plain
        assert [secret for secret in SECRETS if secret in masked] == []
        assert MASK in masked


def test_the_number_of_a_token_does_not_tell_it(run: Run) -> None:
    trace = masked_run(run, names=True).trace
    hidden = {2, 4, 5, 6}
    assert not hidden & {token.id for token in trace.source.tokens}
    assert not hidden & set(trace.hypotheses[0].token_ids)
    assert not hidden & trace.vocabulary.keys()
    for one in trace.steps:
        assert not hidden & {*one.token_ids.tolist(), *one.top_ids.ravel().tolist()}


def test_a_masked_run_opens_again_with_every_place_where_it_was(session: Session, run: Run) -> None:
    again = load_run(saved_json(session, NAMES)[0]["text"]).trace
    assert load_run(saved_report(session, NAMES)[0]["text"]).trace.to_json() == again.to_json()
    assert (
        again.source.text == f"Call {MASK * 3} soon on {MASK * 3} {MASK * 2} {MASK * 4} {MASK * 4}."
    )
    assert again.hypotheses[0].text == again.source.text.removesuffix(".")
    assert again.hypotheses[0].offsets == run.trace.hypotheses[0].offsets
    assert np.allclose(again.attention(0), run.trace.attention(0), atol=1e-3)
    assert np.array_equal(again.token_log_probs(0), run.trace.token_log_probs(0))
    assert [one.chosen for one in again.candidates(0, 1)] == [True, False, False]
    assert [node.text for node in again.tree()][-1] == "."  # where the other beam said nothing


def test_names_stay_where_only_numbers_are_masked(session: Session) -> None:
    text = copied_summary(session, NUMBERS)[0]["copy"]
    assert text.startswith(f"Call Ada soon on {MASK * 3} ")


def test_the_list_says_what_is_masked_kind_by_kind(session: Session) -> None:
    assert what_is_masked(session, KEEP) == {}
    shown = what_is_masked(session, NAMES)
    assert [(one["kind"], one["texts"]) for one in shown["kinds"]] == [
        ("phone", ["+44 20 7946 0958"]),
        ("name", ["Ada"]),
    ]
    assert "2" in said(shown["says"])
    masked = masked_shown(session, NAMES)
    assert "masked in this run" in said(masked.summary["notice"][-1])
    assert "Ada" not in str(masked.history["runs"][1])
    assert what_is_masked(masked.session, NAMES)["kinds"] == []


def test_a_run_without_recorded_steps_is_masked_too(run: Run) -> None:
    best = dataclasses.replace(run.trace.hypotheses[0], rows=())
    bare = dataclasses.replace(run.trace, steps=(), hypotheses=(best,), vocabulary={})
    masked = masked_run(Run(bare, "x"), names=True).trace
    assert Trace.from_json(masked.to_json()).hypotheses[0].text.startswith(f"Call {MASK * 3}")
    assert not {2, 4, 5, 6} & set(masked.hypotheses[0].token_ids)
