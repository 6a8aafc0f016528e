"""ROUGE, by hand and against the library."""

from __future__ import annotations

import pytest
from rouge_score.rouge_scorer import RougeScorer

from model.training.rouge import rouge


def test_rouge_of_a_case_computed_by_hand() -> None:
    scores = rouge("the cat sat", ["the cat lay down"])
    assert scores["rouge1"] == pytest.approx(2 * 2 / (3 + 4))
    assert scores["rouge2"] == pytest.approx(2 * 1 / (2 + 3))
    assert scores["rougeL"] == pytest.approx(2 * 2 / (3 + 4))


def test_rouge_takes_the_best_reference_for_every_metric() -> None:
    references = ["cat the on sat", "the cat barked loudly at nothing today"]
    each = [rouge("the cat sat on", [reference]) for reference in references]
    assert each[0]["rouge1"] > each[1]["rouge1"]
    assert each[0]["rouge2"] < each[1]["rouge2"]
    both = rouge("the cat sat on", references)
    assert both == {name: max(each[0][name], each[1][name]) for name in both}


def test_rouge_is_that_of_the_library_with_stems() -> None:
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    summary, reference = (
        "Running dogs were jumping over 3 fences.",
        "A dog runs, jumps, and 3 fence",
    )
    expected = scorer.score(reference, summary)
    found = rouge(summary, [reference])
    assert {name: score.fmeasure for name, score in expected.items()} == pytest.approx(
        {name: found[name] for name in expected}
    )


def test_rouge_lsum_matches_sentences_in_any_order() -> None:
    scores = rouge("The dog ran. The cat sat.", ["The cat sat. The dog ran."])
    assert scores["rougeLsum"] == pytest.approx(1)
    assert scores["rougeL"] < 1


def test_rouge_without_references_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one reference"):
        rouge("text", [])
