"""What counts as personal, and that masking changes nothing else."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.privacy.masking import KINDS, MASK, masked, personal


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ada.lovelace+x@mail.example.org", "e-mail"),
        ("GB82 WEST 1234 5698 7654 32", "IBAN"),
        ("DE89370400440532013000", "IBAN"),
        ("4111 1111 1111 1111", "card"),
        ("5500-0000-0000-0004", "card"),
        ("078-05-1120", "identity number"),
        ("192.168.17.4", "IP address"),
        ("2001:db8::ff00:42:8329", "IP address"),
        ("+44 20 7946 0958", "phone"),
        ("(555) 123-4567", "phone"),
        ("0049/30/1234567", "phone"),
    ],
)
def test_what_is_personal_is_found_as_a_whole(text: str, kind: str) -> None:
    found = personal(f"Write to {text}, please.")
    assert [(one.kind, one.text) for one in found] == [(kind, text)]


@pytest.mark.parametrize(
    "text",
    [
        "In 2024 the council spent 1,250,000 pounds on 4,000 names.",
        "It was 12:45:10 on 2024-05-17, or 17.05.2024.",
        "Version 3.11.4.1.2 of chapter 12.3 has 1234567 lines.",
        "4111 1111 1111 1112",  # Luhn's sum is wrong
        "GB82 WEST 1234 5698 7654 33",  # so are the check digits
        "000-12-3456",
        "Prices rose from 3.5 to 4.25; see std::vector.",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert [one.kind for one in personal(text) if one.kind != "phone"] == []
    if not text[0].isdigit() and not text.startswith("GB"):
        assert personal(text) == ()


def test_names_are_masked_where_asked() -> None:
    text = "Yesterday the painter Ada Smith met Bob. Smith was late."
    assert personal(text) == ()
    found = personal(text, names=True)
    assert [one.text for one in found] == ["Ada", "Smith", "Bob", "Smith"]
    assert masked(text, found).startswith(f"Yesterday the painter {MASK * 3} {MASK * 5} met")


def test_a_mask_keeps_length_and_white_space() -> None:
    text = "Call +44 20 7946 0958 now"
    assert masked(text, personal(text)) == f"Call {MASK * 3} {MASK * 2} {MASK * 4} {MASK * 4} now"


@given(st.text(max_size=200), st.booleans())
def test_masking_is_safe_for_any_text(text: str, names: bool) -> None:
    found = personal(text, names)
    hidden = masked(text, found)
    assert len(hidden) == len(text)
    assert all(text[one.start : one.end] == one.text and one.kind in KINDS for one in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    kept = [place for place, sign in enumerate(hidden) if sign == text[place]]
    inside = {place for one in found for place in range(one.start, one.end)}
    assert all(text[place].isspace() or text[place] == MASK for place in inside & set(kept))
    assert set(range(len(text))) - inside <= set(kept)


@given(st.lists(st.integers(0, 9), min_size=12, max_size=18))
def test_every_number_with_the_right_sum_is_a_card(digits: list[int]) -> None:
    sums = [sum(divmod(2 * d, 10)) for d in digits[::-2]] + digits[-2::-2]
    text = "".join(map(str, [*digits, -sum(sums) % 10]))
    if len(set(text)) > 1:
        assert [one.kind for one in personal(text)] == ["card"]


def test_a_hostile_text_takes_no_time() -> None:
    for text in ("a@" * 50_000, "1 " * 50_000, "AB12 " * 20_000, "1:" * 50_000, "1." * 50_000):
        assert len(masked(text, personal(text))) == len(text)
    names = "he met " + " ".join(f"Ab{place:x} and x y z" for place in range(4_000))
    assert sum(one.kind == "name" for one in personal(names, names=True)) == 4_000
