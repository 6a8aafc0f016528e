"""Uploaded documents: what is read of a text, and what is said of any file that can't be."""

from __future__ import annotations

import codecs
from pathlib import Path

import docx
import pytest

from demo.uploads import UploadError, read_document
from tests.demo.documents import Folder, pdf_pages, pdf_text, word_file

HOSTILE = '<img src=x onerror=alert(1)> ${1} </script> & "é" 漢字'


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_unicode_text_is_read_whatever_its_mark(folder: Folder, mark: bytes, encoding: str) -> None:
    assert folder.read("notes.md", mark + HOSTILE.encode(encoding)) == HOSTILE


def test_text_that_is_not_utf8_is_windows_1252(folder: Folder) -> None:
    assert folder.read("old.TXT", "“Café” – €5\r\nand".encode("cp1252")) == "“Café” – €5\nand"


@pytest.mark.parametrize("content", [b"a\x00b", b"\x89PNG\r\n\x1a\n" + bytes(range(1, 32)) * 9])
def test_binary_content_is_no_text(folder: Folder, content: bytes) -> None:
    assert "binary data" in folder.refusal("picture.txt", content)


def test_the_name_of_a_path_decides_when_no_other_is_given(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("words")
    assert read_document(file) == "words"


def test_an_unknown_ending_is_named_with_those_that_are_known(folder: Folder) -> None:
    refusal = folder.refusal("talk.pptx", b"PK\x03\x04")
    assert ".pptx" in refusal
    assert ".txt, .md, .pdf, .docx" in refusal


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"%PDF-1.7\n", "content is a PDF"),
        ("a.docx", b"%PDF-1.7\n", "content is a PDF"),
        ("a.pdf", b"PK\x03\x04rest", "content is a Word or zip"),
        ("a.pdf", b"just words", "lacks the mark %PDF-"),
        ("a.docx", b"just words", "a .docx is a zip archive"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "encrypted or an old .doc"),
        ("a.md", b"{\\rtf1 hello}", "content is a RTF"),
    ],
)
def test_content_that_contradicts_the_ending_is_refused(
    folder: Folder, name: str, content: bytes, said: str
) -> None:
    assert said in folder.refusal(name, content)


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.pdf", "a.docx"])
def test_an_empty_file_is_said_to_be_empty(folder: Folder, name: str) -> None:
    assert "is empty" in folder.refusal(name, b"")


def test_white_space_is_no_text(folder: Folder) -> None:
    assert "only white space" in folder.refusal("a.txt", b" \n\t ")


def test_a_large_file_is_refused_with_both_numbers(folder: Folder) -> None:
    refusal = folder.refusal("a.txt", b"x" * 5_000_001)
    assert "5,000,001 bytes" in refusal
    assert "limit is 5,000,000" in refusal


@pytest.mark.parametrize(
    ("name", "content", "setting", "most"),
    [
        ("a.txt", b"words", "document_bytes", 4),
        ("a.pdf", pdf_text("One.", "Two."), "document_pages", 1),
        ("a.pdf", pdf_pages([b"% " + b"x" * 9_000], squeezed=True), "document_part_bytes", 8_000),
        ("a.docx", word_file(docx.Document()), "document_part_bytes", 300),
        ("a.docx", word_file(docx.Document()), "document_unpacked_bytes", 1_000),
        ("a.docx", word_file(docx.Document()), "document_parts", 3),
    ],
)
def test_each_limit_is_a_setting_that_its_refusal_names(
    folder: Folder, name: str, content: bytes, setting: str, most: int
) -> None:
    refusal = folder.refusal(name, content, **{setting: most})
    assert f"{most:,}" in refusal
    assert f"(GISTSCOPE_{setting.upper()})" in refusal


def test_a_long_text_is_refused_with_both_numbers(folder: Folder) -> None:
    refusal = folder.refusal("a.txt", b"word " * 200_001)
    assert "1,000,004 characters, the limit is 1,000,000" in refusal


def test_a_missing_file_names_no_path(tmp_path: Path) -> None:
    with pytest.raises(UploadError) as refused:
        read_document(tmp_path / "gone.txt")
    assert str(tmp_path) not in str(refused.value)


def test_a_long_or_odd_name_stays_short_on_one_line(folder: Folder) -> None:
    refusal = folder.refusal("../../x\n\u202e" + "n" * 5_000 + ".pdf", b"")
    assert len(refusal) < 100
    assert refusal.isprintable()
    assert "../" not in refusal
