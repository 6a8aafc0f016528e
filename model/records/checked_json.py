"""Reading untrusted JSON values: each function returns a value of the asked kind or raises.

Arrays are {"dtype", "shape", "data"} with base64 of the little-endian numbers. Their shapes are
compared with the data's length before an array is made, so a claimed shape allocates nothing.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Any

import numpy as np

from model.records.record import TraceError

MAX_NUMBER = 2**31 - 1
MAX_ENTRIES = 65_536  # of a list, and the longest side of an array

LONE_SURROGATE = re.compile("[\ud800-\udfff]")

Sizes = dict[str, int]  # size of every axis by its letter


def write_array(array: np.ndarray | None, dtype: str) -> dict[str, Any] | None:
    """The JSON form of an array; None stays None."""
    if array is None:
        return None
    data = base64.b64encode(np.ascontiguousarray(array, dtype=dtype).tobytes()).decode("ascii")
    return {"dtype": dtype, "shape": list(array.shape), "data": data}


def array(
    values: Any, name: str, dtype: str, letters: str, sizes: Sizes, where: str
) -> np.ndarray | None:
    """One array, None where it is left out; `sizes` learns the letters it meets first."""
    if mapping(values, where).get(name) is None:
        return None
    where = f"{where}.{name}"
    value = mapping(values[name], where)
    if value.get("dtype") != dtype:
        raise TraceError(f"{where} must be of type {dtype}, got {value.get('dtype')!r:.80}")
    shape = entries(value, "shape", 8, where)
    if len(shape) != len(letters) or any(type(n) is not int or n < 0 for n in shape):
        raise TraceError(f"{where} must have {len(letters)} sizes, got {shape!r:.80}")
    for letter, size in zip(letters, shape, strict=True):
        if size > MAX_ENTRIES or sizes.setdefault(letter, size) != size:
            fitting = sizes.get(letter, MAX_ENTRIES)
            raise TraceError(f"{where} has a size of {size!r:.80} where {fitting} fits")
    try:
        data = base64.b64decode(member(value, "data", str, where), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TraceError(f"{where} is not base64: {error}") from error
    expected = math.prod(shape) * np.dtype(dtype).itemsize
    if len(data) != expected:
        raise TraceError(f"{where} has {len(data)} bytes, its shape asks for {expected}")
    numbers = np.frombuffer(data, dtype=dtype).reshape(shape)
    if numbers.dtype.kind == "f" and (np.isnan(numbers).any() or np.isposinf(numbers).any()):
        raise TraceError(f"{where} holds NaN or infinity")
    if numbers.dtype.kind == "i" and (numbers < 0).any():
        raise TraceError(f"{where} holds a negative number")
    return numbers


def mapping(value: Any, where: str) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise TraceError(f"{where} must be an object, got {type(value).__name__}")
    return value


def member(values: Any, name: str, kind: type, where: str) -> Any:
    """A value of the type `kind`."""
    value = mapping(values, where).get(name)
    if not isinstance(value, kind):
        raise TraceError(f"{name} of {where} must be {kind.__name__}, got {type(value).__name__}")
    return value


def entries(values: Any, name: str, limit: int, where: str) -> list[Any]:
    """A list of at most `limit` entries."""
    value: list[Any] = member(values, name, list, where)
    if len(value) > limit:
        raise TraceError(f"{name} of {where} has {len(value)} entries, the limit is {limit}")
    return value


def string(values: Any, name: str, limit: int, where: str) -> str:
    """A text of at most `limit` characters."""
    value: str = member(values, name, str, where)
    if len(value) > limit:
        raise TraceError(f"{name} of {where} has {len(value)} characters, the limit is {limit}")
    refuse_surrogates(value, f"{name} of {where}")
    return value


def refuse_surrogates(text: str, where: str) -> None:
    """JSON can spell half a character; nothing that writes UTF-8 could show it."""
    if LONE_SURROGATE.search(text):
        raise TraceError(f"{where} holds half of a character (a lone surrogate)")


def whole(values: Any, name: str, limit: int, where: str) -> int:
    """A whole number from 0 to `limit`."""
    value = mapping(values, where).get(name)
    if type(value) is not int or not 0 <= value <= limit:
        raise TraceError(f"{name} of {where} must be between 0 and {limit}, got {value!r:.80}")
    return value


def wholes(values: Any, name: str, limit: int, where: str) -> tuple[int, ...]:
    """A list of whole numbers from 0 to `limit`."""
    numbers = entries(values, name, MAX_ENTRIES, where)
    for value in numbers:
        if type(value) is not int or not 0 <= value <= limit:
            raise TraceError(f"{name} of {where} holds {value!r:.80}, not 0 to {limit}")
    return tuple(numbers)


def span(value: Any, length: int, where: str) -> tuple[int, int]:
    """A [start, end] within a text of `length` characters."""
    ordered = isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value)
    if not ordered or not 0 <= value[0] <= value[1] <= length:
        raise TraceError(f"{where} must be a span within 0 and {length}, got {value!r:.80}")
    return value[0], value[1]


def plain_values(values: Any, name: str) -> dict[str, Any]:
    """An object of numbers, texts and lists of texts."""
    plain: dict[str, Any] = member(values, name, dict, "the trace")
    for key, value in plain.items():
        if isinstance(value, list):
            allowed = all(isinstance(text, str) for text in value)
        else:
            allowed = isinstance(value, str | bool | None) or is_number(value)
        if not allowed:
            raise TraceError(f"{name}.{key:.80} must be plain, got {value!r:.80}")
    return plain


def is_number(value: Any) -> bool:
    """Whether it is a finite number that a float can hold; `1e999` reads as infinity."""
    return type(value) in (int, float) and abs(value) < 1e300
