"""How many requests one client may send in a minute, by the library `limits`.

Who a client is: the address that connects, or behind reverse proxies the entry that the outermost
trusted one wrote into X-Forwarded-For. What stands left of it anybody can make up.
"""

from __future__ import annotations

import ipaddress
import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from demo.serving.answers import answer
from demo.serving.doors import is_own_file
from demo.serving.limits import Limits
from demo.serving.metrics import Metrics

FREE = frozenset({"/health", "/ready", "/favicon.ico", "/theme.css", "/manifest.json"})
HOUSEHOLD = 64  # bits of an IPv6 address; one customer has all addresses behind them


class RateLimit:
    """Answers 429 with Retry-After to a client that asks too often."""

    def __init__(self, app: ASGIApp, limits: Limits, metrics: Metrics) -> None:
        self.app = app
        self.limits = limits
        self.metrics = metrics
        self._rate = RateLimitItemPerMinute(limits.requests_per_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in FREE or is_own_file(scope["path"]):
            await self.app(scope, receive, send)
            return
        client = client_of(scope, self.limits.trusted_proxies)
        if self._limiter.hit(self._rate, client):
            await self.app(scope, receive, send)
            return
        self.metrics.refused("rate")
        reset = self._limiter.get_window_stats(self._rate, client).reset_time
        wait = max(1, math.ceil(reset - time.time()))
        most = self.limits.requests_per_minute
        message = (
            f"Too many requests: the limit of one visitor is {most} in a minute "
            f"(GISTSCOPE_REQUESTS_PER_MINUTE); try again in {wait} seconds."
        )
        await answer(send, 429, message, {"retry-after": str(wait)})


def client_of(scope: Scope, proxies: int) -> str:
    """The client's address as the trusted proxies saw it; a network for IPv6."""
    peer = (scope.get("client") or ("unknown", 0))[0]
    sent = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    chain = [part.strip() for part in b",".join(sent).decode("latin-1").split(",") if part.strip()]
    chain.append(peer)
    # Fewer entries than proxies: somebody came around them, and the leftmost is all there is.
    return _normal(chain[max(0, len(chain) - 1 - proxies)])


def _normal(address: str) -> str:
    """One spelling an address; what is none is one client all together."""
    try:
        read = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return "unknown"
    if read.version == 4:
        return str(read)
    if read.ipv4_mapped:
        return str(read.ipv4_mapped)
    return str(ipaddress.ip_network((read, HOUSEHOLD), strict=False))
