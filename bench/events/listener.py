"""A listener that takes whatever it is sent: `python -m bench.events.listener PORT`.

GET /COUNT answers once that many events have come in all: when the first and the last of them did,
in seconds since 1970.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import uvloop

from bench.client import HOST

_TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


class Arrivals:
    """When events have come, and who waits for how many."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._waiting: list[tuple[int, _Connection]] = []

    def note(self) -> None:
        """One has come."""
        self.times.append(time.time())
        if self._waiting:
            self._answer()

    def wait(self, count: int, connection: _Connection) -> None:
        """Tell the connection once so many have come."""
        self._waiting.append((count, connection))
        self._answer()

    def _answer(self) -> None:
        for count, connection in list(self._waiting):
            if len(self.times) >= count:
                self._waiting.remove((count, connection))
                connection.tell(self.times[:count])


class _Connection(asyncio.Protocol):
    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport  # uvloop's is none of asyncio's

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = _length(head)
            if len(self._received) < end + 4 + length:
                return
            self._received = self._received[end + 4 + length :]
            if head.startswith(b"POST"):
                self._arrivals.note()
                self._transport.write(_TAKEN)
            else:
                self._arrivals.wait(int(head[5 : head.index(b" ", 5)]), self)

    def tell(self, times: list[float]) -> None:
        """Answer a GET."""
        body = f"[{times[0]}, {times[-1]}]" if times else "[0, 0]"
        self._transport.write(
            f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def _serve(port: int) -> None:
    arrivals = Arrivals()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(arrivals), HOST, port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
