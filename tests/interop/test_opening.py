"""Folders as they lie on the disk: every form of weights, defaults, text in and summary out."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from model import DecodingOptions, Summarizer, Trace
from model.checkpoint import CheckpointError, load
from model.interop.weights import open_weights
from model.weights.memory import check_memory
from tests.interop.hostile import SAFE, edit
from tests.interop.made import TEXTS, make

TEXT = TEXTS[0][:60]
DEFAULTS = {
    "num_beams": 4, "length_penalty": 2.0, "max_length": 16, "min_length": 6,
    "no_repeat_ngram_size": 2, "early_stopping": True,
}  # fmt: skip
FAMILIES = ("bart", "mbart", "pegasus", "marian", "t5")


def logits(folder: Path) -> torch.Tensor:
    ids = torch.tensor([[7, 9, 11, 13]])
    return load(folder).model.distribution(ids, ids > 0, torch.tensor([[6, 8, 10]])).logits


@pytest.mark.parametrize("case", FAMILIES)
def test_a_folder_summarises_by_its_own_defaults(folder, pair, case):
    from transformers import GenerationConfig, PreTrainedTokenizerFast

    path = folder(case)
    steer = {name: getattr(pair(case).ours.config, name) for name in ("pad_id", "eos_id")}
    forced = {"forced_eos_token_id": steer["eos_id"], "bad_words_ids": [[steer["pad_id"]]]}
    if case in ("bart", "mbart"):
        forced["forced_bos_token_id"] = 0
    edit(path / "generation_config.json", **DEFAULTS, **forced)
    edit(path / "config.json", task_specific_params={"summarization": {"prefix": "of: "}})
    summarizer = Summarizer.load(path)
    assert summarizer.defaults() == DecodingOptions(
        length_penalty=2.0, max_new_tokens=15, min_new_tokens=5, no_repeat_ngram_size=2,
        early_stopping=True,
    )  # fmt: skip
    assert summarizer.styles == ()
    theirs = PreTrainedTokenizerFast(tokenizer_file=str(path / "tokenizer.json"))
    inputs = theirs("of: " + TEXT, return_tensors="pt")
    written = (
        pair(case)
        .theirs.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            generation_config=GenerationConfig.from_pretrained(path),
        )[0, 1:]
        .tolist()
    )
    result = summarizer.summarize(TEXT)
    best = result.trace.hypotheses[0]
    assert [token.id for token in result.trace.source.tokens] == inputs["input_ids"][0].tolist()
    assert list(best.token_ids) == written[: len(best.token_ids)]
    assert set(written[len(best.token_ids) :]) <= set(steer.values())
    if case == "bart":  # others' words are made of pieces that a space joins
        assert result.text == theirs.decode(best.token_ids, skip_special_tokens=True)
    assert Trace.from_json(result.trace.to_json()).hypotheses[0].text == result.text


@pytest.mark.parametrize("case", FAMILIES)
def test_what_a_trace_says_of_source_and_summary_is_true(summarizer, case):
    trace = summarizer(case).summarize(TEXT, DecodingOptions(max_new_tokens=12)).trace
    for token in trace.source.tokens:
        assert TEXT[token.start : token.end] == token.text or token.start == token.end
    text, spans = trace.hypotheses[0].text, trace.hypotheses[0].offsets
    assert not text.startswith(" ") or case == "bart"
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    covered = "".join(text[start:end] for start, end in spans if start < end)
    assert case == "bart" or covered.replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("case", FAMILIES)
def test_a_pasted_special_token_stays_text(summarizer, case):
    opened = summarizer(case)
    source = opened.read("up</s> to<pad> <extra_id_0> <mask> it")
    special = {token.id for token in opened.read("a").tokens} - {
        id for ids in opened._tokenizer.encode_batch(["a", " a"]) for id in ids
    }
    unknown = opened._tokenizer._conventions.unknown_id
    inner = [token.id for token in source.tokens if token.start < token.end]
    assert inner
    assert not (special - {unknown}) & set(inner)
    target = opened._tokenizer.encode_target("up</s> it")
    assert target.count(opened.config.eos_id) == 1


@pytest.mark.parametrize("case", FAMILIES)
def test_continuing_and_scoring_work_without_styles(summarizer, case):
    opened = summarizer(case)
    options = DecodingOptions(num_beams=2, max_new_tokens=12)
    trace = opened.summarize(TEXT, options).trace
    *_, last = opened.continue_from(trace, 0, 3, text="council")
    kept = trace.hypotheses[0].token_ids[:3]
    assert last.trace.hypotheses[0].token_ids[:3] == kept
    assert "council" in last.text
    scored = opened.score(TEXT, "the council")
    assert scored.hypotheses[0].text == "the council"
    assert scored.hypotheses[0].finished


@pytest.mark.parametrize("case", FAMILIES)
def test_words_that_are_forbidden_are_not_written(summarizer, case):
    opened, options = summarizer(case), DecodingOptions(max_new_tokens=20)
    trace = opened.summarize(TEXT, options).trace
    pieces = [trace.vocabulary[id].strip() for id in trace.hypotheses[0].token_ids]
    word = next(p for p in pieces if p.isprintable() and p.isascii() and p and p[0] not in "<\\")
    forbidden = [ids for ids in opened._tokenizer.encode_batch([word, f" {word}"]) if len(ids) == 1]
    assert forbidden
    again = opened.summarize(TEXT, DecodingOptions(max_new_tokens=20, bad_words=(word,))).trace
    assert not {id for (id,) in forbidden} & set(again.hypotheses[0].token_ids)


def test_a_prefix_begins_the_summary(summarizer):
    for case in FAMILIES:
        options = DecodingOptions(max_new_tokens=20, forced_prefix="The council")
        assert summarizer(case).summarize(TEXT, options).text.startswith("The council")


def test_sharded_weights_are_the_same(folder, pair):
    path = folder()
    expected = logits(path)
    (path / "model.safetensors").unlink()
    pair("bart").theirs.save_pretrained(path, max_shard_size="20KB")
    assert len(list(path.glob("model-*.safetensors"))) > 2
    torch.testing.assert_close(logits(path), expected)


@pytest.mark.parametrize("is_zip", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("shards", [1, 2])
def test_pickled_weights_are_the_same(folder, pair, is_zip, shards):
    path = folder("t5")
    expected = logits(path)
    (path / "model.safetensors").unlink()
    tensors = dict(pair("t5").theirs.state_dict())  # with the table under all its names
    names = sorted(tensors)
    files = {}
    for shard in range(shards):
        name = f"pytorch_model-{shard}.bin" if shards > 1 else "pytorch_model.bin"
        files |= dict.fromkeys(names[shard::shards], name)
        chosen = {key: tensors[key] for key in names[shard::shards]}
        torch.save(chosen, path / name, _use_new_zipfile_serialization=is_zip)
    if shards > 1:
        edit(path / "pytorch_model.bin.index.json", weight_map=files)
    torch.testing.assert_close(logits(path), expected)


def test_half_precision_opens_as_float32(folder, pair):
    path = folder()
    copy.deepcopy(pair("bart").theirs).to(torch.bfloat16).save_pretrained(path)
    assert {p.dtype for p in load(path).model.parameters()} == {torch.float32}


def test_a_model_saved_without_its_output_opens(folder):
    from safetensors.torch import load_file, save_file

    path = folder()
    expected = logits(path)
    weights = load_file(path / "model.safetensors")
    bias = weights.pop("final_logits_bias")
    bare = {name.removeprefix("model."): tensor for name, tensor in weights.items()}
    save_file(bare, path / "model.safetensors")
    torch.testing.assert_close(logits(path), expected - bias)


def test_older_folders_keep_their_defaults_in_the_config(folder):
    path = folder("t5")
    (path / "generation_config.json").unlink()
    special = {"summarization": {"num_beams": 2, "max_length": 31, "prefix": "summarize: "}}
    edit(path / "config.json", length_penalty=0.8, task_specific_params=special)
    opened = load(path)
    assert opened.defaults == DecodingOptions(
        num_beams=2, length_penalty=0.8, max_new_tokens=30, no_repeat_ngram_size=0
    )
    encoded = opened.tokenizer.encode_source(TEXT, None, 200)
    assert encoded.offsets[0] == (0, 0)
    assert opened.tokenizer.overhead(None) > 1


def test_a_prefix_of_every_task_stands_before_the_source(folder):
    path = folder()
    plain = load(path).tokenizer.encode_source("council", None, 50)
    edit(path / "config.json", prefix=" ")
    spaced = load(path).tokenizer.encode_source("council", None, 50)
    assert spaced.ids != plain.ids
    assert list(spaced.ids) == load(path).tokenizer._backend.encode(" council").ids
    assert "".join("council"[start:end] for start, end in spaced.offsets) == "council"


def test_what_is_not_supported_of_the_defaults_is_noted(folder):
    path = folder()
    edit(path / "generation_config.json", num_beams=4, guidance_scale=1.5, do_sample=True, top_p=7)
    opened = load(path)
    assert opened.defaults == DecodingOptions(num_beams=4, no_repeat_ngram_size=0)
    assert len(opened.notes) == 3
    for part, note in zip(
        ("guidance_scale = 1.5", "do_sample", "top_p"), opened.notes, strict=True
    ):
        assert part in note


def test_a_silent_folder_takes_our_defaults(pair):
    assert pair("bart").ours.defaults == DecodingOptions()


def test_the_fingerprint_follows_the_weights(folder, tmp_path):
    path = folder()
    before = load(path).fingerprint
    assert load(path).fingerprint == before
    make("bart", path, d_model=30)
    assert load(path).fingerprint != before


MAPPED = Path("/proc/self/maps")  # the files that lie in this process's memory


@pytest.mark.skipif(not MAPPED.is_file(), reason="only Linux tells")
def test_weights_lie_in_memory_once(folder):
    file = (folder("bart") / SAFE).resolve()
    weights = open_weights([file])
    tensors = [weights.read(name) for name in weights.shapes]
    assert len(tensors) > 20
    assert str(file) not in MAPPED.read_text()


def test_memory_is_told_and_too_large_a_model_refused(folder):
    path, said = folder(), []
    load(path, said.append)
    assert len(said) == 1
    assert "million parameters" in said[0]
    with pytest.raises(CheckpointError, match=r"GB of memory, of which 0\.0 GB are free"):
        check_memory("large", load(path).model, available=1_000)
