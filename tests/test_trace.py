"""The trace: back-pointers, words, the beam tree, and JSON from anyone."""

import copy
import itertools
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import record, trace_json, words
from model.trace import Hypothesis, Source, SourceToken, Step, Trace, TraceError

EOS = 2
TEXT = "The council's plan, e\u0301tude 3.5 👩‍👩‍👧 won. It ended"
SPANS = [(0, 0), (0, 3), (4, 11), (11, 13), (14, 18), (18, 19), (20, 26), (27, 28), (28, 29)]
SPANS += [(29, 30), (31, 36), (31, 36), (37, 40), (40, 41), (42, 44), (45, 50), (50, 50)]


@dataclass(frozen=True)
class Row:
    """A live hypothesis of the scripted search."""

    ids: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    score: float = 0.0


def fingerprint(ids: tuple[int, ...], *shape: int) -> np.ndarray:
    """Positive numbers that depend on a prefix alone, so a mixed-up row shows."""
    random = np.random.default_rng(zlib.crc32(repr(ids).encode()))
    return random.random(shape, dtype=np.float32) + 0.01


def attention_after(ids: tuple[int, ...], layers: int, heads: int) -> np.ndarray:
    weights = fingerprint(ids, layers, heads, len(SPANS))
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float16)


def log_probs_after(ids: tuple[int, ...], vocabulary: int) -> np.ndarray:
    probs = fingerprint((*ids, -1), vocabulary)
    return np.log(probs / probs.sum()).astype(np.float32)


def step_of(rows: list[Row], children: list[tuple[int, int]], size: int, shape: Any) -> Step:
    layers, heads, vocabulary, gated, attended = shape
    raw = np.stack([log_probs_after(row.ids, vocabulary) for row in rows])
    order = np.argsort(-raw, axis=1).astype(np.int32)[:, :size]
    top = np.take_along_axis(raw, order, axis=1)
    filtered, rules = top.copy(), [[() for _ in range(size)] for _ in rows]
    filtered[0, 0], rules[0][0] = -np.inf, ("no_repeat_ngram_size",)
    parents, ids = np.array(children, dtype=np.int32).reshape(-1, 2).T
    sums = [rows[p].score + float(raw[p, id]) for p, id in children]
    return Step(
        parents=parents,
        token_ids=ids,
        scores=np.array(sums, dtype=np.float32),
        token_log_probs=raw[parents, ids],
        ranks=np.array([int((raw[p] > raw[p, i]).sum()) for p, i in children], dtype=np.int32),
        top_ids=order,
        top_log_probs=top,
        filtered_log_probs=filtered,
        entropy=np.array([len(row.ids) + row.ids[-1:].count(3) for row in rows], dtype=np.float32),
        rules=tuple(tuple(row) for row in rules),
        cross_attention=np.stack([attention_after(row.ids, layers, heads) for row in rows])
        if attended
        else None,
        copy_gate=np.concatenate([fingerprint((*row.ids, -2), 1) for row in rows])
        if gated
        else None,
    )


def scripted_trace(
    seed: int = 0, beams: int = 3, length: int = 4, gated: bool = True, attended: bool = True
) -> Trace:
    """A random search over a model that is a function of the prefix."""
    random = np.random.default_rng(seed)
    shape = (2, 3, 8, gated, attended)
    rows, steps, ended = [Row()], [], []
    for number in range(length):
        pairs = [(p, int(i)) for p in range(len(rows)) for i in range(8)]
        picked = [pairs[i] for i in random.permutation(len(pairs))[: 2 * beams]]
        going = [pair for pair in picked if pair[1] != EOS][:beams]
        going = [] if number == length - 1 else going
        children = going + [pair for pair in picked if pair[1] == EOS or not going]
        steps.append(step_of(rows, children, 8, shape))
        grown = [
            Row((*rows[p].ids, i), (*rows[p].rows, child), float(steps[-1].scores[child]))
            for child, (p, i) in enumerate(children)
        ]
        ended += grown[len(going) :]
        rows = grown[: len(going)]
    vocabulary = {id: f"w{id}" for id in range(8)} | {EOS: "</s>"}
    tokens = [
        SourceToken(n, TEXT[start:end] or "<s>", start, end) for n, (start, end) in enumerate(SPANS)
    ]
    return Trace(
        source=Source(TEXT, tuple(tokens), "title", 0, len(TEXT)),
        steps=tuple(steps),
        hypotheses=tuple(hypothesis_of(row, vocabulary) for row in ended),
        options={"num_beams": beams, "bad_words": ["x"], "early_stopping": False},
        model={"name": "scripted", "family": "none", "fingerprint": "0"},
        vocabulary=vocabulary,
        timing={"total": 0.25},
    )


