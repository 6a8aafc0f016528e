"""Uploaded Word files: what is read of them, and what is said of those that can't be."""

from __future__ import annotations

import io
import zipfile

import docx
import pytest

from tests.demo.documents import (
    Folder,
    rezipped,
    word_file,
)

HOSTILE = '<img src=x onerror=alert(1)> ${1} </script> & "é" 漢字'


def test_paragraphs_and_table_rows_come_in_order_without_headers(folder: Folder) -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Running head"
    document.add_heading("Title", 1)
    document.add_paragraph(HOSTILE)
    table = document.add_table(2, 2)
    for place, cell in enumerate(c for row in table.rows for c in row.cells):
        cell.text = f"cell {place}"
    table.cell(0, 1).add_table(1, 1).cell(0, 0).text = "nested"
    document.add_paragraph("After\tthe table\nand a break")
    assert folder.read("a.docx", word_file(document)).split("\n\n") == [
        "Title",
        HOSTILE,
        "cell 0\tcell 1 nested",
        "cell 2\tcell 3",
        "After\tthe table\nand a break",
    ]


def body(markup: str) -> bytes:
    names = (
        'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    )
    document = f"<w:document {names}><w:body>{markup}</w:body></w:document>"
    return rezipped(word_file(docx.Document()), word__document_x_xml=document.encode())


def run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def test_inserted_text_is_read_and_deleted_text_is_not(folder: Folder) -> None:
    deleted = "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
    moved = f"<w:moveFrom>{run('moved')}</w:moveFrom>"
    control = f"<w:sdt><w:sdtContent><w:p>{run('in a control')}</w:p></w:sdtContent></w:sdt>"
    markup = f"<w:p>{run('kept ')}<w:ins>{run('inserted')}</w:ins>{deleted}{moved}</w:p>{control}"
    assert folder.read("a.docx", body(markup)) == "kept inserted\n\nin a control"


def test_a_text_box_is_read_once(folder: Folder) -> None:
    box = f"<w:txbxContent><w:p>{run('boxed')}</w:p></w:txbxContent>"
    both = f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    markup = f"<w:p><w:r><mc:AlternateContent>{both}</mc:AlternateContent></w:r>{run('out')}</w:p>"
    assert sorted(folder.read("a.docx", body(markup)).split("\n\n")) == ["boxed", "out"]


def test_a_cell_that_claims_a_billion_columns_is_one_cell(folder: Folder) -> None:
    wide = '<w:tcPr><w:gridSpan w:val="1000000000"/></w:tcPr>'
    markup = f"<w:tbl><w:tr><w:tc>{wide}<w:p>{run('one')}</w:p></w:tc></w:tr></w:tbl>"
    assert folder.read("a.docx", body(markup)) == "one"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(folder: Folder) -> None:
    bomb = rezipped(word_file(docx.Document()), word__media__a_x_png=bytes(60_000_000))
    assert "the limit is 50,000,000" in folder.refusal("a.docx", bomb)


def test_a_large_part_is_refused(folder: Folder) -> None:
    large = rezipped(word_file(docx.Document()), word__document_x_xml=b" " * 21_000_000)
    assert "a part of 21,000,000 bytes" in folder.refusal("a.docx", large)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_markup_with_a_document_type_is_refused(folder: Folder, encoding: str) -> None:
    laughs = (
        f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE d [<!ENTITY a "ha">'
        '<!ENTITY f SYSTEM "file:///etc/passwd">]><d>&a;&f;</d>'
    )
    content = rezipped(word_file(docx.Document()), word__document_x_xml=laughs.encode(encoding))
    assert "declares a document type" in folder.refusal("a.docx", content)


def test_deep_markup_ends_in_a_message(folder: Folder) -> None:
    deep = "<w:p>" * 100_000 + "</w:p>" * 100_000
    assert "is broken" in folder.refusal("a.docx", body(deep))


def test_too_many_parts_are_refused(folder: Folder) -> None:
    many = {f"word__p{n}_x_bin": b"" for n in range(2_000)}
    assert "the limit is 2,000" in folder.refusal(
        "a.docx", rezipped(word_file(docx.Document()), **many)
    )


def test_a_zip_that_is_no_word_file_is_said_to_be_none(folder: Folder) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "words")
    assert "no Word file" in folder.refusal("a.docx", out.getvalue())


@pytest.mark.parametrize("keep", [30, 2_000, 20_000])
def test_a_truncated_word_file_is_said_to_be_broken(folder: Folder, keep: int) -> None:
    assert "is broken" in folder.refusal("a.docx", word_file(docx.Document())[:keep])
