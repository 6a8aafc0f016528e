from statistics import fmean

import pytest

from model.tokenizer import Tokenizer
from model.training import rewards
from model.training.rewards import DISCOUNT, Reward

SOURCE = "The ferry stops at the old pier, said the town. Tickets stay valid."
REFERENCE = "Ferry stops at pier"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train([SOURCE, REFERENCE, "ferry Stops at Pier"] * 20, 400)


def worth_of(reward: Reward, *texts: list[int]) -> float:
    """What a text shares with its reference, less what it pays for its breaks."""
    written, reference, source = texts
    price = reward.price(reference, source)
    return reward.shared(written, reference) - price * fmean(reward.joined(*texts))


@pytest.fixture
def worth(tokenizer):
    source = tokenizer.encode_source(SOURCE, None, 200).ids
    reference = tokenizer.encode_target(REFERENCE)

    def worth(text: str) -> float:
        return worth_of(Reward(tokenizer), tokenizer.encode_target(text), reference, source)

    return worth


def test_the_reference_is_worth_most(worth):
    assert worth(REFERENCE) == 1.0
    assert worth(REFERENCE) > worth("Ferry stops at") > worth("Tickets stay valid")


def test_case_and_the_place_of_a_word_make_no_difference(worth):
    assert worth("ferry Stops at Pier") == pytest.approx(1.0)


def test_what_nobody_else_has_side_by_side_costs(worth, monkeypatch):
    texts = "the old pier", "Ferry stops at the", "Ferry town pier"
    dear = [worth(text) for text in texts]
    monkeypatch.setattr(rewards, "JOINED_PRICE", 0.0)
    costs = [paid - worth(text) for text, paid in zip(texts, dear, strict=True)]
    # The second ends where nobody does, one of its five tokens; the last has two of four. Of the
    # reference's own pairs, the source has half.
    assert costs == pytest.approx([0.0, -0.5 / 5, -0.5 * 2 / 4])


def test_the_price_is_that_of_the_references_manner(tokenizer):
    """Where the reference rewords all, rewording is free; where it copies all, it costs most."""
    source = "Ferry stops at pier"
    read = tokenizer.encode_source(source, None, 200).ids
    references = [tokenizer.encode_target(text) for text in (source, "Tickets valid", "town pier")]
    prices = [Reward(tokenizer).price(reference, read) for reference in references]
    assert prices == pytest.approx([1.0, 0.0, 0.5])  # of the last, the source has the end


@pytest.mark.parametrize(
    ("text", "breaks"),
    [
        ("at the pier.\nat the pier.", 0),
        ("at the pier. at the pier.", 1),
        ("Tickets\nat the pier.", 1),
    ],
)
def test_a_line_may_start_with_any_word_but_end_only_where_one_ends(text, breaks):
    source = "at the pier.\nTickets stay valid."
    tokenizer = Tokenizer.train([source, text] * 20, 400)
    read, written = tokenizer.encode_source(source, None, 200).ids, tokenizer.encode_target(text)
    assert sum(Reward(tokenizer).joined(written, [], read)) == breaks


def test_what_is_shared_counts_over_the_mean_of_the_others(tokenizer, monkeypatch):
    monkeypatch.setattr(rewards, "JOINED_PRICE", 0.0)
    reward = Reward(tokenizer)
    drawn = [tokenizer.encode_target(text) for text in (REFERENCE, "Ferry stops", "town", "pier")]
    reference, source = drawn[0], tokenizer.encode_source(SOURCE, None, 200).ids
    shared = [reward.shared(ids, reference) for ids in drawn]
    found = reward.advantages(drawn, reference, source)
    assert [len(tokens) for tokens in found] == [len(ids) for ids in drawn]
    assert found[0] == pytest.approx([shared[0] - sum(shared[1:]) / 3] * len(drawn[0]))


def test_a_break_is_paid_by_its_pair_and_less_by_those_before_it(tokenizer, monkeypatch):
    monkeypatch.setattr(Reward, "shared", lambda *_: 0.0)
    source = tokenizer.encode_source(SOURCE, None, 200).ids
    reference = tokenizer.encode_target("Tickets stay valid.")
    good, broken = reference, tokenizer.encode_target("Tickets stay pier, said the town.")
    reward = Reward(tokenizer)
    joined = reward.joined(broken, reference, source)
    place = joined.index(True)
    assert sum(joined) == 1
    flat, steep = reward.advantages([good, broken], reference, source)
    # The good one is better than the other's mean, most where most is still to come.
    usual = 1 / len(broken)
    to_come = [1 - DISCOUNT ** (len(good) - index) for index in range(len(good))]
    assert flat == pytest.approx([usual * share for share in to_come])
    assert steep[place] == pytest.approx(DISCOUNT - 1)
    assert steep[: place + 1] == sorted(steep[: place + 1], reverse=True)
    assert steep[place + 1 :] == pytest.approx([0.0] * (len(broken) - place - 1))
