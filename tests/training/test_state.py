"""The state that a run goes on from: whole, its own, and never overwritten."""

import json

import pytest

from model.training import loop
from model.training.state import latest_state
from tests.training.conftest import lines


def test_log_lines_of_lost_steps_are_dropped_on_resuming(tmp_path, digits, configure):
    loop.train(configure("rnn", max_steps=2, log_every=1), digits, tmp_path, progress=False)
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"kind": "train", "step": 3, "loss": 99}\n{"kind": "tra')
    settings = configure("rnn", max_steps=4, log_every=1)
    loop.train(settings, digits, tmp_path, resume=True, progress=False)
    assert [line["step"] for line in lines(tmp_path, "train")] == [1, 2, 3, 4]
    assert all(line["loss"] < 99 for line in lines(tmp_path, "train"))


def test_a_partly_written_state_is_not_taken(tmp_path, digits, configure):
    loop.train(configure("rnn", max_steps=2), digits, tmp_path, progress=False)
    partial = tmp_path / "state" / ".partial-00000099"
    partial.mkdir()
    (partial / "tensors.safetensors").write_bytes(b"half")
    outcome = loop.train(
        configure("rnn", max_steps=3), digits, tmp_path, resume=True, progress=False
    )
    assert outcome.position.step == 3
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["step-00000003"]


def test_a_run_is_never_overwritten_by_accident(tmp_path, digits, configure):
    loop.train(configure("rnn", max_steps=1), digits, tmp_path, progress=False)
    with pytest.raises(ValueError, match="holds a run already; resume it or choose"):
        loop.train(configure("rnn", max_steps=1), digits, tmp_path, progress=False)


def test_a_setting_younger_than_the_state_has_its_default(tmp_path, digits, configure):
    loop.train(configure("transformer", max_steps=1), digits, tmp_path, progress=False)
    place = latest_state(tmp_path) / "position.json"
    saved = json.loads(place.read_text())
    del saved["config"]["positions"]
    place.write_text(json.dumps(saved))
    more = configure("transformer", max_steps=2)
    outcome = loop.train(more, digits, tmp_path, resume=True, progress=False)
    assert outcome.position.step == 2


def test_a_state_of_another_model_is_refused(tmp_path, digits, configure):
    loop.train(configure("rnn", max_steps=1), digits, tmp_path, progress=False)
    with pytest.raises(ValueError, match=r"is of another model; these differ: family"):
        loop.train(configure("transformer", max_steps=2), digits, tmp_path, resume=True)


def test_a_damaged_state_is_named(tmp_path, digits, configure):
    loop.train(configure("rnn", max_steps=1), digits, tmp_path, progress=False)
    path = latest_state(tmp_path) / "tensors.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"step-00000001 is damaged"):
        loop.train(configure("rnn", max_steps=2), digits, tmp_path, resume=True)
