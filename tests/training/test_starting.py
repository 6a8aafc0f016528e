import json
from dataclasses import replace

import pytest
import torch

from model import checkpoint
from model.tokenizer import Tokenizer
from model.training import loop
from model.training.starting import start_from


@pytest.fixture
def build(tokenizer, configure):
    """A new model of a family, its random weights by the seed."""

    def built(family: str, seed: int = 0):
        torch.manual_seed(seed)
        config = configure(family, max_steps=1).model_config(tokenizer.vocabulary_size)
        return checkpoint.build(config)

    return built


@pytest.fixture
def trained(tmp_path, tokenizer, build, family):
    """A model folder of the family."""
    checkpoint.save(tmp_path / "trained", build(family, seed=1), tokenizer)
    return tmp_path / "trained"


def test_the_same_shape_takes_every_tensor(trained, tokenizer, build, family):
    model, old = build(family, seed=2), build(family, seed=1)
    report = start_from(trained, model, tokenizer)
    assert report.taken == report.tensors == len(model.state_dict())
    for name, tensor in old.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor), name


def test_another_family_borrows_what_fits(trained, tokenizer, build, family):
    model = build("rnn" if family == "transformer" else "transformer", seed=2)
    report = start_from(trained, model, tokenizer)
    assert 0 < report.taken < report.tensors
    assert f"{report.taken} of {report.tensors} tensors start from trained" in str(report)
    old = build(family, seed=1)
    assert torch.equal(model.embedding.weight, old.embedding.weight)
    assert torch.equal(model.output.weight, old.embedding.weight)  # still tied


def test_a_deeper_transformer_starts_as_the_same_function(tmp_path, tokenizer, build):
    old = build("transformer", seed=1).eval()
    checkpoint.save(tmp_path / "shallow", old, tokenizer)
    layers = {"encoder_layers": 3, "decoder_layers": 5}
    assert (old.config.encoder_layers, old.config.decoder_layers) < (3, 5)
    model = checkpoint.build(replace(old.config, **layers)).eval()
    report = start_from(tmp_path / "shallow", model, tokenizer)
    assert report.taken == report.tensors == len(model.state_dict())
    ids, target = torch.randint(5, 200, (2, 9)), torch.randint(5, 200, (2, 6))
    mask = torch.ones(2, 9, dtype=torch.bool)
    assert torch.equal(model(ids, mask, target), old(ids, mask, target))

    model(ids, mask, target).sum().backward()  # and every copy can learn
    for layer in [*model.encoder, *model.decoder]:
        assert layer.self_output.weight.grad.abs().max() > 0
        assert layer.feed_forward.contract.weight.grad.abs().max() > 0
    for ours, theirs in ((model.encoder, old.encoder), (model.decoder, old.decoder)):
        assert torch.equal(ours[-1].self_output.weight, theirs[-1].self_output.weight)


def test_behind_norms_after_each_part_nothing_is_grown(tmp_path, tokenizer, build):
    config = replace(build("transformer").config, norm_position="post")
    checkpoint.save(tmp_path / "post", checkpoint.build(config), tokenizer)
    model = checkpoint.build(replace(config, decoder_layers=config.decoder_layers + 1))
    report = start_from(tmp_path / "post", model, tokenizer)
    assert report.taken < report.tensors  # the layers by their names; the new one is new


def test_another_tokenizer_is_refused(trained, build, family):
    other = Tokenizer.train(["other words altogether"] * 20, 280)
    with pytest.raises(ValueError, match="another tokenizer"):
        start_from(trained, build(family), other)


def test_a_run_that_goes_on_does_not_start_again(tmp_path, digits, trained, configure, family):
    run = tmp_path / "run"
    loop.train(configure(family, max_steps=2), digits, run, origin=trained, progress=False)
    loop.train(
        configure(family, max_steps=4), digits, run, resume=True, origin=trained, progress=False
    )
    kinds = [json.loads(line)["kind"] for line in (run / "log.jsonl").read_text().splitlines()]
    assert kinds.count("note") == 1
    assert kinds.count("end") == 2
