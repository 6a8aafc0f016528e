"""How the C library keeps memory that was freed."""

from __future__ import annotations

import ctypes
import os

M_ARENA_MAX = -8  # of glibc's malloc.h
ARENAS = 2


def keep_few_arenas() -> None:
    """Let glibc keep freed memory in two arenas, not in up to eight a core. Before threads start.

    Every thread of a server that frees large arrays would keep some for itself. The environment's
    MALLOC_ARENA_MAX wins. On other C libraries nothing is done: they have no arenas.
    """
    if "MALLOC_ARENA_MAX" not in os.environ and "glibc" in _libc():
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def _libc() -> str:
    names = getattr(os, "confstr_names", {})
    return (os.confstr("CS_GNU_LIBC_VERSION") or "") if "CS_GNU_LIBC_VERSION" in names else ""
