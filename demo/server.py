"""How the page is served: limits that a public page needs, and no outside request."""

from __future__ import annotations

from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.assets import asset
from demo.language import page_head
from demo.saved_runs import MAX_RUN_BYTES
from demo.theme import theme

MAX_BODY = 9_000_000  # bytes; a file, or a million characters of text with room for escapes
MAX_QUEUE = 16
MAX_SESSIONS = 64  # each keeps up to `session.MOST_RUNS` traces
STYLES = ("page.css", "tabs.css", "manners.css")


class BodyLimit:
    """Answers 413 to any request whose body is longer than `MAX_BODY`, announced or not."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > self.limit:
            await _too_large(send)
            return
        await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the app and end the body at the limit; whatever it then answers becomes 413."""
        received, answered = 0, False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.limit:
                raise _BodyTooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal answered
            if received <= self.limit:
                await send(message)
            elif not answered:  # the app may have turned the fault into an answer of its own
                await _too_large(send)
            answered = True

        try:
            await self.app(scope, counted, watched)
        except _BodyTooLarge:
            if not answered:
                await _too_large(send)


class _BodyTooLarge(Exception):
    """A body without an announced length grew over the limit."""


async def _too_large(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"The request is too large."})


def launch(page: gr.Blocks, **settings: Any) -> Any:
    """Serve `page`. Address and port are those of GRADIO_SERVER_NAME and GRADIO_SERVER_PORT."""
    page.queue(max_size=MAX_QUEUE, default_concurrency_limit=1, api_open=False)
    return page.launch(
        theme=theme(),
        css="".join(asset("css", name) for name in STYLES),
        head=page_head(),
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        max_file_size=MAX_RUN_BYTES,
        allowed_paths=[],
        state_session_capacity=MAX_SESSIONS,
        footer_links=["api"],
        app_kwargs={"middleware": [Middleware(BodyLimit)], "openapi_url": None},
        **settings,
    )
