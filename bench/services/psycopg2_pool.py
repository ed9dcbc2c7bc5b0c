"""psycopg2's asynchronous mode on the event loop, with every statement prepared."""

from __future__ import annotations

import asyncio
import os
import select
from collections import deque
from collections.abc import Sequence
from typing import Any

import psycopg2
from psycopg2 import extensions
from psycopg2.errors import UniqueViolation

from bench.services.plain_sql import SCHEMA, STATEMENTS
from bench.services.plain_store import TakenError

Rows = Sequence[Sequence[Any]]

_CALLS = {
    name: f'EXECUTE "{name}"' + (f"({', '.join(['%s'] * len(types))})" if types else "")
    for name, (types, _) in STATEMENTS.items()
}


class _Connection:
    """One connection; a statement at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        options = f"-csearch_path={SCHEMA}"
        self._connection = psycopg2.connect(
            os.environ["BENCH_DATABASE_URL"], options=options, async_=1
        )
        self._block()
        self._cursor = self._connection.cursor()
        for name, (types, sql) in STATEMENTS.items():
            listed = f"({', '.join(types)})" if types else ""
            self._cursor.execute(f'PREPARE "{name}"{listed} AS {sql}')
            self._block()
        self._done: asyncio.Future[Rows] | None = None
        self._loop = loop
        loop.add_reader(self._connection.fileno(), self._go_on)

    def _block(self) -> None:
        while (state := self._connection.poll()) != extensions.POLL_OK:
            reads = [self._connection] if state == extensions.POLL_READ else []
            writes = [self._connection] if state == extensions.POLL_WRITE else []
            select.select(reads, writes, [])

    async def run(self, name: str, arguments: Sequence[Any]) -> Rows:
        """The rows of a prepared statement."""
        self._cursor.execute(_CALLS[name], arguments)
        done: asyncio.Future[Rows] = self._loop.create_future()
        self._done = done
        self._go_on()  # sends; the answer may even be there
        return await done

    def _go_on(self) -> None:
        """Called when the socket can be read, or written where that is waited for."""
        done = self._done
        if done is None:
            return
        self._loop.remove_writer(self._connection.fileno())
        try:
            state = self._connection.poll()
            if state == extensions.POLL_WRITE:
                self._loop.add_writer(self._connection.fileno(), self._go_on)
                return
            if state != extensions.POLL_OK:
                return
            rows = self._cursor.fetchall() if self._cursor.description else []
        except psycopg2.Error as error:
            self._done = None
            if not done.cancelled():
                done.set_exception(error)
            return
        self._done = None
        if not done.cancelled():
            done.set_result(rows)

    def close(self) -> None:
        """Disconnect."""
        self._loop.remove_reader(self._connection.fileno())
        self._connection.close()


class Psycopg2Pool:
    """A pool whose last connection given back is taken first."""

    def __init__(self) -> None:
        self._free: list[_Connection] = []
        self._waiting: deque[asyncio.Future[_Connection]] = deque()

    async def open(self) -> None:
        """Connect and prepare."""
        loop = asyncio.get_running_loop()
        self._free = [_Connection(loop) for _ in range(int(os.environ["BENCH_POOL"]))]

    async def run(self, name: str, *arguments: Any) -> Rows:
        """The rows of a statement."""
        if self._free:
            connection = self._free.pop()
        else:
            turn: asyncio.Future[_Connection] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            connection = await turn
        try:
            return await connection.run(name, arguments)
        except UniqueViolation as error:
            raise TakenError from error
        finally:
            self._give_back(connection)

    def _give_back(self, connection: _Connection) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        self._free.append(connection)

    async def close(self) -> None:
        """Disconnect."""
        for connection in self._free:
            connection.close()
