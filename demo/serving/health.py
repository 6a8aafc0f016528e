"""/health: the process answers. /ready: a model is open and new runs are taken."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


def health_routes(ready: Callable[[], bool]) -> list[Route]:
    """Both routes; `ready` is asked every time and must be cheap."""

    async def health(_: Request) -> PlainTextResponse:
        return PlainTextResponse("alive")

    async def readiness(_: Request) -> PlainTextResponse:
        if ready():
            return PlainTextResponse("ready")
        return PlainTextResponse("not ready", status_code=503, headers={"retry-after": "5"})

    return [Route("/health", health), Route("/ready", readiness)]
