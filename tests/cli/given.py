"""What the commands are given."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = "The cat sat on the mat. A dog ran to the man, and the man saw it."
SHORT = ["--num-beams", "1", "--max-new-tokens", "4"]


def batch_files(tmp_path: Path, count: int, extra: bytes = b"") -> list[str]:
    lines = (json.dumps({"text": f"{TEXT} {place}"}) + "\n" for place in range(count))
    (tmp_path / "in.jsonl").write_bytes("".join(lines).encode() + extra)
    return ["--input", str(tmp_path / "in.jsonl"), "--output", str(tmp_path / "out.jsonl")]
