"""Random-weight models of every family give the numbers that `transformers` gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from model.decoding import decode
from model.options import DecodingOptions
from model.strategies.manners import Manners
from tests.interop.made import CASES

LENGTHS = (13, 7, 10)
CLOSE = {"atol": 1e-4, "rtol": 0}


@pytest.fixture(params=CASES)
def both(request, pair):
    return pair(request.param)


def batch(both) -> tuple[Tensor, Tensor]:
    """Sources of several lengths, padded."""
    config = both.ours.config
    generator = torch.Generator().manual_seed(8)
    ids = torch.randint(
        6, config.vocabulary_size, (len(LENGTHS), max(LENGTHS)), generator=generator
    )
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
    return ids.masked_fill(~mask, config.pad_id), mask


def target(both) -> Tensor:
    generator = torch.Generator().manual_seed(9)
    size = both.ours.config.vocabulary_size
    return torch.randint(6, size, (len(LENGTHS), 9), generator=generator)


def answer(both, ids, mask, target):
    """What `transformers` says under teacher forcing."""
    start = torch.full_like(target[:, :1], both.ours.config.decoder_start_id)
    both.theirs.set_attn_implementation("eager")
    with torch.no_grad():
        return both.theirs(
            input_ids=ids,
            attention_mask=mask.long(),
            decoder_input_ids=torch.cat([start, target[:, :-1]], dim=1),
            output_attentions=True,
        )


def test_logits_are_the_same_in_a_padded_batch(both):
    ids, mask = batch(both)
    expected = answer(both, ids, mask, target(both)).logits
    assert expected.std() > 0.2  # random, and not all the same
    found = both.ours.model.distribution(ids, mask, target(both)).logits
    torch.testing.assert_close(found, expected, **CLOSE)


def test_logits_are_the_same_for_one_source_without_padding(both):
    ids, mask = (part[:1] for part in batch(both))
    expected = answer(both, ids, mask, target(both)[:1]).logits
    found = both.ours.model.distribution(ids, mask, target(both)[:1]).logits
    torch.testing.assert_close(found, expected, **CLOSE)


def test_steps_have_their_distributions_and_their_attention_per_layer_and_head(both):
    ids, mask = batch(both)
    words = target(both)
    expected = answer(both, ids, mask, words)
    attention = torch.stack(expected.cross_attentions, dim=1)  # [B, L, H, T, S]
    log_probs = expected.logits.log_softmax(dim=-1)
    state = both.ours.model.start(both.ours.model.encode(ids, mask))
    previous = torch.full((len(ids),), both.ours.config.decoder_start_id)
    for place in range(words.shape[1]):
        output, state = both.ours.model.step(previous, state)
        torch.testing.assert_close(output.log_probs, log_probs[:, place], **CLOSE)
        torch.testing.assert_close(output.cross_attention, attention[..., place, :], **CLOSE)
        previous = words[:, place]


# Ours, theirs, and what they force: begin, end.
SEARCHES = {
    "greedy": (DecodingOptions(num_beams=1, max_new_tokens=11, no_repeat_ngram_size=0), {}),
    "greedy-ngram": (
        DecodingOptions(num_beams=1, max_new_tokens=11, no_repeat_ngram_size=2),
        {"no_repeat_ngram_size": 2},
    ),
    "beams": (DecodingOptions(max_new_tokens=11, no_repeat_ngram_size=0), {}),
    "beams-long": (
        DecodingOptions(
            max_new_tokens=11, no_repeat_ngram_size=2, length_penalty=2.0, min_new_tokens=8,
            early_stopping=True,
        ),
        {"no_repeat_ngram_size": 2, "length_penalty": 2.0, "min_length": 9, "early_stopping": True},
    ),
    "beams-short": (
        DecodingOptions(
            max_new_tokens=11, no_repeat_ngram_size=3, length_penalty=-0.5, early_stopping="never"
        ),
        {"no_repeat_ngram_size": 3, "length_penalty": -0.5, "early_stopping": "never"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("search", "is_forced"),
    [(name, False) for name in SEARCHES] + [("greedy-ngram", True), ("beams-long", True)],
)
def test_searches_write_the_same_tokens(both, search, is_forced):
    options, theirs = SEARCHES[search]
    config = both.ours.config
    first = (6,) if is_forced else ()
    manners = replace(both.ours.manners, first_ids=first, ends_at_limit=is_forced)
    forced = {
        "forced_bos_token_id": first[0] if is_forced else None,
        "forced_eos_token_id": config.eos_id if is_forced else None,
    }
    assert ours(both, config, options, manners) == generated(both, config, options, theirs | forced)


def ours(both, config, options: DecodingOptions, manners: Manners) -> list[list[int]]:
    """The tokens of our best summaries."""
    model = both.ours.model
    memory = model.encode(*batch(both))
    *_, last = decode(
        model, memory, config, options, bad_words_ids=[[config.pad_id]], manners=manners
    )
    return [list(candidates[0].token_ids) for candidates in last.hypotheses]


def generated(both, config, options: DecodingOptions, settings: dict) -> list[list[int]]:
    """The tokens of theirs."""
    ids, mask = batch(both)
    both.theirs.set_attn_implementation("sdpa")
    found = both.theirs.generate(
        input_ids=ids,
        attention_mask=mask.long(),
        num_beams=options.num_beams,
        max_length=options.max_new_tokens + 1,
        do_sample=False,
        bad_words_ids=[[config.pad_id]],
        **settings,
    )
    return [up_to_end(row[1:].tolist(), config.eos_id) for row in found]


def up_to_end(ids: list[int], eos_id: int) -> list[int]:
    """Without what fills the row up, which is not always padding."""
    return ids[: ids.index(eos_id) + 1] if eos_id in ids else ids


@pytest.mark.parametrize(
    ("beams", "settings"),
    [(1, {"repetition_penalty": 3.0}), (3, {"no_repeat_ngram_size": 1})],
)
def test_rules_on_repetition_count_the_start_token_as_theirs_do(both, beams, settings):
    options = DecodingOptions(
        **{"num_beams": beams, "max_new_tokens": 5, "no_repeat_ngram_size": 0} | settings
    )
    config, manners = both.ours.config, both.ours.manners
    # A start token that the model likes to write, so that it matters whether it counts.
    liked = ours(both, config, replace(options, no_repeat_ngram_size=0), Manners())[0][0]
    config = replace(config, decoder_start_id=liked)
    found = ours(both, config, options, manners)
    theirs = generated(both, config, options, {"decoder_start_token_id": liked, **settings})
    assert found == theirs
    assert found != ours(both, config, options, Manners())  # as one trained here counts