def hypothesis_of(row: Row, vocabulary: dict[int, str]) -> Hypothesis:
    text, offsets = "", []
    for id in row.ids:
        start = len(text) + bool(text)
        if id != EOS:
            text += " " * bool(text) + vocabulary[id]
        offsets.append((start, len(text)) if id != EOS else (len(text), len(text)))
    finished = row.ids[-1] == EOS
    return Hypothesis(text, row.ids, tuple(offsets), row.rows, row.score, row.score / 2, finished)


@pytest.fixture
def trace() -> Trace:
    return scripted_trace()


@pytest.fixture
def content(trace: Trace) -> dict[str, Any]:
    return json.loads(trace.to_json())


any_trace = st.builds(
    scripted_trace,
    seed=st.integers(0, 10_000),
    beams=st.integers(1, 4),
    length=st.integers(1, 6),
    gated=st.booleans(),
    attended=st.booleans(),
)


@given(trace=any_trace)
@settings(deadline=None, max_examples=30)
def test_everything_of_a_hypothesis_follows_its_back_pointers(trace: Trace) -> None:
    for number, hypothesis in enumerate(trace.hypotheses):
        prefixes = [hypothesis.token_ids[:place] for place in range(len(hypothesis.token_ids))]
        raw = [log_probs_after(prefix, 8) for prefix in prefixes]
        chosen = [r[id] for r, id in zip(raw, hypothesis.token_ids, strict=True)]
        np.testing.assert_array_equal(trace.token_log_probs(number), chosen)
        assert trace.token_log_probs(number).sum() == pytest.approx(hypothesis.log_prob, abs=1e-4)
        ranks = [int((r > c).sum()) for r, c in zip(raw, chosen, strict=True)]
        assert trace.ranks(number).tolist() == ranks
        expected = [len(prefix) + prefix[-1:].count(3) for prefix in prefixes]
        assert trace.entropy(number).tolist() == expected
        for place, prefix in enumerate(prefixes):
            weighed = trace.candidates(number, place)
            np.testing.assert_array_equal([a.log_prob for a in weighed], -np.sort(-raw[place]))
            assert [a.token_id for a in weighed if a.chosen] == [hypothesis.token_ids[place]]
            if trace.attention_shape:
                every = attention_after(prefix, 2, 3).astype(np.float32)
                np.testing.assert_array_equal(trace.attention(number, 1, 2)[place], every[1, 2])
            gates = trace.copy_gate(number)
            if gates is not None:
                assert gates[place] == fingerprint((*prefix, -2), 1)[0]


