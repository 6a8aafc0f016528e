"""Leading a run another way, over both families."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from model import DecodingOptions, Summarizer, Trace, running
from tests.tiny_models import BEAMS, GREEDY, SAMPLE, TEXT

EOS = 2


@pytest.fixture(scope="module")
def trace(tiny: Summarizer) -> Trace:
    return tiny.summarize(TEXT, BEAMS, "title").trace


def last(tiny: Summarizer, trace: Trace, step: int, **asked: object) -> Trace:
    *_, update = tiny.continue_from(trace, 0, step, **asked)
    assert update.trace is not None
    assert update.text == update.trace.hypotheses[0].text
    return update.trace


@pytest.mark.parametrize("options", [None, GREEDY, SAMPLE])
def test_a_continuation_keeps_the_tokens_and_goes_on_with_the_choice(
    tiny: Summarizer,
    trace: Trace,
    options: DecodingOptions | None,
) -> None:
    ids = trace.hypotheses[0].token_ids
    known = [c.token_id for c in trace.candidates(0, 3) if c.token_id > 9 and not c.chosen]
    again = last(tiny, trace, 3, token_id=known[0], options=options)
    for hypothesis in again.hypotheses:
        assert hypothesis.token_ids[:4] == (*ids[:3], known[0])
    assert (again.source, again.model) == (trace.source, trace.model)
    expected = options or BEAMS
    prefix = again.options["forced_prefix"]
    assert DecodingOptions.from_dict(again.options) == dataclasses.replace(
        expected, forced_prefix=prefix
    )
    assert again.hypotheses[0].text.startswith(prefix)
    # The model's own probabilities of what was kept are those of the first run.
    np.testing.assert_allclose(
        again.token_log_probs(0)[:3], trace.token_log_probs(0)[:3], atol=1e-3
    )


def test_choosing_what_was_chosen_changes_nothing_under_greedy_search(tiny: Summarizer) -> None:
    first = tiny.summarize(TEXT, GREEDY).trace
    for step, id in enumerate(first.hypotheses[0].token_ids):
        if id > 9:
            again = last(tiny, first, step, token_id=id)
            assert again.hypotheses[0].token_ids == first.hypotheses[0].token_ids


def test_a_typed_word_gets_the_space_of_the_token_in_its_place(tiny: Summarizer) -> None:
    options = DecodingOptions(num_beams=1, max_new_tokens=20, forced_prefix="The council voted xyz")
    first = tiny.summarize(TEXT, options).trace
    shown = first.vocabulary
    ids = first.hypotheses[0].token_ids
    voted = next(n for n, id in enumerate(ids) if shown[id].startswith(" v"))
    assert last(tiny, first, voted, text="rise").hypotheses[0].text.startswith("The council rise")
    assert last(tiny, first, voted, text="  x ").options["forced_prefix"] == "The council  x"
    assert last(tiny, first, 0, text="Rise").hypotheses[0].text.startswith("Rise")
    cut = next(n for n, id in enumerate(ids) if n and not shown[id].startswith(" "))
    inside = "".join(shown[id] for id in ids[:cut]).removeprefix(" ")
    assert last(tiny, first, cut, text="x").options["forced_prefix"] == f"{inside}x"


def test_a_script_without_spaces_goes_on_without_one(tiny: Summarizer) -> None:
    first = tiny.score(TEXT, "The council")
    end = len(first.hypotheses[0].token_ids) - 1
    for typed, shown in (("voted", "The council voted"), ("图书馆", "The council图书馆")):
        assert last(tiny, first, end, text=typed).options["forced_prefix"] == shown


def test_the_end_token_ends_the_summary_there(tiny: Summarizer, trace: Trace) -> None:
    options = dataclasses.replace(BEAMS, min_new_tokens=9)
    again = last(tiny, trace, 2, token_id=EOS, options=options)
    assert again.hypotheses[0].token_ids == (*trace.hypotheses[0].token_ids[:2], EOS)
    assert again.hypotheses[0].finished


def test_updates_begin_with_what_was_kept(
    tiny: Summarizer,
    trace: Trace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "SECONDS_BETWEEN_TEXTS", 0.0)
    growing = list(tiny.continue_from(trace, 0, 4, text=" rise"))
    assert all(" rise" in update.text for update in growing)


def test_a_scored_text_can_be_continued(tiny: Summarizer) -> None:
    again = last(tiny, tiny.score(TEXT, "The council voted."), 1, text=" x")
    assert again.options["max_new_tokens"] == 24


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"step": 1}, "takes a token_id or a text, got neither"),
        ({"step": 1, "token_id": 20, "text": "a"}, "takes a token_id or a text, got both"),
        ({"step": -1, "text": "a"}, r"step must be a number between 0 and \d+, got -1"),
        ({"step": 99, "text": "a"}, r"step must be a number between 0 and \d+, got 99"),
        ({"step": "1", "text": "a"}, r"step must be a number .* got '1'"),
        ({"step": 1, "text": " \n"}, "the typed text has only white space"),
        ({"step": 1, "text": 5}, "the typed text must be str, got int"),
        ({"step": 1, "token_id": 0}, r"token 0 \(<pad>\) stands for no text"),
        ({"step": 1, "token_id": 330}, r"token_id must be .* 0 and \d+, got 330"),
        ({"step": 1, "token_id": True}, "token_id must be a number .* got True"),
        ({"step": 1, "hypothesis": 9, "text": "a"}, r"hypothesis must be between 0 and \d, got 9"),
        ({"step": 1, "text": "a b c d e f g"}, r"what is kept .* \d+ tokens, more than .* \(12\)"),
    ],
)
def test_what_cannot_be_continued_is_refused_at_once(
    tiny: Summarizer,
    trace: Trace,
    asked: dict,
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        tiny.continue_from(trace, **({"hypothesis": 0} | asked))


def test_a_trace_of_another_model_is_refused_with_both_names(
    tiny: Summarizer,
    trace: Trace,
) -> None:
    other = dataclasses.replace(trace, model={"name": "theirs", "fingerprint": "0"})
    with pytest.raises(ValueError, match=r"another model: 'theirs' \('0'\), this is 'tiny-"):
        tiny.continue_from(other, 0, 1, text="a")


def test_a_forged_trace_is_refused_and_runs_nothing(tiny: Summarizer, trace: Trace) -> None:
    def forged(token_ids: tuple[int, ...], options: dict | None = None) -> Trace:
        written = dataclasses.replace(trace.hypotheses[0], token_ids=token_ids, finished=False)
        options = trace.options if options is None else options
        return dataclasses.replace(trace, hypotheses=(written,), options=options)

    with pytest.raises(ValueError, match=r"token_id must be .* got 1000000"):
        tiny.continue_from(forged((20, 1_000_000)), 0, 2, text="a")
    with pytest.raises(ValueError, match="the summary ends at step 1, nothing follows step 2"):
        tiny.continue_from(forged((20, EOS)), 0, 2, text="a")
    with pytest.raises(ValueError, match="what is kept of the summary has 5001 tokens"):
        tiny.continue_from(forged((20,) * 5000), 0, 5000, token_id=21)
    with pytest.raises(ValueError, match="unknown decoding options: shell"):
        tiny.continue_from(forged((20,), {"shell": "x"}), 0, 1, text="a")
