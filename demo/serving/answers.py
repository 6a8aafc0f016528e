"""A short answer of our own to a request that goes no further."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.types import Send


async def answer(
    send: Send, status: int, message: str, headers: Mapping[str, str] | None = None
) -> None:
    """Send `message` as JSON, under both names by which Gradio's clients look for it."""
    body = json.dumps({"detail": message, "error": message}, ensure_ascii=False).encode()
    shown = {"content-type": "application/json", "content-length": str(len(body))}
    pairs = [(k.encode(), v.encode()) for k, v in {**shown, **(headers or {})}.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
