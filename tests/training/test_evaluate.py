"""Evaluation: summaries in order, teacher-forced figures, the table."""

from __future__ import annotations

import json
import math
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from model.options import DecodingOptions
from model.tokenizer import Tokenizer
from model.training.evaluate import (
    EvaluationSettings,
    evaluate,
    measure,
    style_for,
    tabulate,
    write_all,
)
from model.training.examples import Example
from model.training.figures import Row, to_json, to_markdown
from model.training.forced import Pair, Prediction, predict

TEXTS = ["the cat sat on the mat", "a dog ran to the man", "the man and the dog sat"]


@dataclass(frozen=True)
class EchoWriter:
    """Answers with the first words of the source, and remembers nothing."""

    styles: tuple[str, ...] = ("headline", "title")

    def summarize_many(
        self, texts: Sequence[str], options: DecodingOptions, style: str | None
    ) -> list[SimpleNamespace]:
        words = 3 if style == "headline" else 2
        return [SimpleNamespace(text=" ".join(text.split()[:words])) for text in texts]


class TablesModel:
    """Gives token v at place t the log-probability `table[t][v]`, whatever the source."""

    def __init__(self, table: Tensor) -> None:
        self.table = table.log_softmax(dim=-1)  # [T, V]

    def forward(self, ids: Tensor, mask: Tensor, target: Tensor) -> Tensor:
        assert ids.shape == mask.shape
        return self.table[: target.shape[1]].expand(len(ids), -1, -1)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(TEXTS * 5, vocabulary_size=300)


@pytest.fixture
def opened(tokenizer: Tokenizer) -> SimpleNamespace:
    torch.manual_seed(3)
    config = SimpleNamespace(max_source_tokens=32, max_target_tokens=12, pad_id=0)
    model = TablesModel(torch.randn(12, tokenizer.vocabulary_size))
    return SimpleNamespace(model=model, config=config, tokenizer=tokenizer)


def example(source: str, *references: str, style: str = "title", set: str = "s") -> Example:
    return Example(source, references, style, set)


# Teacher-forced figures


def test_prediction_sums_the_log_probabilities_of_the_target(opened, tokenizer) -> None:
    target = tokenizer.encode_target("the dog")
    table = opened.model.table
    (found,) = predict(opened, [Pair("the cat", "the dog", "title")], 4)
    assert found.tokens == len(target)
    assert found.log_prob == pytest.approx(sum(table[t, id].item() for t, id in enumerate(target)))
    assert found.correct == sum(int(table[t].argmax()) == id for t, id in enumerate(target))


def test_predictions_do_not_depend_on_the_batch(opened) -> None:
    targets = ("a dog", "the", "man on the mat")
    pairs = [Pair(text, target, None) for text, target in zip(TEXTS, targets, strict=True)]
    one_by_one = predict(opened, pairs, 1)
    assert len({prediction.tokens for prediction in one_by_one}) == 3
    together = predict(opened, pairs, 3)
    assert [p.tokens for p in together] == [p.tokens for p in one_by_one]
    assert [p.log_prob for p in together] == pytest.approx([p.log_prob for p in one_by_one])


def test_loss_perplexity_and_accuracy_of_sums() -> None:
    total = Prediction(2, 1, -3.0) + Prediction(2, 2, -1.0)
    assert (total.loss, total.perplexity, total.accuracy) == (1.0, math.e, 0.75)
    assert Prediction(1, 0, -1000.0).perplexity == math.inf


# Evaluation


def test_summaries_come_back_in_order_whatever_style_and_length() -> None:
    examples = [
        example("a b c d e f", "r"),
        example("g h", "r"),
        example("i j k", "r", style="headline"),
    ]
    assert write_all(EchoWriter(), examples, DecodingOptions(), 1) == ["a b", "g h", "i j k"]


def test_a_style_that_the_model_lacks_is_named() -> None:
    with pytest.raises(ValueError, match=r"'limerick'; this model's styles: headline, title"):
        style_for(EchoWriter(), "limerick")
    assert style_for(EchoWriter(styles=()), "limerick") is None
    assert style_for(EchoWriter(), "") is None


def test_the_table_holds_means_per_part_and_system() -> None:
    outcomes = [
        measure(example("one two three. four", "one two"), "one two", Prediction(2, 2, -1.0)),
        measure(example("five six. seven", "nine"), "five", Prediction(2, 0, -3.0)),
        measure(example("ten", "ten", style="tldr", set="t"), "ten", Prediction(4, 4, 0.0), False),
    ]
    rows = {(row.part, row.name, row.system): row for row in tabulate(outcomes[:2])}
    titles = rows["style", "title", "model"]
    assert titles.examples == 2
    assert titles.figures["rouge1"] == pytest.approx((1 + 0) / 2)
    assert titles.figures["loss"] == pytest.approx(1.0)
    assert titles.figures["accuracy"] == pytest.approx(0.5)
    assert "rouge1" not in rows["all", "all examples", "references"].figures
    assert {system for _, _, system in rows} == {
        "model", "lead-1", "lead-3", "LexRank", "TextRank", "references"
    }  # fmt: skip
    outcomes[:2] = [measure(o.example, o.texts["model"], o.prediction, False) for o in outcomes[:2]]
    means = {(row.name, row.system): row for row in tabulate(outcomes) if row.part == "all"}
    # Two titles at 0.5 on average and one tldr at 1: the styles count the same.
    assert means["mean of styles", "model"].figures["rouge1"] == pytest.approx(0.75)
    assert means["all examples", "model"].figures["rouge1"] == pytest.approx(2 / 3)


def test_an_evaluation_is_the_same_in_any_batch_size_and_offline(
    opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("evaluation went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    examples = [
        example(TEXTS[0], "the cat", "a cat sat"),
        example(TEXTS[1], "the dog", style="headline", set="t"),
        example(TEXTS[2], "a man"),
    ]
    tables = []
    for size in (1, 3):
        settings = EvaluationSettings(batch_size=size)
        outcomes = evaluate(opened, EchoWriter(), examples, DecodingOptions(), settings)
        tables.append(to_markdown(tabulate(outcomes)))
    assert tables[0] == tables[1]
    assert "LexRank" in tables[0]


def test_markdown_shows_shares_in_percent_and_gaps_for_what_was_not_measured() -> None:
    rows = [
        Row("all", "all", "model", 2, {"rouge1": 0.256, "words": 7.04}),
        Row("all", "all", "references", 2, {"words": 8.0}),
    ]
    table = to_markdown(rows).splitlines()
    assert table[2:6] == [
        "| part | system | n | R-1 | words |",
        "| --- | --- | ---: | ---: | ---: |",
        "| all | model | 2 | 25.6 | 7.0 |",
        "| all | references | 2 | – | 8.0 |",
    ]


def test_json_has_no_infinity() -> None:
    (row,) = to_json([Row("all", "all", "model", 1, {"perplexity": math.inf, "loss": 800.0})])
    assert json.loads(json.dumps(row, allow_nan=False))["perplexity"] is None
