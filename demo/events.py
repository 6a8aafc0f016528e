"""How the page's listeners are registered: shared settings of Gradio's events."""

from __future__ import annotations

from typing import Any

from demo.endpoints import CONCURRENCY

# A listener of the page is no endpoint for programs; those stand in `endpoints`.
HIDDEN: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
LIGHT: dict[str, Any] = {**HIDDEN, "queue": False}  # answers at once, runs no model
MODEL: dict[str, Any] = {**HIDDEN, "concurrency_id": CONCURRENCY}  # waits for its turn
