"""Tiny documents made by hand: PDFs from raw objects, Word files by python-docx."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import docx
import pytest

from demo.serving.limits import Limits
from demo.uploads import UploadError, read_document

FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def pdf_of(objects: Sequence[bytes]) -> bytes:
    """A PDF of numbered objects, the first of which is its catalog."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(out)


def stream(content: bytes, squeezed: bool = False) -> bytes:
    """A stream object."""
    data = zlib.compress(content, 9) if squeezed else content
    coded = b"/Filter /FlateDecode " if squeezed else b""
    return b"<< %b/Length %d >>\nstream\n%b\nendstream" % (coded, len(data), data)


def pdf_pages(contents: Sequence[bytes], squeezed: bool = False) -> bytes:
    """A PDF with one page for every content stream."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * place) for place in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(contents), kids),
        FONT.encode(),
    ]
    for place, content in enumerate(contents):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F 3 0 R >> >> >>" % (5 + 2 * place)
        )
        objects.append(stream(content, squeezed))
    return pdf_of(objects)


def lines_content(lines: Sequence[str]) -> bytes:
    """A page's content stream that prints lines below one another; an empty one leaves space."""
    shown = []
    for line in lines:
        escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        shown.append(f"({escaped}) Tj T*" if line else "T*")
    text = "BT /F 11 Tf 14 TL 72 720 Td\n" + "\n".join(shown) + "\nET"
    return text.encode("cp1252")


def pdf_text(*pages: str) -> bytes:
    """A PDF of pages, each the printed lines of a text."""
    return pdf_pages([lines_content(page.split("\n")) for page in pages])


def word_file(document: docx.document.Document) -> bytes:
    """A document as the bytes of a .docx."""
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def rezipped(content: bytes, **changed: bytes) -> bytes:
    """A .docx with parts replaced or added; `__` in a name stands for a slash, `_x_` for a dot."""
    names = {key.replace("__", "/").replace("_x_", "."): value for key, value in changed.items()}
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            if part not in names:
                new.writestr(part, old.read(part))
        for part, value in names.items():
            new.writestr(part, value)
    return out.getvalue()


class Folder:
    """Files to upload."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str, content: bytes, **limits: int) -> str:
        """What is read of a file with this name and content, under limits."""
        file = self.path / "upload"  # the owner's name for it is never a path here
        file.write_bytes(content)
        return read_document(file, name, Limits(**limits))

    def refusal(self, name: str, content: bytes, **limits: int) -> str:
        """Why such a file is refused."""
        with pytest.raises(UploadError) as refused:
            self.read(name, content, **limits)
        return str(refused.value)
