"""Large values on their way to the browser: deflated, as one string in place of thousands of parts.

It is fewer bytes, and less work for Gradio, whose page copies every part of a value whenever the
state of an event changes. link.js unpacks. Knows nothing of what the values mean.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

LEVEL = 6  # the best level takes ten times as long and saves a twentieth


def packed(value: dict[str, Any]) -> dict[str, str]:
    """A component's value as `{"packed": ...}`: its JSON, deflated (zlib), in base64."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return {"packed": deflated(text.encode())}


def deflated(data: bytes) -> str:
    """Bytes, deflated (zlib), in base64."""
    return base64.b64encode(zlib.compress(data, LEVEL)).decode("ascii")
