import dataclasses
import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from model import checkpoint
from model.tokenizer import Tokenizer
from model.training import loop
from model.training.data import Lengths, Limits, cut_batches
from model.training.deploy import deploy
from model.training.journal import Journal
from model.training.packing import open_split
from model.training.state import latest_state
from tests.training.conftest import lines


def tensors(run: Path) -> dict[str, torch.Tensor]:
    return load_file(latest_state(run) / "tensors.safetensors")


def test_a_resumed_run_is_bitwise_the_uninterrupted_one(tmp_path, digits, family, configure):
    # Dropout, gaps, averages and an epoch border (about 17 steps) are all inside.
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    settings = {"schedule": "inverse_sqrt", "denoising": 0.5}
    half, full = (configure(family, max_steps=n, **settings) for n in (12, 24))
    loop.train(full, digits, whole, progress=False)
    loop.train(half, digits, halves, progress=False)
    loop.train(full, digits, halves, resume=True, progress=False)
    expected, found = tensors(whole), tensors(halves)
    assert expected.keys() == found.keys()
    assert any(name.startswith("optimizer.") for name in found)
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name
    positions = [
        json.loads((latest_state(r) / "position.json").read_text()) for r in (whole, halves)
    ]
    assert positions[0]["position"]["epoch"] == positions[1]["position"]["epoch"] > 0


def test_gaps_are_learnt_where_they_are_asked_for_alone(tmp_path, digits, configure):
    losses = []
    for place, share in enumerate((0.0, 0.0, 1.0)):
        run = tmp_path / str(place)
        settings = configure("transformer", max_steps=1, log_every=1, denoising=share)
        loop.train(settings, digits, run, progress=False)
        losses.append(lines(run, "train")[0]["loss"])
    assert losses[0] == losses[1] != losses[2]


@pytest.fixture
def teacher(tmp_path, tokenizer, configure) -> Path:
    """A model folder with the data's tokenizer, of other sizes than its students."""
    torch.manual_seed(1)
    config = configure("rnn", max_steps=1).model_config(tokenizer.vocabulary_size + 14)
    config = dataclasses.replace(config, hidden_size=24, max_target_tokens=80)
    checkpoint.save(tmp_path / "teacher", checkpoint.build(config), tokenizer)
    return tmp_path / "teacher"


def test_a_run_with_a_teacher_resumes_bitwise(tmp_path, digits, family, configure, teacher):
    taught = {"teacher": str(teacher), "hint_weight": 0.5, "schedule": "constant", "log_every": 1}
    one, two = (configure(family, max_steps=n, label_smoothing=0, **taught) for n in (1, 2))
    loop.train(two, digits, tmp_path / "whole", progress=False)
    loop.train(one, digits, tmp_path / "halves", progress=False)
    loop.train(two, digits, tmp_path / "halves", resume=True, progress=False)
    expected, found = (tensors(tmp_path / name) for name in ("whole", "halves"))
    assert not [name for name in expected if not torch.equal(expected[name], found[name])]
    assert not [name for name in expected if "teacher" in name]  # it is not saved again
    for line in lines(tmp_path / "whole", "train"):  # nothing else tells the two apart
        assert line["objective"] > line["loss"] + 0.1


def test_a_teacher_of_other_tokens_or_too_few_is_refused(tmp_path, digits, configure, teacher):
    longer = configure("rnn", max_steps=1, teacher=str(teacher), max_target_tokens=81)
    with pytest.raises(ValueError, match=r"max_target_tokens is 81, the teacher .* reads only 80"):
        loop.train(longer, digits, tmp_path / "run", progress=False)
    Tokenizer.train(["other words"] * 20, 270).save(teacher)
    with pytest.raises(ValueError, match=r"the teacher .* has another tokenizer than the data"):
        loop.train(longer, digits, tmp_path / "run", progress=False)


def test_the_log_has_a_json_line_per_log_step_and_validation(tmp_path, digits, configure):
    settings = configure("rnn", max_steps=6, log_every=2, validate_every=3)
    outcome = loop.train(settings, digits, tmp_path, progress=False)
    assert [line["step"] for line in lines(tmp_path, "train")] == [2, 4, 6]
    wanted = {"loss", "learning_rate", "tokens_per_second", "gradient_norm", "epoch"}
    assert wanted <= lines(tmp_path, "train")[0].keys()
    assert [line["step"] for line in lines(tmp_path, "validation")] == [3, 6]
    best = min(line["loss"] for line in lines(tmp_path, "validation"))
    assert outcome.position.best_loss == pytest.approx(best, rel=1e-4)
    assert outcome.reason == "max_steps"


