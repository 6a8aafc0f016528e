"""Plain text of unknown encoding. Knows bytes, no files."""

from __future__ import annotations

import codecs

from demo.uploads.limits import UploadError

MARKS = (  # the longer mark first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LAYOUT = frozenset("\t\n\v\f\r\b\x1b\x85")  # control characters that old texts really have
MOST_CONTROLS = 0.005  # share of other control characters that a text may have


def decode(content: bytes, name: str) -> str:
    """The text: by its byte order mark, or else as UTF-8, or else as Windows-1252."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return _checked(_decoded(content, encoding), name)
    if b"\x00" in content:
        raise UploadError(f"{name} is no text: it holds binary data")
    text = _decoded(content, "utf-8")
    return _checked(text if text is not None else _decoded(content, "cp1252"), name)


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _checked(text: str | None, name: str) -> str:
    if text is None:
        raise UploadError(f"{name} is neither UTF-8, UTF-16 nor Windows-1252 text")
    controls = sum((c < " " or "\x7f" <= c <= "\x9f") and c not in LAYOUT for c in text)
    if "\x00" in text or controls > MOST_CONTROLS * len(text):
        raise UploadError(f"{name} is no text: it holds binary data")
    return text
