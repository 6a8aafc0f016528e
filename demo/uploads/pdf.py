"""The text of a PDF, by pypdf under limits of its own. Its lines become paragraphs elsewhere.

A PDF is a program of sorts: it can claim a million pages, nest without end or unpack to gigabytes.
pypdf's limits are set low here, every operation looks at the clock, and whatever it raises ends
in a message.
"""

from __future__ import annotations

import logging
import time
from io import BytesIO
from typing import Any

from demo.serving.limits import variable
from demo.uploads.limits import MAX_CHARACTERS, Limits, UploadError, limit
from demo.uploads.paragraphs import paragraphs


def read(content: bytes, name: str, limits: Limits) -> str:
    """The paragraphs of a PDF; raises `UploadError`."""
    return paragraphs(_pages(content, name, limits))


def _pages(content: bytes, name: str, limits: Limits) -> list[str]:
    """The text of every page as pypdf finds it."""
    from pypdf import apply_configuration, errors

    # pypdf's warnings quote the file; a log must not hold parts of somebody's document.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        with apply_configuration(_bounds(limits)):
            return _read_pages(content, name, limits)
    except UploadError:
        raise
    except (errors.FileNotDecryptedError, errors.DependencyError) as error:
        raise UploadError(
            f"{name} is encrypted; save it without a password and upload that"
        ) from error
    except (errors.LimitReachedError, RecursionError, MemoryError) as error:
        raise UploadError(
            f"{name} is built so that reading it takes too much work, or one part of it unpacks to "
            f"more than {limits.document_part_bytes:,} bytes ({variable('document_part_bytes')}); "
            "print it to a new PDF"
        ) from error
    except Exception as error:  # pypdf says itself that a broken file can raise anything
        raise UploadError(f"{name} is broken: it can't be read as a PDF") from error


def _bounds(limits: Limits) -> Any:
    """pypdf's own limits, each far beyond what a document honestly needs."""
    from pypdf import Configuration

    return Configuration(
        maximum_declared_stream_length=limits.document_bytes,
        array_based_stream_maximum_output_length=limits.document_part_bytes,
        zlib_maximum_output_length=limits.document_part_bytes,
        zlib_maximum_recovery_input_length=1_000_000,
        lzw_maximum_output_length=limits.document_part_bytes,
        run_length_maximum_output_length=limits.document_part_bytes,
        brotli_maximum_output_length=limits.document_part_bytes,
        stream_decoding_work_maximum_length=50_000_000,
        stream_parsing_work_maximum_count=500_000,
        page_tree_maximum_entries=20_000,
        page_tree_maximum_page_entries=200_000,
        xform_maximum_invocations_per_extraction=500,
    )


def _read_pages(content: bytes, name: str, limits: Limits) -> list[str]:
    from pypdf import PdfReader

    end = time.monotonic() + limits.document_seconds

    def check_clock(*_: Any) -> None:
        if time.monotonic() > end:
            raise UploadError(
                f"{name} takes longer to read than {limits.document_seconds} seconds "
                f"({variable('document_seconds')})"
            )

    reader = PdfReader(BytesIO(content))
    count = len(reader.pages)
    if count > limits.document_pages:
        raise UploadError(f"{name} has {count:,} pages, {limit(limits, 'document_pages')}")
    if not count:
        raise UploadError(f"{name} has no pages")
    texts, length = [], 0
    for page in reader.pages:
        check_clock()
        texts.append(page.extract_text(visitor_operand_before=check_clock))
        length += len(texts[-1])
        if length > MAX_CHARACTERS:
            raise UploadError(
                f"{name} has more than {MAX_CHARACTERS:,} characters, which is the limit"
            )
    if not any(text.strip() for text in texts):
        raise UploadError(
            f"{name} has no text layer: its {_counted(count)} hold pictures only. "
            "Run text recognition (OCR) on it first"
        )
    return texts


def _counted(pages: int) -> str:
    return "1 page" if pages == 1 else f"{pages} pages"
