"""A model whose every answer is a function of source and prefix, so that tests know the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch
from torch import Tensor

from model.config import SpecialTokens
from model.decoding import Candidate, Update, decode
from model.options import DecodingOptions
from model.seq2seq import Memory, StepOutput
from model.strategies.manners import Manners
from model.trace import Step

Ids = tuple[int, ...]
Script = Callable[[Ids, Ids], np.ndarray]  # source, prefix → log-probs [V]

SPECIAL = SpecialTokens(pad_id=0, decoder_start_id=1, eos_id=2)
EOS = SPECIAL.eos_id
PLAIN = Manners()  # no model's own
LAYERS, HEADS, WIDTH = 2, 3, 5


@dataclass(frozen=True)
class ScriptedState:
    """Which source every row reads and what it has been fed."""

    sources: tuple[Ids, ...]
    fed: tuple[Ids, ...]
    length: int  # padded source length

    def select(self, rows: Tensor) -> ScriptedState:
        order = rows.tolist()
        return replace(
            self,
            sources=tuple(self.sources[row] for row in order),
            fed=tuple(self.fed[row] for row in order),
        )


@dataclass(frozen=True)
class ScriptedModel:
    """Meets `Seq2Seq` as far as decoding goes. `calls` counts rows stepped, for the tests."""

    script: Script

    def encode(self, ids: Tensor, mask: Tensor) -> Memory:
        return Memory(torch.zeros(*ids.shape, 1), mask, ids)

    def start(self, memory: Memory) -> ScriptedState:
        sources = [
            tuple(ids[real].tolist())
            for ids, real in zip(memory.source_ids, memory.mask, strict=True)
        ]
        return ScriptedState(tuple(sources), ((),) * len(sources), memory.mask.shape[1])

    def step(
        self, previous_ids: Tensor, state: ScriptedState, record: bool = True
    ) -> tuple[StepOutput, ScriptedState]:
        previous = previous_ids.tolist()
        assert len(previous) == len(state.fed)
        fed = tuple((*row, token) for row, token in zip(state.fed, previous, strict=True))
        assert all(row[0] == SPECIAL.decoder_start_id for row in fed)
        rows = list(zip(state.sources, (row[1:] for row in fed), strict=True))
        output = StepOutput(
            log_probs=torch.tensor(
                np.stack([self.script(*row) for row in rows]), dtype=torch.float32
            ),
            cross_attention=torch.tensor(
                np.stack([attention(*row, state.length) for row in rows]), dtype=torch.float32
            )
            if record
            else None,
            copy_gate=torch.tensor([gate(prefix) for _, prefix in rows], dtype=torch.float32),
            hidden=torch.tensor(np.stack([hidden(p) for _, p in rows]), dtype=torch.float32),
        )
        return output, replace(state, fed=fed)

    def forward(self, ids: Tensor, mask: Tensor, target: Tensor) -> Tensor:
        raise NotImplementedError

    def distribution(self, ids: Tensor, mask: Tensor, target: Tensor) -> Tensor:
        raise NotImplementedError


def random_script(vocabulary: int, seed: int = 0, eos_bias: float = 0.0) -> Script:
    """A distribution of its own for every source and prefix."""

    def script(source: Ids, prefix: Ids) -> np.ndarray:
        logits = np.random.default_rng([seed, len(source), *source, *prefix]).normal(
            0, 2, vocabulary
        )
        logits[EOS] += eos_bias
        return logits - np.log(np.exp(logits).sum())

    return script


def table_script(table: dict[Ids, dict[int, float]], vocabulary: int) -> Script:
    """Probabilities by prefix; what isn't listed is impossible, an unlisted prefix ends."""

    def script(source: Ids, prefix: Ids) -> np.ndarray:
        probs = np.zeros(vocabulary)
        for token, prob in table.get(prefix, {EOS: 1.0}).items():
            probs[token] = prob
        with np.errstate(divide="ignore"):
            return np.log(probs)

    return script


def attention(source: Ids, prefix: Ids, length: int) -> np.ndarray:
    """Attention [L, H, S] that only this source and prefix have; zero on padding."""
    rng = np.random.default_rng([7, len(source), *prefix])
    weights = rng.random((LAYERS, HEADS, len(source)))
    padded = np.zeros((LAYERS, HEADS, length))
    padded[..., : len(source)] = weights / weights.sum(axis=-1, keepdims=True)
    return padded


