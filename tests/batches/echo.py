"""A summarizer without a model, and what goes into a batch and comes out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from model.options import DecodingOptions
from model.text.source_text import TextError


class Echo:
    """A summarizer that answers with the text in capitals and keeps what it was asked."""

    styles = ("headline", "title")

    def __init__(self, fingerprint: str = "f00d") -> None:
        self.fingerprint = fingerprint
        self.asked: list[tuple[str | None, list[str]]] = []

    def summarize_many(
        self, texts: Sequence[str], options: DecodingOptions, style: str | None
    ) -> list[SimpleNamespace]:
        self.asked.append((style, list(texts)))
        if options.forced_prefix == "refused":
            raise ValueError("forced_prefix is refused")
        for text in texts:
            if not text.strip():
                raise TextError("the text is empty")
            if text == "huge":
                raise RuntimeError("not enough memory")
        return [self._result(text, style) for text in texts]

    def _result(self, text: str, style: str | None) -> SimpleNamespace:
        best = SimpleNamespace(score=-0.5, log_prob=-1.0, finished=True, token_ids=(5, 2))
        source = SimpleNamespace(style=style or "headline", cut_tokens=0)
        return SimpleNamespace(
            text=text.upper(), trace=SimpleNamespace(hypotheses=(best,), source=source)
        )


def lines_of(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def texts(count: int) -> bytes:
    return lines_of(*({"text": f"text {place}"} for place in range(count)))


def output(tmp_path: Path) -> list[dict[str, Any]]:
    content = (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    assert content.endswith("\n")
    return [json.loads(line) for line in content.split("\n")[:-1]]
