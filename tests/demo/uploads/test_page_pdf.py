"""Uploaded PDF: its lines as paragraphs, and what is said of those that can't be read."""

from __future__ import annotations

import io
import logging
import re
import time

import pytest
from pypdf import PdfReader, PdfWriter

from demo.uploads.paragraphs import paragraphs
from tests.demo.documents import (
    FONT,
    Folder,
    lines_content,
    pdf_of,
    pdf_pages,
    pdf_text,
    stream,
)


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
