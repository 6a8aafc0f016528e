"""The text of a Word file (.docx), by python-docx after the archive was checked.

A .docx is a zip archive of XML. Its sizes are checked before anything is unpacked, and markup
that declares a document type is refused: Word never writes one, and entities come from there.
"""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

from demo.uploads.limits import MAX_CHARACTERS, Limits, UploadError, limit

MARKUP = (".xml", ".rels")
NAMESPACE = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
WRITTEN = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# Deleted text, and drawings for readers that can't show the one beside them.
LEFT_OUT = {f"{NAMESPACE}del", f"{NAMESPACE}moveFrom", FALLBACK}


def read(content: bytes, name: str, limits: Limits) -> str:
    """Paragraphs and table rows of a Word file in order; raises `UploadError`."""
    try:
        _check_archive(content, name, limits)
        return _body(content, name)
    except UploadError:
        raise
    except Exception as error:  # a broken archive or broken XML raises whatever its part does
        raise UploadError(f"{name} is broken: it can't be read as a Word file") from error


def _check_archive(content: bytes, name: str, limits: Limits) -> None:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > limits.document_parts:
            raise UploadError(f"{name} has {len(parts):,} parts, {limit(limits, 'document_parts')}")
        # zipfile never unpacks more of a part than its entry claims, so the claim is a bound.
        size = sum(part.file_size for part in parts)
        if size > limits.document_unpacked_bytes:
            most = limit(limits, "document_unpacked_bytes")
            raise UploadError(f"{name} unpacks to {size:,} bytes, {most}")
        if any(part.flag_bits & 1 for part in parts):
            raise UploadError(f"{name} is encrypted; save it without a password and upload that")
        if "word/document.xml" not in archive.namelist():
            raise UploadError(f"{name} is a zip archive, but no Word file")
        for part in parts:
            if part.filename.lower().endswith(MARKUP):
                _check_markup(archive, part, name, limits)


def _check_markup(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str, limits: Limits
) -> None:
    if part.file_size > limits.document_part_bytes:
        most = limit(limits, "document_part_bytes")
        raise UploadError(f"{name} has a part of {part.file_size:,} bytes, {most}")
    # Without its zeros, UTF-16 spells it the same way.
    if b"<!DOCTYPE" in archive.read(part).replace(b"\x00", b""):
        raise UploadError(f"{name} declares a document type in its markup, which Word never does")


def _body(content: bytes, name: str) -> str:
    import docx

    blocks, length = [], 0
    for block in _blocks(docx.Document(BytesIO(content)).element.body):
        blocks.append(block)
        length += len(block)
        if length > MAX_CHARACTERS:
            raise UploadError(
                f"{name} has more than {MAX_CHARACTERS:,} characters, which is the limit"
            )
    return "\n\n".join(blocks)


def _blocks(body: Any) -> Any:
    """Paragraphs, and table rows with a tab between cells, in the order of the document.

    Walks the markup itself: python-docx leaves out content controls and inserted text, and
    repeats a merged cell for every column it covers, however many that claims to be.
    """
    from lxml import etree

    paragraphs: list[list[str]] = []  # those that are open; a text box opens one inside another
    rows: list[list[list[str]]] = []  # open rows, their cells, the cells' paragraphs
    walker = etree.iterwalk(body, events=("start", "end"))
    for event, element in walker:
        tag = element.tag
        if not isinstance(tag, str) or not tag.startswith((NAMESPACE, FALLBACK)):
            continue
        if event == "start" and tag in LEFT_OUT:
            walker.skip_subtree()
            continue
        kind = tag.removeprefix(NAMESPACE)
        if event == "start":
            _open(kind, element, paragraphs, rows)
        else:
            yield from _close(kind, paragraphs, rows)


def _open(kind: str, element: Any, paragraphs: list[list[str]], rows: list[Any]) -> None:
    if kind == "p":
        paragraphs.append([])
    elif kind == "tr":
        rows.append([])
    elif kind == "tc" and rows:
        rows[-1].append([])
    elif paragraphs and kind == "t":
        paragraphs[-1].append(element.text or "")
    elif paragraphs and kind in WRITTEN and element.getparent().tag == f"{NAMESPACE}r":
        paragraphs[-1].append(WRITTEN[kind])


def _close(kind: str, paragraphs: list[list[str]], rows: list[Any]) -> Any:
    """What is complete when an element ends: a paragraph outside of tables, or a row."""
    if kind == "p" and paragraphs:
        text = "".join(paragraphs.pop()).strip()
        if text and rows and rows[-1]:
            rows[-1][-1].append(" ".join(text.split()))
        elif text:
            yield text
    elif kind == "tr" and rows:
        cells = [" ".join(cell) for cell in rows.pop()]
        text = "\t".join(cells).strip()
        if text and rows and rows[-1]:
            rows[-1][-1].append(text)
        elif text:
            yield text
