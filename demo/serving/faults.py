"""A request that the server can't make sense of is its sender's fault, and is told so.

Gradio answers 500 to a function's number that does not exist, to missing values, and to a refusal
by one of our functions. Here only what broke in our own code stays a 500.
"""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.serving.answers import answer
from demo.serving.exchange import begin
from demo.serving.metrics import Metrics

LOG = logging.getLogger(__name__)
SENSELESS = "The request does not fit this page; reload it and try again."
FULL = "{most} runs wait already, which is the limit (GISTSCOPE_QUEUE_LENGTH); try again soon."
RETRY = {"retry-after": "10"}


class Faults:
    """Answers 400 instead of 500 where no function of ours failed; names the queue's setting."""

    def __init__(self, app: ASGIApp, queue_length: int, metrics: Metrics) -> None:
        self.app = app
        self.queue_length = queue_length
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange, begun, full, streams = begin(), False, False, False

        async def judged(message: Message) -> None:
            nonlocal begun, full, streams
            if message["type"] == "http.response.start":
                begun, streams = True, _is_stream(message)
                full = message["status"] == 503 and scope["method"] == "POST"
                if full:
                    self.metrics.refused("queue")
                    await answer(send, 503, FULL.format(most=self.queue_length), RETRY)
                if message["status"] == 500 and not exchange.failed:
                    message["status"] = 400
                    self.metrics.refused("senseless")
            if not full:
                await send(message)

        try:
            await self.app(scope, receive, judged)
        except Exception as error:
            if begun and not streams:  # half an answer can't be taken back
                raise
            LOG.warning("Not understood", extra={"kind": type(error).__name__})
            self.metrics.refused("senseless")
            if streams:  # its last event was the error; of a run that does not exist, for one
                await send({"type": "http.response.body"})
            else:
                await answer(send, 400, SENSELESS)


def _is_stream(message: Message) -> bool:
    kind = dict(message.get("headers", ())).get(b"content-type", b"")
    return kind.startswith(b"text/event-stream")
