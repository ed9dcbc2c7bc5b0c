"""The way out: what is written within one turn of the event loop leaves in one system call.

uvicorn writes head and body of an answer apart, and uvloop sends each at once.
"""

from __future__ import annotations

import asyncio
from typing import Any

_MOST = 65_536
"""Bytes that are held back: past them the transport's own flow control must see them."""


class GatheringTransport:
    """A transport that writes when the event loop turns; for the rest it is the one it wraps."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._call_soon = loop.call_soon
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write soon."""
        if not self._parts:
            self._call_soon(self._flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > _MOST:
            self._flush()

    def write_eof(self) -> None:
        """End the writing side, after what is to be written."""
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Close, after what is to be written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        parts = self._parts
        if parts:
            self._transport.write(b"".join(parts))
            parts.clear()
            self._size = 0
