"""What the door to a trained model makes of bad or long input, over both families."""

from pathlib import Path

import pytest

from model import DecodingOptions, Summarizer
from model.checkpoint import CheckpointError
from model.summarizer import TextError
from tests.tiny_models import GREEDY, TEXT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text is empty"),
        (" \n\t\u3000", "the text has only white space"),
        (b"\x00\xff", "the text must be str, got bytes"),
        (None, "the text must be str, got NoneType"),
        ("x" * 1_000_001, "1,000,001 characters, the limit is 1,000,000"),
    ],
)
def test_bad_text_is_refused_at_once(tiny: Summarizer, text: object, message: str) -> None:
    for ask in (tiny.summarize, tiny.stream):
        with pytest.raises(TextError, match=message):
            ask(text, GREEDY)
    with pytest.raises(TextError, match=message.replace("the text", "the text at 1")):
        tiny.summarize_many([TEXT, text], GREEDY)
    with pytest.raises(TextError, match=message.replace("the text", "the reference")):
        tiny.score(TEXT, text)


def test_a_megabyte_is_read_as_far_as_the_limit(tiny: Summarizer) -> None:
    text = ("The council voted. " * 60_000)[:1_000_000]
    source = tiny.summarize(text, DecodingOptions(num_beams=1, max_new_tokens=2)).trace.source
    assert source.text == text
    assert source.cut_tokens > 100_000


def test_nul_and_lone_surrogates_become_replacement_characters(tiny: Summarizer) -> None:
    source = tiny.summarize("a\x00b \ud800 c\udfff", GREEDY).trace.source
    assert source.text == "a\ufffdb \ufffd c\ufffd"
    assert all(source.text[t.start : t.end] == t.text for t in source.tokens[1:-1])


def test_a_reference_the_model_could_not_write_is_refused(tiny: Summarizer) -> None:
    with pytest.raises(TextError, match=r"the reference has \d+ tokens, the limit of tiny-.* 24"):
        tiny.score(TEXT, "council " * 100)


def test_the_default_length_is_cut_to_what_the_model_writes(tiny):
    plain = DecodingOptions(num_beams=1)
    assert plain.max_new_tokens > tiny.config.max_target_tokens
    results = [tiny.summarize(TEXT, plain).trace, list(tiny.stream(TEXT, plain))[-1].trace]
    for trace in results:
        assert trace.options["max_new_tokens"] == tiny.config.max_target_tokens


def test_options_beyond_the_model_are_refused_with_both_numbers(tiny: Summarizer) -> None:
    with pytest.raises(ValueError, match=r"max_new_tokens must be at most 24 .* got 25"):
        tiny.stream(TEXT, DecodingOptions(max_new_tokens=25))
    long_prefix = DecodingOptions(max_new_tokens=2, forced_prefix="a b c d e f")
    with pytest.raises(ValueError, match=r"forced_prefix has \d+ tokens, .* \(2\)"):
        tiny.summarize(TEXT, long_prefix)
    with pytest.raises(ValueError, match="lone surrogates"):
        tiny.summarize(TEXT, DecodingOptions(max_new_tokens=8, forced_prefix="\ud800"))


def test_a_damaged_folder_is_a_checkpoint_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no model folder"):
        Summarizer.load(tmp_path / "nowhere")
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"tokenizer\.json is not usable: it holds no BPE"):
        Summarizer.load(tmp_path)
