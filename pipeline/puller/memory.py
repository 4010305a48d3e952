"""Keeping the process small: one heap for all threads, and what is free goes back to the system.

glibc gives threads heaps of their own (mallopt(3), ``M_ARENA_MAX``), each as large as its busiest moment; and CPython's
collector walks through everything that was ever imported (``gc.freeze``). On other C libraries nothing is done.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc

_ARENA_MAX = -8
_COLLECT_AFTER = 50_000


def begin_small() -> None:
    """Have all threads share one heap; to be called before there are any."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def settle() -> None:
    """What has been imported stays: looking through it for garbage again and again would take a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)


def give_back() -> None:
    """Return free memory to the system."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
