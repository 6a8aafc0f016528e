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

from demo.uploads.limits import (
    MAX_CHARACTERS,
    MAX_FILE_BYTES,
    MAX_PAGES,
    MAX_SECONDS,
    MAX_STREAM_BYTES,
    UploadError,
)
from demo.uploads.paragraphs import paragraphs


def read(content: bytes, name: str) -> str:
    """The paragraphs of a PDF; raises `UploadError`."""
    return paragraphs(_pages(content, name))


def _pages(content: bytes, name: str) -> list[str]:
    """The text of every page as pypdf finds it."""
    from pypdf import apply_configuration, errors

    # pypdf's warnings quote the file; a log must not hold parts of somebody's document.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        with apply_configuration(_bounds()):
            return _read_pages(content, name)
    except UploadError:
        raise
    except (errors.FileNotDecryptedError, errors.DependencyError) as error:
        raise UploadError(
            f"{name} is encrypted; save it without a password and upload that"
        ) from error
    except (errors.LimitReachedError, RecursionError, MemoryError) as error:
        raise UploadError(
            f"{name} is built so that reading it takes too much work; print it to a new PDF"
        ) from error
    except Exception as error:  # pypdf says itself that a broken file can raise anything
        raise UploadError(f"{name} is broken: it can't be read as a PDF") from error


def _bounds() -> Any:
    """pypdf's own limits, each far beyond what `MAX_FILE_BYTES` bytes honestly need."""
    from pypdf import Configuration

    return Configuration(
        maximum_declared_stream_length=MAX_FILE_BYTES,
        array_based_stream_maximum_output_length=MAX_STREAM_BYTES,
        zlib_maximum_output_length=MAX_STREAM_BYTES,
        zlib_maximum_recovery_input_length=1_000_000,
        lzw_maximum_output_length=MAX_STREAM_BYTES,
        run_length_maximum_output_length=MAX_STREAM_BYTES,
        brotli_maximum_output_length=MAX_STREAM_BYTES,
        stream_decoding_work_maximum_length=50_000_000,
        stream_parsing_work_maximum_count=500_000,
        page_tree_maximum_entries=20_000,
        page_tree_maximum_page_entries=200_000,
        xform_maximum_invocations_per_extraction=500,
    )


def _read_pages(content: bytes, name: str) -> list[str]:
    from pypdf import PdfReader

    end = time.monotonic() + MAX_SECONDS

    def check_clock(*_: Any) -> None:
        if time.monotonic() > end:
            raise UploadError(f"{name} takes longer to read than {MAX_SECONDS:.0f} seconds")

    reader = PdfReader(BytesIO(content))
    count = len(reader.pages)
    if count > MAX_PAGES:
        raise UploadError(f"{name} has {count:,} pages, the limit is {MAX_PAGES}")
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