def test_loss_falls_and_the_best_weights_are_a_model_folder(tmp_path, digits, family, configure):
    settings = configure(family, max_steps=60, validate_every=20, learning_rate=0.01)
    loop.train(settings, digits, tmp_path / "run", progress=False)
    losses = [line["loss"] for line in lines(tmp_path / "run", "validation")]
    assert losses[-1] < losses[0] - 0.1
    deploy(tmp_path / "run", tmp_path / "model", "bf16", card="# Card")
    deploy(tmp_path / "run", tmp_path / "model")  # without a card, the one that is there stays
    opened = checkpoint.load(tmp_path / "model")
    assert (tmp_path / "model" / "card.md").read_text() == "# Card"
    best = load_file(tmp_path / "run" / "best" / "model.safetensors")
    averaged = tensors(tmp_path / "run")["average.embedding.weight"]
    assert torch.equal(best["embedding.weight"], averaged)
    stored = load_file(tmp_path / "model" / "model.safetensors")["embedding.weight"]
    assert stored.dtype == torch.bfloat16
    torch.testing.assert_close(opened.model.embedding.weight, averaged, atol=0.05, rtol=0.01)
    # Back by a half to where all weights are twice as large: one and a half times as large, tied
    # ones as well.
    twice = checkpoint.load(tmp_path / "run" / "best").model
    for weight in twice.parameters():
        weight.data.mul_(2)
    checkpoint.save(tmp_path / "twice", twice, opened.tokenizer)
    deploy(tmp_path / "run", tmp_path / "half", "fp32", origin=tmp_path / "twice", origin_share=0.5)
    for name, tensor in load_file(tmp_path / "half" / "model.safetensors").items():
        torch.testing.assert_close(tensor, 1.5 * best[name])
    with pytest.raises(ValueError, match=r"origin_share must be in \[0, 1\], got 2"):
        deploy(tmp_path / "run", tmp_path / "half", origin=tmp_path / "twice", origin_share=2)
    larger = dataclasses.replace(opened.config, vocabulary_size=opened.config.vocabulary_size + 1)
    checkpoint.save(tmp_path / "larger", checkpoint.build(larger), opened.tokenizer)
    with pytest.raises(ValueError, match=r"embedding.weight has the shape \[\d+, \d+\]"):
        deploy(tmp_path / "run", tmp_path / "half", origin=tmp_path / "larger")


def test_accumulated_batches_weigh_like_one_large_batch(tmp_path, digits, family, configure):
    split = open_split(digits, "train")
    lengths = Lengths.of(split, Limits(256, 80, 300))
    batches = list(cut_batches(np.arange(len(split)), lengths, batch_tokens=300))
    assert len(batches) > 5
    # Either way a step is a whole epoch, so both see the same rows.
    ways = {"one": {"batch_tokens": 10_000}, "many": {"batch_tokens": 300}}
    ways["many"]["accumulation"] = len(batches)
    for name, way in ways.items():
        settings = configure(family, dropout=0, max_steps=3, log_every=1, **way)
        loop.train(settings, digits, tmp_path / name, progress=False)
    for one, many in zip(*(lines(tmp_path / name, "train") for name in ways), strict=True):
        assert one["epoch"] == many["epoch"]
        assert one["objective"] == pytest.approx(many["objective"], rel=1e-4)
        assert one["gradient_norm"] == pytest.approx(many["gradient_norm"], rel=1e-3)


def test_auto_trains_in_what_the_processor_has(tmp_path, digits, family, configure):
    settings = configure(family, max_steps=3, log_every=1, precision="auto")
    loop.train(settings, digits, tmp_path, progress=False)
    assert all(0 < line["loss"] < 10 for line in lines(tmp_path, "train"))
    assert tensors(tmp_path)["model.embedding.weight"].dtype == torch.float32


def test_bf16_is_refused_where_the_processor_would_imitate_it(
    tmp_path, digits, configure, monkeypatch
):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    settings = configure("rnn", max_steps=3, precision="bf16")
    with pytest.raises(ValueError, match="this cpu doesn't compute in it; use auto or fp32"):
        loop.train(settings, digits, tmp_path, progress=False)


def test_patience_ends_a_run_that_no_longer_improves(tmp_path, digits, configure):
    settings = configure("rnn", patience=2, validate_every=1, learning_rate=1e-30)
    outcome = loop.train(settings, digits, tmp_path, progress=False)
    assert outcome.reason == "patience"
    assert outcome.position.step == 3


def test_minutes_end_a_run(tmp_path, digits, configure):
    outcome = loop.train(configure("rnn", max_minutes=1e-6), digits, tmp_path, progress=False)
    assert (outcome.reason, outcome.position.step) == ("max_minutes", 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_ends(tmp_path, digits, configure, monkeypatch, number):
    write = Journal.write

    def write_and_kill(journal, kind, **values):
        write(journal, kind, **values)
        if kind == "train" and values["step"] == 4:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(Journal, "write", write_and_kill)
    settings = configure("rnn", max_steps=1000, log_every=1)
    outcome = loop.train(settings, digits, tmp_path, progress=False)
    assert outcome.reason == "signal"
    assert latest_state(tmp_path).name == f"step-{outcome.position.step:08d}"
    assert outcome.position.step in (4, 5)


def test_the_log_says_how_many_embeddings_were_found(tmp_path, digits, configure):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text(
        "".join(f"{digit} " + " ".join(["0.1", "0.2"] * 8) + "\n" for digit in "0123")
    )
    settings = configure("rnn", max_steps=1)
    loop.train(settings, digits, tmp_path / "run", embeddings=vectors, progress=False)
    (note,) = lines(tmp_path / "run", "note")
    assert note["found"] >= 4
    assert "whole-word tokens found among 4 word vectors" in note["message"]


def test_gradients_that_are_not_finite_leave_the_weights_alone(
    tmp_path, digits, configure, monkeypatch
):
    monkeypatch.setattr("model.training.stepping.MAX_SKIPPED", 3)
    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", lambda *_: torch.tensor(float("nan")))
    with pytest.raises(ValueError, match="not finite 4 steps in a row"):
        loop.train(configure("rnn", max_steps=9), digits, tmp_path, progress=False)


def test_progress_is_shown_on_stderr_alone(tmp_path, digits, configure, capsys):
    loop.train(configure("rnn", max_steps=2, log_every=1), digits, tmp_path, progress=True)
    shown = capsys.readouterr()
    assert "2/2" in shown.err
    assert "train " in shown.err
    assert shown.out == ""


def test_validation_needs_rows(tmp_path, digits, tokenizer, configure):
    data = tmp_path / "data"
    shutil.copytree(digits, data)
    (data / "valid.jsonl").write_text("")
    with pytest.raises(ValueError, match="the valid split is empty"):
        loop.train(configure("rnn", max_steps=1), data, tmp_path / "run", progress=False)
