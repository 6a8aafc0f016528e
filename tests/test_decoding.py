"""The loop: sources are independent, streaming can stop, forcing gives the same record."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn

from model.config import RNNConfig, TransformerConfig
from model.decoding import decode, force
from model.options import DecodingOptions
from model.rnn import RNNModel
from model.seq2seq import Memory
from model.transformer import TransformerModel
from tests.scripted import (
    EOS,
    SOURCES,
    SPECIAL,
    STRATEGIES,
    Ids,
    ScriptedModel,
    decoded,
    memory_of,
    random_script,
    run,
    same_step,
)

strategies = pytest.mark.parametrize("name", sorted(STRATEGIES))


@strategies
def test_a_source_has_the_same_result_alone_and_in_any_batch(name: str) -> None:
    batch, together = decoded(name)
    for source, text in enumerate(SOURCES):
        alone, (found,) = decoded(name, (text,))
        assert found == together[source]
        for update, single in zip(batch, alone, strict=False):
            assert update.steps[source] is not None
            same_step(update.steps[source], single.steps[0])
            assert update.best[source] == single.best[0]
        assert all(update.steps[source] is None for update in batch[len(alone) :])


def test_a_seed_decides_what_is_drawn() -> None:
    def texts(seed: int) -> list[Ids]:
        _, found = run(
            random_script(10), SOURCES, num_beams=1, do_sample=True, seed=seed, max_new_tokens=9
        )
        return [candidates[0].token_ids for candidates in found]

    assert texts(1) == texts(1)
    assert len({tuple(texts(seed)) for seed in range(6)}) > 3


def test_global_random_state_neither_matters_nor_changes() -> None:
    torch.manual_seed(1)
    _, first = decoded("sample")
    after = torch.rand(1)
    torch.manual_seed(1)
    assert torch.rand(1) == after
    _, second = decoded("sample")
    assert first == second


class CountingModel(ScriptedModel):
    """Counts its steps in a list that the test holds."""

    calls: list[bool]

    def step(self, previous_ids, state, record=True):  # type: ignore[no-untyped-def]
        self.calls.append(record)
        return super().step(previous_ids, state, record)


def counting(calls: list[bool]) -> CountingModel:
    model = CountingModel(random_script(10, eos_bias=-9.0))
    object.__setattr__(model, "calls", calls)
    return model


def test_nothing_runs_before_it_is_asked_for_or_after_the_generator_is_closed() -> None:
    calls: list[bool] = []
    model = counting(calls)
    updates = decode(model, memory_of(model, SOURCES), SPECIAL, DecodingOptions())
    assert calls == []
    next(updates)
    next(updates)
    updates.close()
    assert len(calls) == 2
    assert list(updates) == []
    assert len(calls) == 2
    assert not torch.is_inference_mode_enabled()


def test_without_a_record_there_are_no_steps_and_the_same_summaries() -> None:
    calls: list[bool] = []
    model = counting(calls)
    memory = memory_of(model, SOURCES)
    options = DecodingOptions(max_new_tokens=12)
    unrecorded = dataclasses.replace(options, record_top_k=0)
    plain = list(decode(model, memory, SPECIAL, unrecorded))
    assert all(step is None for update in plain for step in update.steps)
    assert not any(calls)
    recorded = list(decode(model, memory, SPECIAL, options))
    assert plain[-1].hypotheses == recorded[-1].hypotheses


def test_only_the_last_update_has_hypotheses_and_best_is_the_first_of_them() -> None:
    updates, found = decoded("beam")
    assert all(update.hypotheses is None for update in updates[:-1])
    assert updates[-1].best == tuple(candidates[0].token_ids for candidates in found)
    assert all(len(best) == 1 for best in updates[0].best)


def test_a_finished_source_leaves_the_batch() -> None:
    rows: list[int] = []

    class Watched(ScriptedModel):
        def step(self, previous_ids, state, record=True):  # type: ignore[no-untyped-def]
            rows.append(len(previous_ids))
            return super().step(previous_ids, state, record)

    def script(source: Ids, prefix: Ids) -> np.ndarray:
        token = EOS if len(prefix) == len(source) else 3
        return np.where(np.arange(6) == token, 0.0, -math.inf)

    model = Watched(script)
    options = DecodingOptions(num_beams=1, no_repeat_ngram_size=0)
    list(decode(model, memory_of(model, SOURCES), SPECIAL, options))
    assert rows == [3, 3, 3, 2, 2, 1, 1]


def test_a_forced_target_has_the_same_record_as_the_search_that_found_it() -> None:
    script = random_script(10, eos_bias=1.0)
    model = ScriptedModel(script)
    memory = memory_of(model, SOURCES)
    updates, found = run(script, SOURCES, num_beams=1, max_new_tokens=7)
    targets = [candidates[0].token_ids for candidates in found]
    forced = list(force(model, memory, SPECIAL, targets, DecodingOptions()))
    assert forced[-1].hypotheses == found
    for one, other in zip(updates, forced, strict=True):
        for first, second in zip(one.steps, other.steps, strict=True):
            if first is None or second is None:
                assert first is second
            else:
                same_step(first, second)


def test_a_forced_target_meets_no_rule_and_may_lack_its_end() -> None:
    script = random_script(10)
    model = ScriptedModel(script)
    target = (4, 4, 4, 4, 4)
    options = DecodingOptions(min_new_tokens=9, length_penalty=0.0)
    *_, last = force(model, memory_of(model, SOURCES[:1]), SPECIAL, [target], options)
    assert last.hypotheses is not None
    ((candidate,),) = last.hypotheses
    expected = sum(script(SOURCES[0], target[:i])[4] for i in range(5))
    assert candidate.token_ids == target
    assert not candidate.finished
    assert candidate.log_prob == pytest.approx(expected, abs=1e-4)
    assert candidate.score == candidate.log_prob


@pytest.mark.parametrize(
    ("targets", "message"),
    [([()], "1 to 4096 tokens, got 0"), ([(3,) * 4097], "got 4097"), ([(3,), (4,)], "1 sources")],
)
def test_bad_targets_are_refused(targets: list[Ids], message: str) -> None:
    model = ScriptedModel(random_script(10))
    with pytest.raises(ValueError, match=message):
        next(force(model, memory_of(model, SOURCES[:1]), SPECIAL, targets, DecodingOptions()))


def test_a_forced_prefix_longer_than_the_summary_is_refused() -> None:
    with pytest.raises(ValueError, match=r"5 tokens, more than max_new_tokens \(3\)"):
        run(random_script(10), max_new_tokens=3, forced_prefix_ids=[5] * 5)


@pytest.fixture(scope="module", params=["rnn", "transformer"])
def family(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    if request.param == "rnn":
        small = RNNConfig(vocabulary_size=24, embedding_size=12, hidden_size=12)
        return sharpened(RNNModel(small))
    return sharpened(
        TransformerModel(
            TransformerConfig(
                vocabulary_size=24,
                width=12,
                heads=2,
                feed_forward_size=16,
                encoder_layers=1,
                decoder_layers=2,
            )
        )
    )


def sharpened(model: nn.Module) -> nn.Module:
    """Untrained distributions are flat; larger weights give searches something to find."""
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2.0)
    return model.eval()


def encoded(model: nn.Module, sources: tuple[Ids, ...]) -> Memory:
    scripted = memory_of(ScriptedModel(random_script(4)), sources)
    with torch.no_grad():
        memory: Memory = model.encode(scripted.source_ids, scripted.mask)  # type: ignore[operator]
    return memory


SETTINGS = {
    "beam": DecodingOptions(no_repeat_ngram_size=0, max_new_tokens=9),
    "diverse": DecodingOptions(
        num_beam_groups=2, diversity_penalty=0.5, no_repeat_ngram_size=2, max_new_tokens=9
    ),
    "contrastive": DecodingOptions(num_beams=1, penalty_alpha=0.5, top_k=4, max_new_tokens=9),
    "sample": DecodingOptions(num_beams=1, do_sample=True, top_k=0, max_new_tokens=9),
}


def test_beams_of_a_real_model_score_what_teacher_forcing_says(family: nn.Module) -> None:
    memory = encoded(family, SOURCES)
    *_, last = decode(family, memory, SPECIAL, SETTINGS["beam"])
    assert last.hypotheses is not None
    for source, candidates in enumerate(last.hypotheses):
        for candidate in candidates:
            ids, mask = memory.source_ids[source : source + 1], memory.mask[source : source + 1]
            target = torch.tensor([candidate.token_ids])
            with torch.no_grad():
                log_probs = family(ids, mask, target)[0]
            total = log_probs.gather(1, target.T).sum().item()
            assert candidate.log_prob == pytest.approx(total, abs=1e-3)


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_real_model_gives_the_same_alone_and_in_a_batch(family: nn.Module, name: str) -> None:
    *_, together = decode(family, encoded(family, SOURCES), SPECIAL, SETTINGS[name])
    assert together.hypotheses is not None
    for source, text in enumerate(SOURCES):
        *_, alone = decode(family, encoded(family, (text,)), SPECIAL, SETTINGS[name])
        assert alone.hypotheses is not None
        expected = [candidate.token_ids for candidate in alone.hypotheses[0]]
        assert [c.token_ids for c in together.hypotheses[source]] == expected
