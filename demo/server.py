"""How the page is served: what every request passes on its way, and how the server ends."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from demo.assets import asset
from demo.language import page_head
from demo.serving.access import login_check
from demo.serving.body import BodyLimit
from demo.serving.doors import Doors
from demo.serving.faults import Faults
from demo.serving.headers import Headers
from demo.serving.health import health_routes
from demo.serving.limits import Limits
from demo.serving.logs import configure, hush_gradio
from demo.serving.mailboxes import keep_few
from demo.serving.metrics import Metrics
from demo.serving.privacy import privacy_route
from demo.serving.rate import RateLimit
from demo.serving.watching import Watch
from demo.theme import theme

STYLES = ("page.css", "run.css", "tabs.css", "manners.css")
GRACE = 1.0  # seconds that last answers get to reach their browsers
TICK = 0.05


def launch(
    page: gr.Blocks,
    watch: Watch | None = None,
    is_open: Callable[[], bool] = lambda: True,
    **settings: Any,
) -> Any:
    """Serve `page`. Address and port are those of GRADIO_SERVER_NAME and GRADIO_SERVER_PORT.

    Limits are those of the environment unless `watch` brings others; `is_open` tells whether a
    model is there. Raises `LimitError` for a setting that can't be.
    """
    watch = watch or Watch(Limits.from_environment(os.environ), Metrics())
    limits = watch.limits
    watch.over(page)
    # What a proxy says of a client is read in `rate`, by our own setting alone.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "")
    hush_gradio()
    page.queue(
        max_size=limits.queue_length,
        default_concurrency_limit=max(1, limits.workers),
        api_open=False,
    )
    keep_few(page, limits.sessions)
    launched = page.launch(
        theme=theme(),
        css="".join(asset("css", name) for name in STYLES),
        head=page_head(),
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        max_file_size=limits.upload_bytes,
        allowed_paths=[],
        state_session_capacity=limits.sessions,
        auth=login_check(os.environ),
        footer_links=["api"],
        app_kwargs={
            "middleware": _middleware(limits, watch.metrics),
            "routes": [*health_routes(lambda: is_open() and not watch.halted), privacy_route()],
            "openapi_url": None,
        },
        **settings,
    )
    watch.metrics.serve(limits.metrics_port)
    return launched


def serve(page: gr.Blocks, watch: Watch, is_open: Callable[[], bool]) -> None:
    """Serve until SIGTERM or SIGINT, then let the runs end, and return."""
    asked = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: asked.set())
    launch(page, watch, is_open, prevent_thread_lock=True)
    configure()
    asked.wait()
    stop(page, watch)


def stop(page: gr.Blocks, watch: Watch) -> None:
    """Take no more runs, give those under way their time, cut what is left, close."""
    end = time.monotonic() + watch.limits.stop_seconds
    waiting = page._queue.event_queue_per_concurrency_id
    page._queue.max_size = 0  # 503 for who comes now
    for line in list(waiting.values()):
        line.queue.clear()
    while watch.metrics.running and time.monotonic() < end:
        time.sleep(TICK)
    watch.halted.append(True)  # what still runs ends at its next step, with what it has
    end = time.monotonic() + GRACE
    while time.monotonic() < end:
        time.sleep(TICK)
    page.close(verbose=False)


def _middleware(limits: Limits, metrics: Metrics) -> list[Middleware]:
    """From the outside in."""
    return [
        Middleware(Headers),
        Middleware(Doors, metrics=metrics),
        Middleware(RateLimit, limits=limits, metrics=metrics),
        Middleware(BodyLimit, limit=limits.body_bytes, metrics=metrics),
        Middleware(Faults, queue_length=limits.queue_length, metrics=metrics),
    ]
