"""How long `python app.py` takes until the page is served."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 120.0


def seconds_to_page() -> float:
    """Start the app on a free port and wait for its page."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    settings = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
    started = time.perf_counter()
    app = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _is_served(f"http://127.0.0.1:{port}/"):
            if app.poll() is not None:
                raise RuntimeError(f"app.py ended with code {app.returncode} before its page stood")
            if time.perf_counter() - started > PATIENCE:
                raise RuntimeError(f"no page after {PATIENCE:g} seconds")
            time.sleep(0.02)
        return time.perf_counter() - started
    finally:
        app.terminate()
        app.wait()


def _is_served(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as page:
            return bool(page.status == 200)
    except OSError:
        return False
