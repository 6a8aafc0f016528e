"""The tokenizer: offsets, round trips, and text that looks like special tokens."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.tokenizer import SPECIAL_TOKENS, STYLES, Tokenizer

CORPUS = [
    "The city council voted on Tuesday to keep the Harbour Street library open in 2024.",
    "Café owners said the naïve résumé of 日本語 and שלום עולם was 👩‍👩‍👧 enough; e\u0301tude.",
] * 20

TRICKY = ["</s>", "<unk>", "<pad>", "<s>", "<title>", "2024", "\ufffd", "council", "don't"]
TRICKY += ["👩‍👩‍👧", "🇫🇷", "e\u0301", "日本語", "שלום", "عَرَبِيّ", "नमस्ते"]
TRICKY += ["\t", "\n", "  ", "\u3000", "\u00a0", "\u200b"]
any_character = st.characters(exclude_categories=["Cs"])
texts = st.lists(st.sampled_from(TRICKY) | st.text(any_character, max_size=6)).map("".join)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(CORPUS, vocabulary_size=400)


@pytest.fixture(scope="module")
def reloaded(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder = tmp_path_factory.mktemp("tokenizer")
    tokenizer.save(folder)
    return Tokenizer.load(folder)


@given(text=texts)
@settings(deadline=None)
def test_decoding_what_was_encoded_gives_the_text_back(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode_target(text)) == text.removeprefix(" ")


@given(text=texts)
@settings(deadline=None)
def test_source_offsets_reproduce_the_text(tokenizer: Tokenizer, text: str) -> None:
    encoded = tokenizer.encode_source(text, "title", 10_000)
    assert encoded.offsets[0] == (0, 0)
    assert encoded.offsets[-1][0] == encoded.offsets[-1][1]
    rebuilt, position = [], 0
    for start, end in encoded.offsets[1:-1]:
        assert start < end
        assert start >= position - 1, "tokens share at most the bytes of one character"
        assert not text[position:start].strip(), "only white space lies between tokens"
        rebuilt.append(text[position:end])
        position = max(position, end)
    assert "".join(rebuilt) == text


@given(text=texts)
@settings(deadline=None)
def test_a_source_token_is_the_characters_of_its_offsets(tokenizer: Tokenizer, text: str) -> None:
    encoded = tokenizer.encode_source(text, None, 10_000)
    for id, token, (start, end) in zip(
        encoded.ids[:-1], encoded.tokens[:-1], encoded.offsets[:-1], strict=True
    ):
        assert token == text[start:end]
        expected = tokenizer.token_text(id)
        if (start, expected) == (0, " "):
            continue  # the space that a text's first word gets has no character of its own
        if expected.isascii() and "\\x" not in expected:
            assert token == (expected.strip() or expected)


@given(text=texts)
@settings(deadline=None)
def test_target_spans_agree_with_source_offsets(tokenizer: Tokenizer, text: str) -> None:
    text = text.lstrip(" ")
    decoded, spans = tokenizer.spans(tokenizer.encode_target(text))
    assert decoded == text
    assert spans == tokenizer.encode_source(text, None, 10_000).offsets


@given(ids=st.lists(st.integers(0, 350), max_size=40))
@settings(deadline=None)
def test_spans_of_any_ids_lie_within_the_decoded_text(tokenizer: Tokenizer, ids: list[int]) -> None:
    text, spans = tokenizer.spans(ids)
    assert text == tokenizer.decode(ids)
    assert len(spans) == len(ids)
    for id, (start, end) in zip(ids, spans, strict=True):
        assert 0 <= start <= end <= len(text)
        assert (start == end) == (tokenizer.is_special(id) or not text)


@pytest.mark.parametrize("name", SPECIAL_TOKENS)
def test_special_tokens_never_come_from_text(
    tokenizer: Tokenizer, reloaded: Tokenizer, name: str
) -> None:
    for instance in (tokenizer, reloaded):
        text = f"a {name}{name} b"
        assert not any(instance.is_special(id) for id in instance.encode_batch([text])[0])
        assert instance.encode_source(text, None, 100).ids[:-1].count(instance.eos_id) == 0
        assert instance.decode(instance.encode_target(text)) == text


def test_special_tokens_have_the_first_ids_in_order(tokenizer: Tokenizer) -> None:
    assert [tokenizer.token_text(id) for id in range(len(SPECIAL_TOKENS))] == list(SPECIAL_TOKENS)
    assert tokenizer.eos_id == 2
    assert tokenizer.styles == STYLES


def test_two_tokens_of_one_character_share_its_span(tokenizer: Tokenizer) -> None:
    encoded = tokenizer.encode_source(" \u2603", None, 10)
    assert len(encoded.ids) > 3
    assert set(encoded.offsets[1:-1]) == {(1, 2)}


def test_a_texts_first_word_has_the_tokens_it_has_inside(
    tokenizer: Tokenizer, reloaded: Tokenizer
) -> None:
    for instance in (tokenizer, reloaded):
        assert instance.is_spaced
        first, *_, last, _ = instance.encode_target("council voted council")
        assert first == last
        assert instance.decode([first]) == "council"
        assert instance.encode_batch(["council"], inside=False) == [[first]]
        assert instance.encode_batch(["council"]) != [[first]]
        source = instance.encode_source("council voted", None, 20)
        assert (source.ids[0], source.offsets[0]) == (first, (0, 7))


def test_a_tokenizer_of_before_reads_a_first_word_without_a_space(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    tokenizer.save(tmp_path)
    path = tmp_path / "tokenizer.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["pre_tokenizer"]["pretokenizers"][0]
    path.write_text(json.dumps(content), encoding="utf-8")
    older = Tokenizer.load(path)
    assert not older.is_spaced
    assert older.encode_target(" council") == tokenizer.encode_target("council")
    assert older.decode(older.encode_target(" council")) == " council"


def test_every_digit_is_a_token_of_its_own(tokenizer: Tokenizer) -> None:
    tokens = tokenizer.encode_source("in 2024", None, 20).tokens
    assert tokens[-5:-1] == ("2", "0", "2", "4")


def test_a_cut_source_counts_what_was_left_out(tokenizer: Tokenizer) -> None:
    text = "The city council voted. " * 50
    whole = tokenizer.encode_source(text, "title", 10_000)
    cut = tokenizer.encode_source(text, "title", 20)
    assert whole.truncated == 0
    assert len(cut.ids) == 20
    assert cut.truncated == len(whole.ids) - 20
    assert cut.ids == (*whole.ids[:19], tokenizer.eos_id)


def test_a_cut_never_leaves_half_a_character(tokenizer: Tokenizer) -> None:
    for limit in range(3, 12):
        cut = tokenizer.encode_source("\u2603\u2604\u2605", None, limit)
        assert "\ufffd" not in tokenizer.decode(cut.ids)
        assert len(cut.ids) - 1 + cut.truncated == 10  # three bytes each, and the space before them


def test_a_whole_target_ends_and_a_cut_one_does_not(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode_target("The city")
    assert ids[-1] == tokenizer.eos_id
    assert tokenizer.encode_target("The city", len(ids)) == ids
    assert tokenizer.encode_target("The city", len(ids) - 1) == ids[:-1]


def test_broken_bytes_become_one_replacement_character(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode_target("\u2603")[:2]
    assert tokenizer.spans(ids) == ("\ufffd", ((0, 1), (0, 1)))
    assert tokenizer.token_text(ids[1]) == "\\xe2"


def test_an_unknown_style_is_refused_with_the_known_ones(tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="'poem'; this model's styles: headline, title"):
        tokenizer.encode_source("text", "poem", 10)


def test_numbers_out_of_range_are_named(tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="vocabulary_size must be at least 266, got 100"):
        Tokenizer.train(CORPUS, vocabulary_size=100)
    with pytest.raises(ValueError, match="max_tokens must be more than 2, got 2"):
        tokenizer.encode_source("text", "title", 2)
    with pytest.raises(ValueError, match="got 99999"):
        tokenizer.decode([99999])