def test_attention_pools_layers_and_heads(trace: Trace) -> None:
    every = np.stack([attention_after((), 2, 3)]).astype(np.float32)[0]
    first = {
        (None, None): every.mean(axis=(0, 1)),
        ("mean", 1): every[:, 1].mean(axis=0),
        (0, "max"): every[0].max(axis=0),
        ("max", "mean"): every.mean(axis=1).max(axis=0),
    }
    for (layer, head), expected in first.items():
        np.testing.assert_allclose(trace.attention(0, layer, head)[0], expected, rtol=1e-6)
    np.testing.assert_allclose(trace.attention(0).sum(axis=1), 1.0, atol=2e-3)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda t: t.attention(99), r"hypothesis must be between 0 and \d+, got 99"),
        (lambda t: t.attention(-1), "got -1"),
        (lambda t: t.attention(0, layer=2), "layer must be mean, max or .* 0 and 1, got 2"),
        (lambda t: t.attention(0, head="min"), "head must be mean, max or .* 0 and 2, got 'min'"),
        (lambda t: t.candidates(0, 50), r"step must be between 0 and \d, got 50"),
        (lambda t: t.pooled_attention(0, "letters"), "unit must be words or sentences"),
    ],
)
def test_what_is_not_there_is_named(trace: Trace, ask: Callable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask(trace)


def test_a_blocked_candidate_says_which_rule_blocked_it(trace: Trace) -> None:
    blocked = trace.candidates(0, 0)[0]
    assert blocked.filtered_log_prob == -np.inf
    assert blocked.rules == ("no_repeat_ngram_size",)
    assert np.isfinite(blocked.log_prob)


def test_a_run_without_attention_says_so() -> None:
    bare = scripted_trace(gated=False, attended=False)
    assert bare.attention_shape is None
    assert bare.copy_gate(0) is None
    with pytest.raises(TraceError, match="recorded no attention"):
        bare.attention(0)


def test_the_tree_leads_from_every_hypothesis_back_to_the_root(trace: Trace) -> None:
    nodes = trace.tree()
    place = {(node.step, node.row): number for number, node in enumerate(nodes)}
    on_a_path = set()
    for hypothesis in trace.hypotheses:
        node = nodes[place[len(hypothesis.rows) - 1, hypothesis.rows[-1]]]
        assert node.state == ("finished" if hypothesis.finished else "live")
        assert node.score == pytest.approx(hypothesis.log_prob, abs=1e-4)
        ids = [node.token_id]
        while node.parent is not None:
            on_a_path.add((node.step, node.row))
            node = nodes[node.parent]
            ids.insert(0, node.token_id)
        on_a_path.add((node.step, node.row))
        assert tuple(ids) == hypothesis.token_ids
    assert {p for p, n in place.items() if nodes[n].state == "pruned"} == set(place) - on_a_path
    assert any(node.state == "pruned" for node in nodes)


def test_source_words_keep_marks_apostrophes_numbers_and_joined_emoji(trace: Trace) -> None:
    found = [word.text for word in trace.source_words()]
    expected = ["The", "council's", "plan", ",", "e\u0301tude", "3.5", "👩‍👩‍👧"]
    assert found == [*expected, "won", ".", "It", "ended"]
    assert [s.text for s in trace.source_sentences()][1:] == ["It ended"]
    for word in trace.source_words():
        assert TEXT[word.start : word.end] == word.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("closure .", ["closure", "."]),
        ("state-of-the-art (new)", ["state-of-the-art", "(", "new", ")"]),
        ("10,000 votes, 5", ["10,000", "votes", ",", "5"]),
        ("日本語", ["日", "本", "語"]),
        ("שלום עולם!", ["שלום", "עולם", "!"]),
        ("नमस्ते\tदुनिया", ["नमस्ते", "दुनिया"]),
        ("👍🏽!", ["👍🏽", "!"]),
    ],
)
def test_words_of_many_scripts(text: str, expected: list[str]) -> None:
    characters = [(place, place + 1) for place in range(len(text))]
    assert [word.text for word in words.words(text, characters)] == expected


def test_a_token_over_two_words_makes_them_one() -> None:
    found = words.words("a </s> 日本語", [(0, 1), (2, 4), (4, 6), (7, 9), (9, 10)])
    assert [(word.text, word.tokens) for word in found][:2] == [("a", (0,)), ("</", (1,))]
    assert found[-2].text == "日本"


