"""Gistscope: summarise a text with a trained model and see how every word came about.

>>> from model import DecodingOptions
>>> DecodingOptions(num_beams=4).strategy
'beam'

The names are looked up at first use, so that reading a trace never waits for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.long_documents import DocumentUpdate, stream_document
    from model.options import DecodingOptions
    from model.summarizer import Summarizer
    from model.trace import Trace

__all__ = ["DecodingOptions", "DocumentUpdate", "Summarizer", "Trace", "stream_document"]

_HOMES = {
    "DecodingOptions": "model.options",
    "DocumentUpdate": "model.long_documents",
    "Summarizer": "model.summarizer",
    "Trace": "model.trace",
    "stream_document": "model.long_documents",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'model' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
