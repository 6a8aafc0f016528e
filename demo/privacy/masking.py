"""Personal data out of a text before it is passed on: pure functions of text.

A pattern sees forms, not meanings: it misses some, and may mask what is nobody's.
Every mask keeps the length of what it hides, so that offsets into the text still fit.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from model.text.names import PART, unsupported_names

MASK = "█"
KINDS = ("e-mail", "IBAN", "card", "identity number", "IP address", "phone", "name")
# Bounded repetitions throughout: no text makes a pattern walk far.
E_MAIL = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{1,4}){3,8}\b")
CARD = re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])")
IDENTITY = re.compile(r"(?<![\d-])\d{3}([- ])\d{2}\1\d{4}(?![\d-])")
IP = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]{2,39}(?:\.\d{1,3}){0,3})(?![\w:]|\.\d)"
)
PHONE = re.compile(r"(?<![\w.,-])(?:\+|00)?\(?\d(?:[ ()/.-]{0,2}\d){6,14}(?![\w-])")
DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")
IBAN_LENGTHS = range(15, 35)
CARD_LENGTHS = range(13, 20)
PHONE_DIGITS = range(7, 16)
SEPARATED = re.compile(r"[ ()/-]")


@dataclass(frozen=True, order=True)
class Found:
    """A stretch of a text that says something personal."""

    start: int
    end: int
    kind: str
    text: str


def personal(text: str, names: bool = False) -> tuple[Found, ...]:
    """What is personal in a text, in order, without overlaps.

    With `names`, also words that are names by their capitals, where the language has such: the
    first word of a sentence counts only where it is a name elsewhere.
    """
    found: list[Found] = []
    taken = bytearray(len(text))  # by something that was found before, and is more certain
    for kind, pattern, is_one in _RULES:
        for match in pattern.finditer(text):
            if is_one(match[0]):
                _add(found, taken, kind, match)
    named = set(unsupported_names(text, "")) if names else set()
    for match in PART.finditer(text) if named else ():
        if match[0] in named:
            _add(found, taken, "name", match)
    return tuple(sorted(found))


def masked(text: str, found: Iterable[Found]) -> str:
    """The text with every letter and digit of what was found as a block; its length stays."""
    characters = list(text)
    for one in found:
        for place in range(one.start, one.end):
            if not characters[place].isspace():
                characters[place] = MASK
    return "".join(characters)


def _add(found: list[Found], taken: bytearray, kind: str, match: re.Match[str]) -> None:
    """Unless something stands there already."""
    start, end = match.span()
    if not any(taken[start:end]):
        taken[start:end] = b"\1" * (end - start)
        found.append(Found(start, end, kind, match[0]))


def _digits(text: str) -> list[int]:
    return [int(sign) for sign in text if sign.isdecimal()]


def _is_card(text: str) -> bool:
    """By its length and Luhn's sum."""
    digits = _digits(text)
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    whole = sum(doubled) + sum(digits[-1::-2])
    return len(digits) in CARD_LENGTHS and len(set(digits)) > 1 and whole % 10 == 0


def _is_iban(text: str) -> bool:
    """By its check digits (ISO 13616)."""
    plain = re.sub(r"[ -]", "", text)
    moved = plain[4:] + plain[:4]
    number = "".join(str(int(sign, 36)) for sign in moved)
    return len(plain) in IBAN_LENGTHS and int(number) % 97 == 1


def _is_identity(text: str) -> bool:
    """A US social security number that can have been given out, or a taxpayer's of that form."""
    area, group, serial = text[:3], text[4:6], text[7:]
    return area not in ("000", "666") and group != "00" and serial != "0000"


def _is_ip(text: str) -> bool:
    try:
        read = ipaddress.ip_address(text)
    except ValueError:
        return False
    return read.version == 4 or text.count(":") > 2 or (text.count(":") > 1 and len(text) > 4)


def _is_phone(text: str) -> bool:
    """Enough digits, and written as one: with a plus or with gaps, and no date."""
    written = text.startswith(("+", "00")) or SEPARATED.search(text)
    return len(_digits(text)) in PHONE_DIGITS and bool(written) and not DATE.fullmatch(text)


_RULES: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("e-mail", E_MAIL, bool),
    ("IBAN", IBAN, _is_iban),
    ("card", CARD, _is_card),
    ("identity number", IDENTITY, _is_identity),
    ("IP address", IP, _is_ip),
    ("phone", PHONE, _is_phone),
)