def test_sentences_survive_abbreviations_and_numbers() -> None:
    text = 'Dr. J. Smith paid 3.5 e.g. in cash. "Why?" he asked. 好。是！\nEnd'
    found = words.sentences(text, [(place, place + 1) for place in range(len(text))])
    assert [segment.text for segment in found] == [
        "Dr. J. Smith paid 3.5 e.g. in cash.",
        '"Why?"',
        "he asked.",
        "好。",
        "是！",
        "End",
    ]


any_text = st.text(max_size=40)


@given(text=any_text, data=st.data())
@settings(deadline=None)
def test_every_token_with_characters_is_in_exactly_one_segment(text: str, data: Any) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=20)))
    spans = [*itertools.pairwise(cuts), (0, 0)]
    for segments in (words.words(text, spans), words.sentences(text, spans)):
        members = [token for segment in segments for token in segment.tokens]
        expected = [n for n, (start, end) in enumerate(spans) if text[start:end].strip()]
        assert sorted(members) == expected
        for segment in segments:
            assert segment.text == text[segment.start : segment.end] == segment.text.strip()


@pytest.mark.parametrize("unit", ["words", "sentences"])
def test_pooled_attention_and_its_outside_sum_to_one(trace: Trace, unit: str) -> None:
    pooled = trace.pooled_attention(0, unit)
    assert pooled.weights.shape == (len(pooled.target), len(pooled.source))
    np.testing.assert_allclose(pooled.weights.sum(axis=1) + pooled.outside, 1.0, atol=2e-3)
    assert (pooled.outside > 0).all()


def test_word_attention_sums_over_the_source_and_averages_over_the_target() -> None:
    weights = np.arange(12, dtype=np.float32).reshape(3, 4)
    target = (words.Segment("ab", 0, 2, (0, 2)),)
    source = (words.Segment("x", 0, 1, (1,)), words.Segment("y", 2, 3, (2, 3)))
    pooled = words.pool(weights, target, source)
    np.testing.assert_array_equal(pooled.weights, [[5.0, 6.0 + 7.0]])
    np.testing.assert_array_equal(pooled.outside, [4.0])


def test_the_words_of_a_hypothesis_leave_the_end_token_out(trace: Trace) -> None:
    number = next(n for n, h in enumerate(trace.hypotheses) if h.finished and len(h.rows) > 1)
    hypothesis = trace.hypotheses[number]
    found = trace.words(number)
    assert [word.text for word in found] == hypothesis.text.split()
    assert trace.target_tokens(number)[-1] == "</s>"
    log_probs = trace.token_log_probs(number)
    np.testing.assert_array_equal(trace.word_log_probs(number), log_probs[: len(found)])


@given(trace=any_trace)
@settings(deadline=None, max_examples=30)
def test_a_trace_read_back_answers_the_same(trace: Trace) -> None:
    again = Trace.from_json(trace.to_json())
    assert again.to_json() == trace.to_json()
    assert (again.source, again.hypotheses) == (trace.source, trace.hypotheses)
    assert (again.options, again.model, again.timing, again.vocabulary) == (
        trace.options,
        trace.model,
        trace.timing,
        trace.vocabulary,
    )
    assert again.tree() == trace.tree()
    for number in range(len(trace.hypotheses)):
        for name in ("token_log_probs", "ranks", "entropy", "word_log_probs", "copy_gate"):
            mine, theirs = getattr(trace, name)(number), getattr(again, name)(number)
            np.testing.assert_array_equal(mine, theirs)
        if trace.attention_shape:
            np.testing.assert_array_equal(trace.attention(number), again.attention(number))
            pooled = again.pooled_attention(number)
            np.testing.assert_array_equal(trace.pooled_attention(number).weights, pooled.weights)
        assert trace.candidates(number, 0) == again.candidates(number, 0)


