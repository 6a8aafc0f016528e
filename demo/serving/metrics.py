"""Counts and latencies in Prometheus' form, on a port of their own that only this machine reaches.

Labels are names of our functions and fixed words, never anything that a visitor sent.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from demo.serving.calls import Call

SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)
LOCAL = "127.0.0.1"


class Metrics:
    """The figures of one server. Safe to share between threads."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._calls = Counter(
            "gistscope_calls", "Calls that ended", ["endpoint", "outcome"], registry=registry
        )
        self._seconds = Histogram(
            "gistscope_call_seconds",
            "How long calls took",
            ["endpoint"],
            buckets=SECONDS,
            registry=registry,
        )
        self._tokens = Counter(
            "gistscope_tokens", "Tokens written", ["endpoint"], registry=registry
        )
        self._running = Gauge(
            "gistscope_calls_running", "Calls under way", ["endpoint"], registry=registry
        )
        self._refused = Counter(
            "gistscope_refused", "Requests refused at the door", ["reason"], registry=registry
        )
        self._under_way: set[str] = set()

    @property
    def running(self) -> int:
        """Calls under way."""
        return len(self._under_way)

    def began(self, call: Call) -> None:
        self._under_way.add(call.id)
        self._running.labels(call.endpoint).inc()

    def ended(self, call: Call) -> None:
        self._under_way.discard(call.id)
        self._running.labels(call.endpoint).dec()
        self._calls.labels(call.endpoint, call.outcome).inc()
        self._seconds.labels(call.endpoint).observe(call.seconds)
        self._tokens.labels(call.endpoint).inc(call.tokens)

    def refused(self, reason: str) -> None:
        """A request that was answered before any function ran."""
        self._refused.labels(reason).inc()

    def serve(self, port: int) -> None:
        """Answer on 127.0.0.1:`port` until the process ends; 0 is off."""
        if port:
            start_http_server(port, addr=LOCAL, registry=self.registry)
