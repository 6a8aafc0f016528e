"""DecodingOptions: what is accepted, what is refused and how the refusal reads."""

import json

import pytest

from model.options import LIMITS, DecodingOptions, without_effect


def test_every_default_works_and_is_beam_search() -> None:
    assert DecodingOptions().strategy == "beam"


@pytest.mark.parametrize(
    ("values", "strategy"),
    [
        ({"num_beams": 1}, "greedy"),
        ({"num_beams": 2}, "beam"),
        ({"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5}, "diverse_beam"),
        ({"num_beams": 1, "do_sample": True}, "sample"),
        ({"num_beams": 1, "penalty_alpha": 0.6, "top_k": 4}, "contrastive"),
    ],
)
def test_the_strategy_follows_from_the_fields(values: dict, strategy: str) -> None:
    assert DecodingOptions(**values).strategy == strategy


@pytest.mark.parametrize("name", sorted(LIMITS))
@pytest.mark.parametrize("side", ["low", "high"])
def test_a_number_past_its_limit_is_refused_by_name_value_and_limit(name: str, side: str) -> None:
    limit = LIMITS[name]
    value = limit.low - 1 if side == "low" else limit.high + 1
    value = int(value) if isinstance(getattr(DecodingOptions(), name), int) else value
    if name == "seed" and side == "high":
        value = 2**63
    with pytest.raises(ValueError, match=name) as error:
        DecodingOptions(**{name: value})
    assert repr(value) in str(error.value)
    assert f"{limit.high:g}" in str(error.value)


@pytest.mark.parametrize("name", ["temperature", "top_p", "typical_p", "repetition_penalty"])
def test_limits_that_exclude_zero_say_so(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be above 0 .* got 0"):
        DecodingOptions(**{name: 0.0})


@pytest.mark.parametrize("name", sorted(LIMITS))
@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "3", [1], 10**400])
def test_what_is_no_number_in_range_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        DecodingOptions(**{name: value})


@pytest.mark.parametrize("name", ["num_beams", "top_k", "max_new_tokens", "seed"])
def test_whole_numbers_refuse_fractions(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a whole number"):
        DecodingOptions(**{name: 2.0})


def test_whole_values_of_real_fields_become_floats() -> None:
    value = DecodingOptions(length_penalty=2).length_penalty
    assert (value, type(value)) == (2.0, float)


@pytest.mark.parametrize("name", ["do_sample", "early_stopping"])
@pytest.mark.parametrize("value", [0, 1, None, "always"])
def test_truth_values_are_told_from_numbers(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{name} must be True"):
        DecodingOptions(**{name: value})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_beams": 4, "do_sample": True}, "needs num_beams=1, got 4"),
        ({"num_beams": 4, "penalty_alpha": 0.5}, "needs num_beams=1, got 4"),
        ({"num_beams": 1, "do_sample": True, "penalty_alpha": 0.5}, "choose one"),
        ({"num_beams": 1, "penalty_alpha": 0.5, "top_k": 1}, "between 2 and 64 .* got 1"),
        ({"num_beams": 1, "penalty_alpha": 0.5, "top_k": 65}, "between 2 and 64 .* got 65"),
        ({"num_beams": 4, "num_beam_groups": 3, "diversity_penalty": 1.0}, r"\(4\), got 3"),
        ({"num_beams": 4, "num_beam_groups": 8, "diversity_penalty": 1.0}, r"\(4\), got 8"),
        ({"num_beams": 4, "num_beam_groups": 2}, "diversity_penalty must be above 0"),
        ({"diversity_penalty": 1.0}, "num_beam_groups of at least 2, got 1"),
        ({"min_new_tokens": 9, "max_new_tokens": 8}, r"max_new_tokens \(8\), got 9"),
        ({"bad_words": ("x",) * 201}, "201 entries, at most 200"),
        ({"bad_words": ("x" * 101,)}, "1 to 100 characters .* one of 101"),
        ({"bad_words": (" ",)}, "1 to 100 characters"),
        ({"bad_words": "rude"}, "must be a tuple of texts"),
        ({"bad_words": (3,)}, "must be a tuple of texts"),
        ({"forced_prefix": "x" * 20001}, "20001 characters, at most 20000"),
        ({"forced_prefix": None}, "forced_prefix must be text"),
    ],
)
def test_contradictions_and_bad_texts_are_refused_with_the_reason(
    values: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        DecodingOptions(**values)


def test_options_survive_json() -> None:
    options = DecodingOptions(
        num_beams=1, penalty_alpha=0.4, bad_words=("a", "b"), early_stopping="never"
    )
    assert DecodingOptions.from_dict(json.loads(json.dumps(options.to_dict()))) == options


def test_unknown_options_are_named() -> None:
    with pytest.raises(ValueError, match="unknown decoding options: beam_size, topk"):
        DecodingOptions.from_dict({"topk": 3, "beam_size": 2, "num_beams": 2})


def test_options_are_frozen_and_hashable() -> None:
    options = DecodingOptions(bad_words=["a"])  # type: ignore[arg-type]
    assert options.bad_words == ("a",)
    assert hash(options) == hash(DecodingOptions(bad_words=("a",)))
    with pytest.raises(AttributeError):
        options.num_beams = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "without", "with_effect"),
    [
        ({"num_beams": 4}, {"temperature", "top_k", "do_sample"}, {"length_penalty", "num_beams"}),
        ({"num_beams": 1}, {"length_penalty", "seed", "num_beam_groups"}, {"do_sample"}),
        (
            {"num_beams": 1, "do_sample": True},
            {"early_stopping", "num_beams"},
            {"temperature", "top_p", "seed"},
        ),
        ({"num_beams": 1, "penalty_alpha": 0.5}, {"temperature", "seed"}, {"top_k"}),
        ({"num_beams": 4}, {"diversity_penalty"}, {"num_beam_groups"}),
        (
            {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.0},
            {"temperature"},
            {"diversity_penalty"},
        ),
    ],
)
def test_fields_without_effect_are_told_with_a_reason(
    values: dict, without: set[str], with_effect: set[str]
) -> None:
    reasons = without_effect(DecodingOptions(**values))
    assert without <= set(reasons)
    assert not with_effect & set(reasons)
    assert all(reason.endswith(".") for reason in reasons.values())
