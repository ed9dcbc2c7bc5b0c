"""The load generator where wrk is not installed: raw sockets on one event loop."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from functools import partial

from bench.client import HOST
from bench.services.paths import COLLECTION


class _Caller(asyncio.Protocol):
    """A connection that asks again as soon as it is answered."""

    def __init__(self, requests: Sequence[bytes], seed: int, until: float) -> None:
        self._requests = requests
        self._draw = random.Random(seed)  # noqa: S311 (no secret)
        self._until = until
        self._received = b""
        self._asked = 0.0
        self.times: list[float] = []
        self.errors = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        if self._asked >= self._until:
            self._transport.close()
            return
        self._transport.write(self._draw.choice(self._requests))

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or len(self._received) < end + 4 + _length(self._received[:end]):
            return
        self.times.append(time.perf_counter() - self._asked)
        if self._received[9:10] != b"2":  # HTTP/1.1 2..
            self.errors += 1
        self._received = b""
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None or self._asked < self._until:
            self.errors += 1
        if not self.done.done():
            self.done.set_result(None)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def keep_busy(
    port: int, method: str, lines: Sequence[str], connections: int, seconds: float
) -> tuple[int, float, int, float, float]:
    """Answers, seconds, errors, and the median and 99th percentile of their times in seconds."""
    requests = [_request(port, method, line) for line in lines]
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    callers = []
    for seed in range(connections):
        make = partial(_Caller, requests, seed, began + seconds)
        callers.append((await loop.create_connection(make, HOST, port))[1])
    await asyncio.wait_for(asyncio.gather(*(caller.done for caller in callers)), seconds + 60)
    times = sorted(time for caller in callers for time in caller.times) or [0.0]
    errors = sum(caller.errors for caller in callers)
    median, late = times[len(times) // 2], times[len(times) * 99 // 100]
    return len(times), time.perf_counter() - began, errors, median, late


def _request(port: int, method: str, line: str) -> bytes:
    host = f"Host: {HOST}:{port}\r\n"
    if method == "GET":
        return f"GET {line} HTTP/1.1\r\n{host}\r\n".encode()
    body = line.encode()
    sort = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return f"POST {COLLECTION} HTTP/1.1\r\n{host}{sort}".encode() + body
