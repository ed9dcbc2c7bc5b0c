"""PostgreSQL on the event loop: connections that several callers share.

A job is handed to a free connection, or waits for one in order. What has come together while it
waited travels together, so a busy server makes fewer round trips. Nobody holds a connection: one
whose caller has gone is free again when its answer is there.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import psycopg2

from tmf.store.pool_connection import Call, Connection, Job, Rows, connect, unavailable

CONNECTIONS = 4
"""Enough to keep a database busy from one process: jobs that wait travel together."""

_GRACE = 5.0
"""Seconds past the time limit of a statement after which its connection counts as lost."""


class Pool:
    """The connections of one process to one database. All methods run on the event loop."""

    def __init__(
        self, arguments: Mapping[str, Any], *, timeout: float, size: int = CONNECTIONS
    ) -> None:
        self._arguments = {**arguments, "async_": 1}
        self._timeout = timeout
        self._size = size
        self._free: list[Connection] = []
        self._open: set[Connection] = set()
        self._waiting: deque[tuple[float, Job]] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._opening = 0
        self._closed = False

    def submit(self, job: Job) -> None:
        """Run a job as soon as its turn comes."""
        if self._free:
            self._free.pop().run(job)
        else:
            self._waiting.append((time.monotonic(), job))
            self._serve()
        if self._watch is None:
            self._look_again()

    async def run(self, call: Call, *, repeatable: bool = False) -> Rows:
        """The rows of one call."""
        job = _Single(call, repeatable)
        self.submit(job)
        return await job.outcome

    def close(self) -> None:
        """Disconnect; what still waits fails."""
        self._closed = True
        if self._watch is not None:
            self._watch.cancel()
        for connection in list(self._open):
            connection.lose(psycopg2.InterfaceError("closed"))
        self._free.clear()
        if self._waiting:
            self._fail_waiting(unavailable())

    def _open_another(self) -> None:
        # In a thread: looking names up may block, and libpq may try several sockets.
        self._opening += 1
        opening = asyncio.get_running_loop().run_in_executor(None, connect, self._arguments)
        opening.add_done_callback(self._opened)

    def _opened(self, opening: asyncio.Future[Any]) -> None:
        self._opening -= 1
        error = opening.exception()
        if error is None and not self._closed:
            connection = Connection(self, opening.result())
            self._open.add(connection)
            self.ready(connection)
        elif error is None:
            opening.result().close()
        elif not self._open and not self._opening:
            # Nobody is at work or will be: nobody needs to wait.
            self._fail_waiting(unavailable(error))

    def ready(self, connection: Connection) -> None:
        """A connection has nothing to do."""
        self._free.append(connection)
        self._serve()

    def lost(self, connection: Connection, job: Job | None, error: Exception) -> None:
        """A connection is no more; the job that it had may be another's."""
        self._open.discard(connection)
        with suppress(ValueError):
            self._free.remove(connection)
        if job is not None and job.repeatable and connection.served and not self._closed:
            # It had died long before: the next one will do.
            self._waiting.appendleft((time.monotonic(), job))
        elif job is not None:
            job.fail(unavailable(error))
        self._serve()

    def _serve(self) -> None:
        """Give what waits to who is free; more connections if nobody is."""
        while self._waiting and self._free:
            self._free.pop().run(self._waiting.popleft()[1])
        if self._waiting and not self._closed and len(self._open) + self._opening < self._size:
            self._open_another()

    def _fail_waiting(self, error: Exception) -> None:
        while self._waiting:
            self._waiting.popleft()[1].fail(error)

    def _look_again(self) -> None:
        self._watch = asyncio.get_running_loop().call_later(1.0, self._look)

    def _look(self) -> None:
        """End what takes too long, until nothing is under way."""
        self._watch = None
        now = time.monotonic()
        limit = self._timeout + _GRACE
        for connection in list(self._open):
            if connection.since is not None and now - connection.since > limit:
                connection.lose(unavailable())
        while self._waiting and now - self._waiting[0][0] > limit:
            self._waiting.popleft()[1].fail(unavailable())
        if self._waiting or any(connection.since for connection in self._open):
            self._look_again()


class _Single:
    """A call that somebody waits for."""

    def __init__(self, call: Call, repeatable: bool) -> None:
        self._call = call
        self.repeatable = repeatable
        self.outcome: asyncio.Future[Rows] = asyncio.get_running_loop().create_future()

    def calls(self) -> Sequence[Call]:
        """The one."""
        return (self._call,)

    def succeed(self, rows: Rows) -> None:
        """Tell who waits."""
        if not self.outcome.done():
            self.outcome.set_result(rows)

    def fail(self, error: Exception) -> None:
        """Tell who waits."""
        if not self.outcome.done():
            self.outcome.set_exception(error)
