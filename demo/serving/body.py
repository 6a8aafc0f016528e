"""No request body longer than the limit, announced or not."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.serving.answers import answer
from demo.serving.metrics import Metrics

LARGEST_DIGITS = 15  # of a length; more can only be a trick


class BodyLimit:
    """Answers 413 to any request whose body is longer than `limit` bytes."""

    def __init__(self, app: ASGIApp, limit: int, metrics: Metrics) -> None:
        self.app = app
        self.limit = limit
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or len(announced) > LARGEST_DIGITS:
            await self._refuse(send, "an unreadable number of")
        elif int(announced) > self.limit:
            await self._refuse(send, f"{int(announced):,}")
        else:
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
                await self._refuse(send, "too many")
            answered = True

        try:
            await self.app(scope, counted, watched)
        except _BodyTooLarge:
            if not answered:
                await self._refuse(send, "too many")

    async def _refuse(self, send: Send, size: str) -> None:
        self.metrics.refused("body")
        message = (
            f"The request has {size} bytes, the limit is {self.limit:,} (GISTSCOPE_BODY_BYTES)."
        )
        # What is still on its way is not read, so the connection can't be used again.
        await answer(send, 413, message, {"connection": "close"})


class _BodyTooLarge(Exception):
    """A body without an announced length grew over the limit."""
