"""Looking names up in threads of its own: those of the event loop have other work."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from socket import AddressFamily

from aiohttp.abc import AbstractResolver, ResolveResult

_AT_ONCE = 32
"""Lookups at once: a listener whose name is slow to find must not hold up others."""

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class OwnThreadsResolver(AbstractResolver):
    """The system's resolver, run in a pool of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lookup")

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name; OSError if it has none."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, _look_up, host, port, family
        )

    async def close(self) -> None:
        """Start no more lookups."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int, family: AddressFamily) -> list[ResolveResult]:
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [
        ResolveResult(
            hostname=host,
            host=str(address[0]),
            port=port,
            family=known,
            proto=protocol,
            flags=_NUMERIC,
        )
        for known, _, protocol, _, address in found
    ]
