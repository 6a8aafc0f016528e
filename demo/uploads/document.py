"""One uploaded file to text: what kind of file it is, and whether it is what it says."""

from __future__ import annotations

import re
from pathlib import Path

from demo.uploads import pdf, plain, word
from demo.uploads.limits import MAX_CHARACTERS, Limits, UploadError, limit

TEXT_ENDINGS = (".txt", ".md")
ENDINGS = (*TEXT_ENDINGS, ".pdf", ".docx")
SEARCHED = 1_024  # bytes in which a PDF may begin, as readers have always allowed
LONGEST_NAME = 60  # characters of a file's name in a message
# What the first bytes say a file is, whatever its name says.
KINDS = (
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "Word or zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "encrypted or old Word"),
    (b"{\\rtf", "RTF"),
)


def read_document(path: Path, name: str = "", limits: Limits | None = None) -> str:
    """The text of an uploaded .txt, .md, .pdf or .docx file; raises `UploadError`.

    `name` is what its owner calls it, and decides by its ending what it should be; without one,
    the path's own name does. Lines end in a line feed, paragraphs in two.
    """
    name, limits = name or path.name, limits or Limits()
    ending, shown = Path(name).suffix.lower(), _shown(name)
    if ending not in ENDINGS:
        known = ", ".join(ENDINGS)
        raise UploadError(f"{shown} ends in {ending[:20] or 'nothing'}; {known} can be read")
    content = _content(path, shown, limits)
    _check_kind(content, ending, shown)
    if ending == ".pdf":
        text = pdf.read(content, shown, limits)
    elif ending == ".docx":
        text = word.read(content, shown, limits)
    else:
        text = plain.decode(content, shown)
    return _tidied(text, shown)


def _content(path: Path, name: str, limits: Limits) -> bytes:
    try:
        size = path.stat().st_size
        most = limits.document_bytes
        content = b""
        if size <= most:
            with path.open("rb") as file:
                content = file.read(most + 1)
    except OSError as error:  # its text would name a path on the server
        raise UploadError(f"{name} could not be opened") from error
    if max(size, len(content)) > most:
        size = max(size, len(content))
        raise UploadError(f"{name} has {size:,} bytes, {limit(limits, 'document_bytes')}")
    if not content:
        raise UploadError(f"{name} is empty (0 bytes)")
    return content


def _check_kind(content: bytes, ending: str, name: str) -> None:
    """Refuse a file whose content is of another kind than its name says."""
    found = next((kind for start, kind in KINDS if content.startswith(start)), "")
    if ending == ".pdf" and b"%PDF-" in content[:SEARCHED]:
        return
    if ending == ".docx" and found == "Word or zip":
        return
    if ending == ".docx" and found == "encrypted or old Word":
        raise UploadError(
            f"{name} is encrypted or an old .doc file; save it as .docx without a password"
        )
    if found:
        raise UploadError(f"{name} ends in {ending}, but its content is a {found} file")
    if ending == ".pdf":
        raise UploadError(f"{name} is no PDF: it lacks the mark %PDF- at its start")
    if ending == ".docx":
        raise UploadError(f"{name} is no Word file: a .docx is a zip archive, this is not")


def _tidied(text: str, name: str) -> str:
    """One kind of line end, no trailing blanks, never more than one empty line."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    if len(text) > MAX_CHARACTERS:
        raise UploadError(f"{name} has {len(text):,} characters, the limit is {MAX_CHARACTERS:,}")
    if not text:
        raise UploadError(f"{name} holds no text, only white space")
    return text


def _shown(name: str) -> str:
    """A file's name for a message: its last part, on one line and not too long."""
    last = re.split(r"[/\\]", name)[-1]
    line = " ".join("".join(c if c.isprintable() else " " for c in last).split())
    if len(line) > LONGEST_NAME:
        line = f"{line[: LONGEST_NAME - 12]}…{line[-11:]}"
    return f"“{line}”"
