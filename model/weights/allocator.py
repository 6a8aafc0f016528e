"""How the C library keeps memory that was freed. Other libraries than glibc are left alone."""

from __future__ import annotations

import ctypes
import os

M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2


def keep_few_arenas() -> None:
    """Let glibc keep freed memory in two arenas, not in up to eight a core. Before threads start.

    Every thread of a server that frees large arrays would keep some for itself. The environment's
    MALLOC_ARENA_MAX wins.
    """
    if "MALLOC_ARENA_MAX" not in os.environ and _is_glibc():
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def return_freed_memory() -> None:
    """Give the system what was freed: glibc keeps it for later, as much as a whole model."""
    if _is_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def _is_glibc() -> bool:
    names = getattr(os, "confstr_names", {})
    named = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in names else None
    return "glibc" in (named or "")
