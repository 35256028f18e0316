"""The C library's heap, where it is glibc: how a process that holds lists has it from its start."""

from __future__ import annotations

import ctypes

M_MMAP_THRESHOLD, LARGE_BYTES = -3, 64 * 1024
M_ARENA_MAX = -8

_heap = ctypes.CDLL(None)


def share() -> None:
    """Have all threads share one heap.

    Each would get its own, and what a refresh leaves free there is of no use to the others; a
    worker grew by half with every other refresh.
    """
    if hasattr(_heap, "mallopt"):
        _heap.mallopt(M_ARENA_MAX, 1)


def map_large() -> None:
    """Have what is large mapped by itself, always.

    Else glibc would soon put it into the heap, in which pages of some 100 kB, as they come and go,
    would leave holes.
    """
    if hasattr(_heap, "mallopt"):
        _heap.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def trim() -> None:
    """Return to the system what is free."""
    if hasattr(_heap, "malloc_trim"):
        _heap.malloc_trim(0)
