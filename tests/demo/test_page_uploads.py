"""Uploaded documents: what is read of them, and what is said of those that can't be."""

from __future__ import annotations

import codecs
import io
import logging
import re
import time
import zipfile
from pathlib import Path

import docx
import pytest
from pypdf import PdfReader, PdfWriter

from demo.uploads import UploadError, limits, read_document
from demo.uploads.paragraphs import paragraphs
from tests.demo.documents import (
    FONT,
    lines_content,
    pdf_of,
    pdf_pages,
    pdf_text,
    rezipped,
    stream,
    word_file,
)

HOSTILE = '<img src=x onerror=alert(1)> ${1} </script> & "é" 漢字'


class Folder:
    """Files to upload."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str, content: bytes) -> str:
        """What is read of a file with this name and content."""
        file = self.path / "upload"  # the owner's name for it is never a path here
        file.write_bytes(content)
        return read_document(file, name)

    def refusal(self, name: str, content: bytes) -> str:
        """Why such a file is refused."""
        with pytest.raises(UploadError) as refused:
            self.read(name, content)
        return str(refused.value)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


# ---- text ------------------------------------------------------------------------------------


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


# ---- refusals that concern every kind ----------------------------------------------------------


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
    refusal = folder.refusal("a.txt", b"x" * (limits.MAX_FILE_BYTES + 1))
    assert "5,000,001 bytes" in refusal
    assert "limit is 5,000,000" in refusal


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


# ---- PDF ---------------------------------------------------------------------------------------


def test_printed_lines_become_paragraphs(folder: Folder) -> None:
    text = (
        "The city council voted on Tuesday to keep the library open for ano-\n"
        "ther three years, after a petition of four thousand residents who\n"
        "signed against its closure.\n"
        "The mayor had proposed to sell the building in March to cover a gap\n"
        "in the budget."
    )
    assert folder.read("news.pdf", pdf_text(text)) == (
        "The city council voted on Tuesday to keep the library open for another three years, "
        "after a petition of four thousand residents who signed against its closure.\n\n"
        "The mayor had proposed to sell the building in March to cover a gap in the budget."
    )


def test_a_squeezed_stream_is_read(folder: Folder) -> None:
    content = pdf_pages([lines_content(["Squeezed words."])], squeezed=True)
    assert folder.read("a.pdf", content) == "Squeezed words."


def test_an_encrypted_pdf_is_said_to_be_encrypted(folder: Folder) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_text("Secret words."))))
    writer.encrypt("password", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    refusal = folder.refusal("secret.pdf", out.getvalue())
    assert "“secret.pdf” is encrypted" in refusal


def test_a_pdf_that_opens_without_a_password_is_read(folder: Folder) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_text("Open words."))))
    writer.encrypt("", "owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    assert folder.read("a.pdf", out.getvalue()) == "Open words."


def test_a_scan_is_said_to_lack_a_text_layer(folder: Folder) -> None:
    refusal = folder.refusal("scan.pdf", pdf_pages([b"0 0 100 100 re f"] * 3))
    assert "no text layer: its 3 pages hold pictures only" in refusal


def test_too_many_pages_are_refused_with_both_numbers(folder: Folder) -> None:
    refusal = folder.refusal("book.pdf", pdf_pages([b""] * 201))
    assert "has 201 pages, the limit is 200" in refusal


@pytest.mark.parametrize("keep", [9, 40, 300])
def test_a_truncated_pdf_is_said_to_be_broken(folder: Folder, keep: int) -> None:
    assert "is broken" in folder.refusal("a.pdf", pdf_text("Words. " * 9)[:keep])


def page_tree_in_a_ring() -> bytes:
    pages = b"<< /Type /Pages /Count 1 /Kids [2 0 R 2 0 R] >>"
    return pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", pages])


def deep_page_tree() -> bytes:
    depth = 5_000
    nodes = [b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (n + 3) for n in range(depth)]
    return pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, b"<< /Type /Page >>"])


def page_repeated_without_end() -> bytes:
    kids = b"3 0 R " * 90_000
    return pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 90000 /Kids [%b] >>" % kids,
            b"<< /Type /Page /MediaBox [0 0 9 9] >>",
        ]
    )


def nested_arrays() -> bytes:
    return pdf_of([b"[" * 100_000 + b"]" * 100_000])


def claimed_pages() -> bytes:
    pages = b"<< /Type /Pages /Count 2000000000 /Kids [] >>"
    return pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", pages])


def squeezed_bomb() -> bytes:
    return pdf_pages([b"BT (x) Tj ET " * 5_000_000], squeezed=True)


def form_in_a_ring() -> bytes:
    """A form that draws itself twice: 2^depth drawings."""
    form = b"/X Do /X Do"
    return pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R "
            b"/Resources << /XObject << /X 5 0 R >> >> >>",
            stream(b"/X Do"),
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject "
            b"<< /X 5 0 R >> >> /Length %d >>\nstream\n%b\nendstream" % (len(form), form),
        ]
    )


def same_content_on_every_page() -> bytes:
    """200 pages that share one large stream; each alone is within every limit."""
    content = b"BT /F 9 Tf " + b"1 0 0 1 0 0 Tm ( ) Tj " * 60_000 + b"ET"
    pages = b" ".join([b"5 0 R"] * 200)
    return pdf_of(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 200 /Kids [%b] >>" % pages,
            FONT.encode(),
            stream(content, squeezed=True),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R "
            b"/Resources << /Font << /F 3 0 R >> >> >>",
        ]
    )


@pytest.mark.parametrize(
    "made",
    [
        page_tree_in_a_ring,
        deep_page_tree,
        page_repeated_without_end,
        nested_arrays,
        claimed_pages,
        squeezed_bomb,
        form_in_a_ring,
    ],
)
def test_a_hostile_pdf_ends_in_a_message(folder: Folder, made: object) -> None:
    assert "hostile.pdf" in folder.refusal("hostile.pdf", made())  # type: ignore[operator]


def test_a_pdf_that_takes_too_long_is_given_up(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(10_000_000))
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks))
    refusal = folder.refusal("a.pdf", pdf_text("\n".join(["Words."] * 60)))
    assert "takes longer to read than 20 seconds" in refusal


def test_nothing_of_a_document_is_logged(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    # A wrong place for the cross-references: pypdf repairs that, and tells its log.
    lost = re.sub(rb"startxref\n\d+", b"startxref\n7", pdf_text("Confidential words."))
    with caplog.at_level(logging.DEBUG):
        assert folder.read("a.pdf", lost) == "Confidential words."
    assert caplog.records == []


# ---- paragraphs --------------------------------------------------------------------------------

FULL = "A line that is as long as most of the lines of this page are"


def test_a_hyphen_stays_where_the_document_writes_it_so() -> None:
    page = f"{FULL} well-\nknown and state-\nment of well-known things in a long line, too."
    assert "well-known and statement of" in paragraphs([page])


def test_page_numbers_and_running_heads_are_left_out() -> None:
    pages = [f"Annual report {n}\n{FULL} and so\n{FULL} on.\n{n}" for n in range(1, 5)]
    joined = paragraphs(pages)
    assert "Annual report" not in joined
    assert joined.count("\n\n") == 3
    assert not any(character.isdigit() for character in joined)


def test_a_sentence_goes_on_over_the_edge_of_a_page() -> None:
    assert paragraphs([f"{FULL} which\n1", f"goes on here. {FULL}.\n2"]).startswith(
        f"{FULL} which goes on here."
    )


def test_headings_and_items_are_paragraphs_of_their_own() -> None:
    page = f"Results\n{FULL}\n{FULL}.\n• first item\n• second item\n2) third item"
    assert paragraphs([page]).split("\n\n") == [
        "Results",
        f"{FULL} {FULL}.",
        "• first item",
        "• second item",
        "2) third item",
    ]


def test_lines_without_spaces_between_words_are_joined_without_one() -> None:
    assert paragraphs(["市议会星期二投票决定保留图书馆\n并把停车费提高百分之十。"]) == (
        "市议会星期二投票决定保留图书馆并把停车费提高百分之十。"
    )


def test_ligatures_become_letters() -> None:
    assert paragraphs(["the o\ufb03ce \ufb01le"]) == "the office file"


# ---- Word --------------------------------------------------------------------------------------


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
