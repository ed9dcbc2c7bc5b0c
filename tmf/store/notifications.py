"""Notifications: what other processes tell by way of PostgreSQL (LISTEN)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import psycopg2
import structlog

log = structlog.get_logger("tmf.store")

_PAUSE = 2.0
"""Seconds before a lost connection is opened again."""


class Notifications:
    """Calls `heard`, on the event loop, for what is told on a channel.

    It is also called when the connection is there (again): something may have been missed.
    """

    def __init__(self, connect: Mapping[str, Any], channel: str, heard: Callable[[], None]) -> None:
        self._arguments = connect
        self._channel = channel
        self._heard = heard
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Let `run` end soon."""
        self._stopping.set()

    async def run(self) -> None:
        """Listen until `stop`."""
        while not self._stopping.is_set():
            try:
                connection = await asyncio.to_thread(self._open)
            except psycopg2.Error as error:
                log.warning("notifications unavailable", error=str(error).strip())
            else:
                await self._listen(connection)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _PAUSE)

    def _open(self) -> Any:
        connection = psycopg2.connect(**{"connect_timeout": 10, **self._arguments})
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {self._channel}")
        return connection

    async def _listen(self, connection: Any) -> None:
        """Until the connection is lost or `stop`."""
        lost = asyncio.Event()
        loop = asyncio.get_running_loop()
        socket: int = connection.fileno()

        def readable() -> None:
            try:
                connection.poll()
            except psycopg2.Error:
                # At once: the socket is closed, and its number may be another connection's soon.
                loop.remove_reader(socket)
                lost.set()
            else:
                connection.notifies.clear()
                self._heard()

        loop.add_reader(socket, readable)
        try:
            self._heard()
            ended = [asyncio.ensure_future(one.wait()) for one in (lost, self._stopping)]
            await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
            for one in ended:
                one.cancel()
        finally:
            if not lost.is_set():
                loop.remove_reader(socket)
            with suppress(psycopg2.Error):
                connection.close()
