"""Which addresses of the server a visitor may ask. The page needs few of what Gradio offers.

Shut are, among others, links that store texts on the server's disk (/deep_link), the recoder of
uploaded videos, the proxy to other hosts, and any address that a later Gradio may add.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from demo.serving.answers import answer
from demo.serving.metrics import Metrics

API = "/gradio_api/"
OWN_FILES = ("/assets/", "/static/", "/svelte/", "/_app/")  # the same for everybody, and cacheable
PATHS = frozenset(
    {"/", "/config", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json"}
    | {"/login", "/logout", "/health", "/ready", "/privacy", "/pwa_icon"}
)
IN_API = frozenset(
    {"app_id", "call", "cancel", "component_server", "file", "heartbeat", "info", "login_check"}
    | {"queue", "reset", "run", "startup-events", "theme.css", "upload", "upload_progress", "user"}
)


def is_open(path: str) -> bool:
    """Whether there is anything for a visitor at `path`."""
    if path.startswith(API):
        first = path.removeprefix(API).split("/", 1)[0].split("=", 1)[0]
        return first in IN_API
    return is_own_file(path) or (path.rstrip("/") or "/") in PATHS


def is_own_file(path: str) -> bool:
    """Whether it is a file of the page itself: no work, and no secret."""
    return path.startswith(OWN_FILES)


class Doors:
    """Answers 404 for every address that is not open, before Gradio sees it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_open(scope["path"]):
            self.metrics.refused("address")
            await answer(send, 404, "There is nothing at this address.")
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            await self.app(scope, receive, send)