def test_minus_infinity_survives_and_nothing_else_odd_is_written(trace: Trace) -> None:
    text = trace.to_json()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert Trace.from_json(text).candidates(0, 0)[0].filtered_log_prob == -np.inf


def test_a_run_without_steps_survives_and_says_what_it_lacks(trace: Trace) -> None:
    first = trace.hypotheses[0]
    bare = Hypothesis(
        first.text, first.token_ids, first.offsets, (), first.log_prob, first.score, first.finished
    )
    fields = vars(trace) | {"steps": (), "hypotheses": (bare,), "vocabulary": {}}
    again = Trace.from_json(Trace(**fields).to_json())
    assert again.hypotheses == (bare,)
    with pytest.raises(TraceError, match="recorded no steps"):
        again.token_log_probs(0)


def test_compacting_gives_the_types_that_json_has() -> None:
    step = scripted_trace().steps[0]
    wide = {n: getattr(step, n).astype("f8") for n, (t, _) in record.STEP_ARRAYS.items()}
    compacted = record.compact(Step(rules=step.rules, **wide))
    for name, (dtype, _) in record.STEP_ARRAYS.items():
        assert getattr(compacted, name).dtype == np.dtype(dtype)


def _array(values: list[Any], dtype: str) -> dict[str, Any]:
    from model.checked_json import write_array

    return write_array(np.array(values), dtype)


