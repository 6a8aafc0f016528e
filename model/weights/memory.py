"""How much memory a model needs, and how much there is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from torch import nn

from model.untrusted import CheckpointError

# As float32, and once more as laid out for multiplication.
BYTES_PER_PARAMETER = 8
MEMINFO = Path("/proc/meminfo")
# Limit, use and statistics of a container, in both versions of Linux's control groups.
CONTAINERS = (
    ("memory.max", "memory.current", "memory.stat"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
)
CONTROL_GROUP = Path("/sys/fs/cgroup")


def check_memory(
    name: str,
    model: nn.Module,
    tell: Callable[[str], None] | None = None,
    available: int | None = None,
) -> None:
    """Tell how much memory the model needs; raise `CheckpointError` where there is less.

    `model` may be a skeleton. `available` is asked of the system where it is not given.
    """
    parameters = sum(parameter.numel() for parameter in model.parameters())
    needed = parameters * BYTES_PER_PARAMETER
    says = f"{name}: {parameters / 1e6:,.0f} million parameters, about {_written(needed)} of memory"
    if tell is not None:
        tell(says)
    available = available_bytes() if available is None else available
    if available is not None and needed > available:
        raise CheckpointError(f"{says}, of which {_written(available)} are free")


def available_bytes() -> int | None:
    """Memory that can still be used, by the machine or the container; None where unknown."""
    found = [
        value for value in (_free(), *(_left(*names) for names in CONTAINERS)) if value is not None
    ]
    return min(found, default=None)


def _free() -> int | None:
    """What the machine has left; all of it where the system tells no more."""
    if MEMINFO.is_file():
        for line in MEMINFO.read_text(encoding="utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows has no such question
        return None


def _left(limit: str, use: str, statistics: str) -> int | None:
    """What a container has left; files that are only cached count as used there, not here."""
    try:
        most, used = (int((CONTROL_GROUP / name).read_text()) for name in (limit, use))
        lines = (CONTROL_GROUP / statistics).read_text().splitlines()
        table = dict(line.split(maxsplit=1) for line in lines)
        cached = sum(int(table.get(f"{kind}_file", 0)) for kind in ("active", "inactive"))
    except (OSError, ValueError):  # not in one, or its limit is "max"
        return None
    return max(0, most - used + cached)


def _written(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
