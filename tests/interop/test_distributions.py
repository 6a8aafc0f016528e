"""What is drawn from is what `transformers` draws from: every filter, on models of every family."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from model.filters import Rows, apply_filters
from model.options import DecodingOptions
from model.strategies.rules import rules
from model.strategies.sampling import sampling_filters
from tests.interop.made import CASES

ALONE = [  # an option, its value, and what does the same there
    ("temperature", 0.4, "TemperatureLogitsWarper"),
    ("top_k", 7, "TopKLogitsWarper"),
    ("top_p", 0.6, "TopPLogitsWarper"),
    ("min_p", 0.2, "MinPLogitsWarper"),
    ("typical_p", 0.5, "TypicalLogitsWarper"),
    ("repetition_penalty", 2.5, "RepetitionPenaltyLogitsProcessor"),
    ("no_repeat_ngram_size", 1, "NoRepeatNGramLogitsProcessor"),
    ("no_repeat_ngram_size", 2, "NoRepeatNGramLogitsProcessor"),
    ("encoder_no_repeat_ngram_size", 1, "EncoderNoRepeatNGramLogitsProcessor"),
    ("encoder_no_repeat_ngram_size", 2, "EncoderNoRepeatNGramLogitsProcessor"),
]
TOGETHER = {
    "repetition_penalty": 1.4, "no_repeat_ngram_size": 2, "encoder_no_repeat_ngram_size": 2,
    "min_new_tokens": 2, "temperature": 1.3, "top_k": 30, "top_p": 0.9, "min_p": 0.02,
    "typical_p": 0.8,
}  # fmt: skip
OFF = {"num_beams": 1, "do_sample": True, "top_k": 0, "no_repeat_ngram_size": 0}


@pytest.fixture(params=CASES)
def both(request, pair):
    return pair(request.param)


def sources(config) -> Tensor:
    """Two sources with the tokens that steer the model, and one token twice."""
    generator = torch.Generator().manual_seed(6)
    ids = torch.randint(6, config.vocabulary_size, (2, 12), generator=generator)
    ids[:, 0], ids[:, -1], ids[:, 5] = config.decoder_start_id, config.eos_id, ids[:, 2]
    return ids


def filtered(both, settings: dict, ids: Tensor, written: Tensor, logits: Tensor) -> Tensor:
    """Our distribution [B, V] behind `written` [B, T], which begins with the start token."""
    options = DecodingOptions(**OFF | settings)
    filters = rules(options, both.ours.config, ids.tolist(), manners=both.ours.manners)
    filters += sampling_filters(options)
    log_probs = logits.log_softmax(dim=-1)
    rows = Rows([tuple(row[1:]) for row in written.tolist()], [0, 1], (logits - log_probs)[:, 0])
    return apply_filters(filters, log_probs, rows, normalise=True).log_probs


def same(found: Tensor, scores: Tensor) -> None:
    assert torch.equal(found.isinf(), scores.isinf())
    torch.testing.assert_close(found.exp(), scores.softmax(dim=-1), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("name", "value", "theirs"), ALONE)
def test_a_filter_makes_of_logits_what_theirs_makes(both, name, value, theirs):
    import transformers

    ids = sources(both.ours.config)
    written = ids[:, :6]  # a copy of the source, in whose last token the bigrams repeat
    mask = torch.ones_like(ids, dtype=torch.bool)
    logits = both.ours.model.distribution(ids, mask, written).logits[:, -1]
    extra = (ids,) if "Encoder" in theirs else ()
    processor = getattr(transformers, theirs)(value, *extra)
    found = filtered(both, {name: value}, ids, written, logits)
    expected = processor(written, logits)
    assert not torch.equal(expected, logits)
    same(found, expected)


def test_all_filters_together_leave_the_distribution_that_theirs_leave(both):
    ids = sources(both.ours.config)
    torch.manual_seed(5)
    theirs = both.theirs.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=3,
        return_dict_in_generate=True, output_scores=True, output_logits=True, **OFF | TOGETHER,
    )  # fmt: skip
    for place, scores in enumerate(theirs.scores):
        written = theirs.sequences[:, : place + 1]
        same(filtered(both, TOGETHER, ids, written, theirs.logits[place]), scores)