DAMAGES: dict[str, tuple[list[Any], Any, str]] = {
    "other schema": (["schema"], "x", "lacks the schema"),
    "newer version": (["version"], 2, "schema version 2; this Gistscope reads 1"),
    "boolean version": (["version"], True, "schema version True"),
    "no source": (["source"], None, "source of the trace must be dict"),
    "text no string": (["source", "text"], 5, "text of source must be str"),
    "text too long": (["source", "text"], "x" * 1_000_001, "1000001 characters, the limit"),
    "lone surrogate": (["source", "text"], "\ud800" * 50, "lone surrogate"),
    "token no object": (["source", "tokens", 0], 7, r"source.tokens\[0\] must be an object"),
    "token outside": (["source", "tokens", 1, "end"], 999, r"tokens\[1\] must be a span"),
    "token id negative": (["source", "tokens", 1, "id"], -1, "id of source.tokens.1. must be"),
    "cut outside": (["source", "cut_at"], 999, "cut_at of source must be between 0 and 50"),
    "steps no list": (["steps"], {}, "steps of the trace must be list"),
    "step missing array": (["steps", 0, "scores"], None, r"steps\[0\].scores is missing"),
    "wrong dtype": (["steps", 0, "scores", "dtype"], "|O", "must be of type <f4, got '|O'"),
    "claimed shape": (["steps", 0, "top_ids", "shape"], [1, 60_000], "bytes, its shape asks for"),
    "giant shape": (["steps", 0, "top_ids", "shape"], [2**60, 2**60], "where"),
    "negative shape": (["steps", 0, "scores", "shape"], [-1], "must have 1 sizes"),
    "float shape": (["steps", 0, "scores", "shape"], [1.0], "must have 1 sizes"),
    "data no base64": (["steps", 0, "scores", "data"], "!!!", "is not base64"),
    "data not ascii": (["steps", 0, "scores", "data"], "é", "is not base64"),
    "NaN": (["steps", 0, "entropy"], _array([np.nan], "<f4"), "entropy holds NaN"),
    "infinity": (["steps", 0, "entropy"], _array([np.inf], "<f4"), "entropy holds NaN or inf"),
    "parent outside": (["steps", 1, "parents"], _array([9] * 6, "<i4"), r"steps\[1\]"),
    "negative id": (["steps", 0, "top_ids"], _array([[-1] * 8], "<i4"), "negative number"),
    "rules no list": (["steps", 0, "rules"], "x", "rules of steps.0. must be list"),
    "rules too few": (["steps", 0, "rules"], [], "rules must be lists of names"),
    "rules of numbers": (["steps", 0, "rules", 0, 0], [1], "rules must be lists of names"),
    "gate only once": (["steps", 0, "copy_gate"], None, "in all steps or in none"),
    "row outside": (["hypotheses", 0, "rows", 0], 77, r"hypotheses\[0\].rows\[0\] is 77"),
    "row no number": (["hypotheses", 0, "rows", 0], 0.5, "rows of hypotheses.0. holds 0.5"),
    "token not chosen": (["hypotheses", 0, "token_ids", 0], 999, "token 999 was not chosen"),
    "offset outside": (["hypotheses", 0, "offsets", 0], [0, 999], "must be a span within"),
    "offset backwards": (["hypotheses", 0, "offsets", 0], [1, 0], "must be a span within"),
    "offset missing": (["hypotheses", 0, "offsets"], [], "0 offsets in 4 steps"),
    "finished no boolean": (["hypotheses", 0, "finished"], 1, "lacks sums or finished"),
    "sums NaN": (["hypotheses", 0, "sums"], _array([np.nan, 0], "<f8"), "sums holds NaN"),
    "vocabulary word": (["vocabulary"], {"x": "y"}, "vocabulary maps 'x'"),
    "vocabulary empty": (["vocabulary"], {}, r"vocabulary lacks the token 0 of steps\[0\]"),
    "options nested": (["options", "a"], {"b": {}}, "options.a must be plain"),
    "model number huge": (["model", "a"], 10**400, "model.a must be plain"),
    "timing text": (["timing", "total"], "soon", "timing.total must be a number"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_hostile_json_is_refused_by_name(content: dict[str, Any], name: str) -> None:
    path, value, message = DAMAGES[name]
    damaged = copy.deepcopy(content)
    inner = damaged
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(TraceError, match=message):
        Trace.from_json(json.dumps(damaged))


def test_a_chain_of_rows_must_hang_together(content: dict[str, Any]) -> None:
    number = next(n for n, h in enumerate(content["hypotheses"]) if len(h["rows"]) > 1)
    chosen = content["hypotheses"][number]
    parents = scripted_trace().steps[1].parents.copy()
    parents[chosen["rows"][1]] = (chosen["rows"][0] + 1) % 3
    content["steps"][1]["parents"] = _array(parents.tolist(), "<i4")
    with pytest.raises(TraceError, match="does not continue row"):
        Trace.from_json(json.dumps(content))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not readable JSON"),
        ("[]", "lacks the schema"),
        ("[" * 100_000, "not readable JSON"),
        ('{"schema": NaN}', "NaN is not JSON"),
        (b"{}", "is JSON text, got bytes"),
        ("9" * 5000, "not readable JSON"),
    ],
)
def test_what_is_no_trace_at_all_is_refused(text: Any, message: str) -> None:
    with pytest.raises(TraceError, match=message):
        Trace.from_json(text)


def test_infinity_spelled_as_a_number_is_refused(content: dict[str, Any]) -> None:
    text = json.dumps(content).replace('"total": 0.25', '"total": 1e999')
    with pytest.raises(TraceError, match=r"timing\.total must be a number, got inf"):
        Trace.from_json(text)


def test_a_text_over_the_limit_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_json, "MAX_CHARACTERS", 10)
    with pytest.raises(TraceError, match="11 characters, the limit is 10"):
        Trace.from_json("[" * 11)


@given(place=st.integers(0, 20_000), character=st.sampled_from('0"[]{},:-x9'))
@settings(deadline=None, max_examples=150)
def test_a_changed_character_is_read_or_refused(place: int, character: str) -> None:
    text = scripted_trace(length=2, beams=2).to_json()
    place %= len(text)
    try:
        again = Trace.from_json(text[:place] + character + text[place + 1 :])
    except TraceError:
        return
    for number in range(len(again.hypotheses)):
        again.pooled_attention(number)
        again.candidates(number, 0)
    again.tree()
