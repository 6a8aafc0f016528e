"""The door to a trained model, over both families: streams, batches, scores."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from model import DecodingOptions, Summarizer, Trace, running
from model.length_batches import MAX_BATCH_ROWS, MAX_BATCH_TOKENS, batches_of
from model.tokenizer import Tokenizer
from tests.tiny_models import BEAMS, GREEDY, LIMITS, SAMPLE, TEXT

TEXTS = [TEXT, "A short text.", TEXT * 2, "Naïve 日本語 </s> 👩‍👩‍👧\tend", "Word", TEXT[:40]]


def assert_same(trace: Trace, other: Trace) -> None:
    assert trace.source == other.source
    assert [h.token_ids for h in trace.hypotheses] == [h.token_ids for h in other.hypotheses]
    for number in range(len(trace.hypotheses)):
        for name in ("token_log_probs", "attention", "entropy"):
            mine, theirs = getattr(trace, name)(number), getattr(other, name)(number)
            np.testing.assert_allclose(mine, theirs, atol=1e-3)


@pytest.mark.parametrize("options", [BEAMS, GREEDY, SAMPLE])
def test_a_stream_ends_with_what_summarize_returns(
    tiny: Summarizer, options: DecodingOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SECONDS_BETWEEN_TEXTS", 0.0)
    *growing, last = tiny.stream(TEXT, options)
    result = tiny.summarize(TEXT, options)
    assert growing
    assert all(update.trace is None for update in growing)
    assert last.text == result.text == result.trace.hypotheses[0].text
    assert_same(last.trace, result.trace)


def test_a_stream_has_an_update_a_step_and_at_most_so_many_texts_a_second(
    tiny: Summarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SECONDS_BETWEEN_TEXTS", 3600.0)
    updates = list(tiny.stream(TEXT, BEAMS))
    assert len(updates) == len(updates[-1].trace.steps) + 1
    assert len({update.text for update in updates}) == 2


def test_half_a_character_is_held_back(tiny: Summarizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SECONDS_BETWEEN_TEXTS", 0.0)
    options = DecodingOptions(num_beams=1, max_new_tokens=8, forced_prefix="a \u2603 b")
    *growing, last = tiny.stream(TEXT, options)
    assert not any(update.text.endswith("\ufffd") for update in growing)
    assert last.text.startswith("a \u2603 b")


@pytest.mark.parametrize("options", [BEAMS, GREEDY, SAMPLE])
def test_many_texts_give_the_same_as_each_alone_and_in_order(
    tiny: Summarizer, options: DecodingOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.length_batches.MAX_BATCH_TOKENS", 150)
    results = tiny.summarize_many(TEXTS, options)
    assert [result.trace.source.text for result in results] == TEXTS
    for text, result in zip(TEXTS, results, strict=True):
        alone = tiny.summarize(text, options)
        assert result.text == alone.text
        assert_same(result.trace, alone.trace)


def test_no_texts_give_no_results(tiny: Summarizer) -> None:
    assert tiny.summarize_many([], BEAMS) == []


def test_batches_keep_to_their_limits_and_lose_nothing() -> None:
    lengths = np.random.default_rng(0).integers(1, 5000, 300).tolist()
    batches = batches_of(lengths, rows_per_source=4)
    assert sorted(place for batch in batches for place in batch) == list(range(300))
    for batch in batches:
        assert len(batch) * 4 <= MAX_BATCH_ROWS
        longest = max(lengths[place] for place in batch)
        assert len(batch) == 1 or len(batch) * longest <= MAX_BATCH_TOKENS


def test_threads_do_not_disturb_each_other(tiny: Summarizer) -> None:
    alone = [tiny.summarize(text, SAMPLE) for text in TEXTS]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: tiny.summarize(text, SAMPLE), TEXTS))
    assert [result.text for result in together] == [result.text for result in alone]


def test_the_trace_survives_json_and_says_where_it_came_from(tiny: Summarizer) -> None:
    trace = tiny.summarize(TEXT, BEAMS, style="title").trace
    again = Trace.from_json(trace.to_json())
    assert_same(trace, again)
    assert again.tree() == trace.tree()
    assert again.model["name"] == tiny.name
    assert again.model["fingerprint"] == tiny.fingerprint
    assert DecodingOptions.from_dict(again.options) == BEAMS
    assert set(again.timing) == {"encode", "first_token", "total", "tokens_per_second"}
    assert 0 < trace.timing["encode"] <= trace.timing["first_token"] <= trace.timing["total"]


def test_attention_over_words_accounts_for_everything(tiny: Summarizer) -> None:
    pooled = tiny.summarize(TEXT, BEAMS).trace.pooled_attention(0)
    np.testing.assert_allclose(pooled.weights.sum(axis=1) + pooled.outside, 1.0, atol=5e-3)


def test_a_run_that_records_nothing_still_summarises(tiny: Summarizer) -> None:
    options = DecodingOptions(num_beams=3, max_new_tokens=12, record_top_k=0)
    result = tiny.summarize(TEXT, options)
    assert result.text == tiny.summarize(TEXT, BEAMS).text
    assert result.trace.steps == ()
    assert Trace.from_json(result.trace.to_json()).hypotheses == result.trace.hypotheses


def test_a_long_source_is_cut_and_the_trace_says_where(tiny: Summarizer) -> None:
    text = TEXT * 10
    source = tiny.summarize(text, GREEDY).trace.source
    assert len(source.tokens) == LIMITS["max_source_tokens"]
    assert source.cut_tokens > 0
    assert source.cut_at == source.tokens[-2].end < len(text)
    assert text[: source.cut_at].endswith(source.tokens[-2].text)
    short = tiny.summarize(TEXT, GREEDY).trace.source
    assert (short.cut_tokens, short.cut_at) == (0, len(TEXT))


def test_special_tokens_in_a_source_stay_text(tiny: Summarizer) -> None:
    source = tiny.summarize("a </s> <pad> b", GREEDY).trace.source
    assert [token.start for token in source.tokens if token.start == token.end] == [0, 14]


def test_a_style_is_the_first_source_token(tiny: Summarizer) -> None:
    assert tiny.styles[0] == "headline"
    for style, expected in ((None, "headline"), ("notes", "notes")):
        source = tiny.summarize(TEXT, GREEDY, style).trace.source
        assert (source.style, source.tokens[0].text) == (expected, f"<{expected}>")
    with pytest.raises(ValueError, match="unknown style 'poem'"):
        tiny.stream(TEXT, GREEDY, "poem")


@pytest.mark.parametrize("prefix", ["The council", "The ", " 日本", "voted on T", "</s>"])
@pytest.mark.parametrize("beams", [1, 3])
def test_a_summary_starts_with_its_forced_prefix(tiny: Summarizer, prefix: str, beams: int) -> None:
    options = DecodingOptions(num_beams=beams, max_new_tokens=16, forced_prefix=prefix)
    trace = tiny.summarize(TEXT, options).trace
    shown = prefix.removeprefix(" ")  # before the first word no space is shown
    assert all(hypothesis.text.startswith(shown) for hypothesis in trace.hypotheses)


def test_bad_words_are_not_written_with_or_without_a_space(tiny: Summarizer, folder: Path) -> None:
    free = tiny.summarize(TEXT, BEAMS)
    written = {word.text for word in free.trace.words(0)}
    bad = tuple(sorted(written))[:20]
    options = DecodingOptions(num_beams=3, max_new_tokens=12, bad_words=bad)
    tokenizer = Tokenizer.load(folder)
    bad_ids = tokenizer.encode_batch([*bad, *(f" {word}" for word in bad)])
    written_ids = free.trace.hypotheses[0].token_ids
    assert {ids[0] for ids in bad_ids if len(ids) == 1} & set(written_ids)
    for hypothesis in tiny.summarize(TEXT, options).trace.hypotheses:
        ids = list(hypothesis.token_ids)
        for sequence in bad_ids:
            places = range(len(ids) - len(sequence) + 1)
            assert not any(ids[place : place + len(sequence)] == sequence for place in places)


def test_a_scored_reference_sums_to_its_log_probability(tiny: Summarizer) -> None:
    trace = tiny.score(TEXT, "  The council voted.\n")
    reference = trace.hypotheses[0]
    assert len(trace.hypotheses) == 1
    assert reference.text == "The council voted."
    assert reference.finished
    assert trace.token_log_probs(0).sum() == pytest.approx(reference.log_prob, abs=1e-4)
    assert trace.attention(0).shape == (len(reference.token_ids), len(trace.source.tokens))
    assert trace.options["strategy"] == "forced"
    assert_same(trace, Trace.from_json(trace.to_json()))


def test_scoring_a_greedy_summary_finds_the_same_probabilities(tiny: Summarizer) -> None:
    options = DecodingOptions(num_beams=1, max_new_tokens=8, no_repeat_ngram_size=0)
    text = "The library"  # summarised by whole words, which have the same tokens when read
    written = tiny.summarize(text, options, "title").trace
    scored = tiny.score(text, written.hypotheses[0].text, "title")
    ids = scored.hypotheses[0].token_ids
    same = 0
    while same < min(len(ids), 8) and ids[same] == written.hypotheses[0].token_ids[same]:
        same += 1
    assert same
    np.testing.assert_allclose(
        scored.token_log_probs(0)[:same], written.token_log_probs(0)[:same], atol=1e-4
    )
