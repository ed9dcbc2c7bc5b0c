"""Ids: UUIDv7 (RFC 9562), so that the order of creation is the order of the index."""

from __future__ import annotations

import random
import threading

from tmf.events.clock import Clock

_lock = threading.Lock()
_draw = random.Random()  # noqa: S311 (ids are told apart, not kept secret)
_last = 0


def new_id(clock: Clock) -> str:
    """A new id, greater than every one this process gave before."""
    global _last  # noqa: PLW0603 (one counter for the process is the point)
    # 48 bits of milliseconds and 12 of a fraction, made strictly increasing.
    micros = clock.micros()
    ticks = (micros // 1000) << 12 | (micros % 1000) * 4096 // 1000
    with _lock:
        _last = ticks = max(ticks, _last + 1)
    tail = 0b10 << 62 | _draw.getrandbits(62)
    value = f"{(ticks >> 12) << 80 | 0x7 << 76 | (ticks & 0xFFF) << 64 | tail:032x}"
    return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"
