"""Ids of new rows."""

from __future__ import annotations

import os
import time
import uuid

_RANDOM = (1 << 76) - 1 & ~(0b11 << 62)
_VERSION = 7 << 76 | 0b10 << 62


def new_id() -> str:
    """A time-ordered UUID (version 7), so that new rows go to the end of the index."""
    random = int.from_bytes(os.urandom(10), "big") & _RANDOM
    return str(uuid.UUID(int=time.time_ns() // 1_000_000 << 80 | random | _VERSION))
