"""How a process that runs for long deals with memory: what is garbage, and what it gives back."""

from __future__ import annotations

import ctypes
import gc
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt(3)."""

_LARGE = 2**20
"""Bytes from which on a piece of memory is given back as soon as it is free."""


def settle() -> None:
    """To be called once all is built: it stays, and need not be looked at again.

    Looking for garbage in it would stop requests for long. A document is some hundred objects, and
    none of them a cycle, so garbage is looked for seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    _give_back()


def _give_back() -> None:
    """Of large pieces, glibc learns to keep some, of up to 32 MB: large bodies come too seldom."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _LARGE)
