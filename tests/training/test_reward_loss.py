from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest
import torch

from model import checkpoint
from model.tokenizer import Tokenizer
from model.training import rewards
from model.training.data import Limits, collate
from model.training.loop import train
from model.training.loss import Objective
from model.training.packing import open_split
from model.training.rewards import DRAWS, LONGEST, Reward, draw_targets, reward_loss
from model.training.settings import TrainingSettings, configuration_from
from tests.training.conftest import MODELS


@pytest.fixture
def opened(digits, family):
    """An untrained model, and a batch of digit strings with their reversals."""
    split = open_split(digits, "valid")
    values = {"model": MODELS[family] | {"dropout": 0.0}, "training": {"max_steps": 1}}
    tokenizer = Tokenizer.load(digits)
    torch.manual_seed(3)
    config = configuration_from(values, "test").model_config(tokenizer.vocabulary_size)
    model = checkpoint.build(config).eval()
    return model, collate(split, np.arange(20), Limits(64, 64, 10_000), config), tokenizer


def test_draws_come_source_by_source_and_end_with_the_end_token(opened):
    model, batch, _ = opened
    memory, config = model.encode(batch.source, batch.mask), model.config
    torch.manual_seed(0)
    drawn, is_real = draw_targets(model, memory, config)
    assert len(drawn) == DRAWS * len(batch.source)
    assert drawn.shape[1] <= LONGEST
    assert not drawn.requires_grad
    for ids, real in zip(drawn, is_real, strict=True):
        written = ids[real].tolist()
        assert real.tolist() == [True] * len(written) + [False] * (len(ids) - len(written))
        assert config.eos_id not in written[:-1]
        assert written[-1] == config.eos_id or len(written) == drawn.shape[1]
        assert set(ids[~real].tolist()) <= {config.pad_id}


def test_rows_that_ended_leave_the_batch_and_the_others_go_on(opened, monkeypatch):
    """Drawn without chance, every source has what it has alone, whenever its neighbours end."""
    model, batch, _ = opened
    monkeypatch.setattr(rewards, "_draw", lambda probs: probs.argmax(dim=-1))
    sizes: list[int] = []
    step = model.step

    def ending(previous, state, record=True):
        """An untrained model doesn't end: this one does behind as many tokens as its source has."""
        sizes.append(len(previous))
        output, state = step(previous, state, record)
        length = state.memory.mask.sum(dim=1).repeat_interleave(state.readers.per_source)
        log_probs = output.log_probs.clone()
        log_probs[:, model.config.eos_id] = torch.where(length <= len(sizes), 0.0, -torch.inf)
        return replace(output, log_probs=log_probs), state

    def said(rows: slice) -> list[list[int]]:
        sizes.clear()
        memory = model.encode(batch.source[rows], batch.mask[rows])
        drawn, is_real = draw_targets(model, memory, model.config)
        return [ids[real].tolist() for ids, real in zip(drawn, is_real, strict=True)]

    monkeypatch.setattr(model, "step", ending)
    alone = [ids for row in range(len(batch.source)) for ids in said(slice(row, row + 1))]
    assert said(slice(None)) == alone
    assert len({len(ids) for ids in alone}) > 2
    assert sizes[0] == len(alone)
    assert sizes[-1] <= len(alone) / 2  # they did leave


def test_a_draw_follows_its_probability():
    torch.manual_seed(1)
    probs = torch.tensor([[0.0, 0.75, 0.25, 0.0]]).expand(4000, -1)
    counts = rewards._draw(probs).bincount(minlength=4)
    assert counts[0] == counts[3] == 0
    assert 0.72 < counts[1] / 4000 < 0.78


def test_the_loss_is_that_of_its_draws_by_their_advantages(opened):
    model, batch, tokenizer = opened
    memory, reward = model.encode(batch.source, batch.mask), Reward(tokenizer)
    torch.manual_seed(5)
    found = reward_loss(model, memory, batch.target, batch.target_mask, model.config, reward)
    torch.manual_seed(5)
    drawn, is_real = draw_targets(model, memory, model.config)
    expected = 0.0
    for place in range(len(batch.source)):
        rows = slice(DRAWS * place, DRAWS * (place + 1))
        written = [ids[real].tolist() for ids, real in zip(drawn[rows], is_real[rows], strict=True)]
        reference = batch.target[place][batch.target_mask[place]].tolist()
        source = batch.source[place][batch.mask[place]].tolist()
        for ids, advantages in zip(
            written, reward.advantages(written, reference, source), strict=True
        ):
            # Alone, so that neither padding nor a neighbour has a say.
            one, mask = torch.tensor([source]), torch.ones(1, len(source), dtype=torch.bool)
            log_probs = model(one, mask, torch.tensor([ids])).squeeze(0)
            said = log_probs.gather(1, torch.tensor(ids).unsqueeze(1)).squeeze(1)
            expected -= said.dot(torch.tensor(advantages)).item() / DRAWS
    assert found.item() == pytest.approx(expected, abs=1e-4)


def test_the_objective_of_training_has_rewards_and_that_of_validation_none(opened):
    model, batch, tokenizer = opened
    settings = TrainingSettings(max_steps=1, label_smoothing=0.0, reward_weight=3.0)
    reward = Reward(tokenizer)
    objective = Objective(model, settings, None, reward)
    plain = objective.eval()(*batch)
    torch.manual_seed(7)
    found = objective.train()(*batch)
    torch.manual_seed(7)
    memory = model.encode(batch.source, batch.mask)
    drawn = reward_loss(model, memory, batch.target, batch.target_mask, model.config, reward)
    torch.testing.assert_close(plain.objective, plain.negative_log_likelihood)
    torch.testing.assert_close(found.objective, plain.objective + 3.0 * drawn)
    torch.testing.assert_close(found.negative_log_likelihood, plain.negative_log_likelihood)


def test_rewards_reach_the_weights_of_a_run(tmp_path, digits):
    def weights(name: str, **settings: object) -> torch.Tensor:
        training = {"max_steps": 1, "threads": 1, "precision": "fp32", "average_decay": 0.0}
        values = {"model": MODELS["transformer"], "training": training | settings}
        train(configuration_from(values, "test"), digits, tmp_path / name, progress=False)
        return torch.cat(
            [p.flatten() for p in checkpoint.load(tmp_path / name / "best").model.parameters()]
        )

    plain = weights("plain")
    assert torch.equal(weights("again"), plain)
    assert not torch.equal(weights("rewarded", reward_weight=5.0), plain)


def test_what_is_drawn_becomes_worth_more(opened):
    """Rewards alone teach what is wanted, though no reference's words are taught."""
    model, batch, tokenizer = opened
    reward, config = Reward(tokenizer), model.config
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def mean_worth() -> float:
        torch.manual_seed(0)
        memory = model.encode(batch.source, batch.mask)
        drawn, is_real = draw_targets(model, memory, config)
        worth = [
            reward.shared(
                ids[real].tolist(),
                batch.target[row // DRAWS][batch.target_mask[row // DRAWS]].tolist(),
            )
            for row, (ids, real) in enumerate(zip(drawn, is_real, strict=True))
        ]
        return fmean(worth)

    before = mean_worth()
    for _ in range(80):
        memory = model.encode(batch.source, batch.mask)
        loss = reward_loss(model, memory, batch.target, batch.target_mask, config, reward)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert mean_worth() > before + 0.1
