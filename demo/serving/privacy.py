"""The page that says what happens to a text: assets/privacy/page.html, as it is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from demo.assets import asset

PATH = "/privacy"


def privacy_route() -> Route:
    """Answers GET /privacy."""

    async def privacy(_: Request) -> HTMLResponse:
        return HTMLResponse(asset("privacy", "page.html"))

    return Route(PATH, privacy)