def gate(prefix: Ids) -> float:
    """Copy gate that only this prefix has."""
    return float(np.random.default_rng([8, *prefix]).random())


def hidden(prefix: Ids) -> np.ndarray:
    """Decoder state [D] that only this prefix has."""
    return np.random.default_rng([9, *prefix]).normal(size=WIDTH)


def memory_of(model: ScriptedModel, sources: Sequence[Ids]) -> Memory:
    """A padded batch of sources, encoded."""
    length = max(len(source) for source in sources)
    ids = torch.tensor([[*source, *[0] * (length - len(source))] for source in sources])
    mask = torch.tensor([[i < len(source) for i in range(length)] for source in sources])
    return model.encode(ids, mask)


def run(
    script: Script,
    sources: Sequence[Ids] = ((5, 6, 2),),
    manners: Manners = PLAIN,
    **options: object,
) -> tuple[list[Update], tuple[tuple[Candidate, ...], ...]]:
    """All updates of a run and the hypotheses of its last one. N-gram blocking is off."""
    ids = {name: options.pop(name) for name in list(options) if name.endswith("_ids")}
    settings = DecodingOptions(**{"no_repeat_ngram_size": 0, **options})
    model = ScriptedModel(script)
    updates = list(
        decode(model, memory_of(model, sources), SPECIAL, settings, manners=manners, **ids)
    )
    assert updates[-1].hypotheses is not None
    return updates, updates[-1].hypotheses


def every_sequence(script: Script, source: Ids, longest: int) -> Iterator[tuple[Ids, float]]:
    """Every hypothesis that can be written, with its log-probability, by brute force."""
    vocabulary = len(script(source, ()))
    others = [token for token in range(vocabulary) if token != EOS]
    for length in range(1, longest + 1):
        last = [EOS] if length < longest else [EOS, *others]
        for head in product(others, repeat=length - 1):
            for tail in last:
                tokens = (*head, tail)
                yield tokens, sum(script(source, tokens[:i])[t] for i, t in enumerate(tokens))


SOURCES = ((5, 6, 7, 2), (6, 2), (8, 8, 5, 6, 7, 2))

STRATEGIES: dict[str, dict] = {
    "greedy": {"num_beams": 1},
    "beam": {"num_beams": 3, "length_penalty": 0.6},
    "stopping": {"num_beams": 3, "early_stopping": True},
    "diverse": {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.5},
    "sample": {"num_beams": 1, "do_sample": True, "temperature": 1.4, "top_p": 0.95, "seed": 3},
    "contrastive": {"num_beams": 1, "penalty_alpha": 0.5, "top_k": 3},
    "rules": {
        "num_beams": 3,
        "no_repeat_ngram_size": 2,
        "encoder_no_repeat_ngram_size": 2,
        "repetition_penalty": 1.3,
        "min_new_tokens": 3,
        "coverage_penalty": 0.2,
        "bad_words_ids": [[4], [3, 5]],
        "forced_prefix_ids": [7, 6],
    },
    "few recorded": {"num_beams": 3, "record_top_k": 1, "repetition_penalty": 5.0},
}


def decoded(
    name: str, sources: tuple[Ids, ...] = SOURCES, seed: int = 0
) -> tuple[list[Update], tuple[tuple[Candidate, ...], ...]]:
    options = {"max_new_tokens": 7, "record_top_k": 4, **STRATEGIES[name]}
    return run(random_script(10, seed, eos_bias=1.0), sources, **options)


def walks(updates: list[Update], source: int, candidate: Candidate) -> Iterator[tuple[Step, int]]:
    """Per token of a hypothesis: its step and the child that it is."""
    for place, row in enumerate(candidate.rows):
        step = updates[place].steps[source]
        assert step is not None
        assert step.token_ids[row] == candidate.token_ids[place]
        yield step, row


def every_walk(name: str) -> Iterator[tuple[int, Candidate, list[tuple[Step, int]]]]:
    for seed in range(4):
        updates, found = decoded(name, seed=seed)
        for source, candidates in enumerate(found):
            for candidate in candidates:
                assert len(candidate.rows) == len(candidate.token_ids)
                yield source, candidate, list(walks(updates, source, candidate))


def same_step(one: Step, other: Step) -> None:
    for field in one.__dataclass_fields__:
        first, second = getattr(one, field), getattr(other, field)
        if field == "rules":
            assert first == second
        else:
            np.testing.assert_array_equal(first, second, err_msg=field)
