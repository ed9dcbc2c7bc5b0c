"""A PostgreSQL connection on the event loop: psycopg2's asynchronous mode, prepared statements.

It runs one job at a time and tells its owner when it is free again, or lost.
"""

from __future__ import annotations

import asyncio
import select
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeAlias

import psycopg2
import structlog
from psycopg2 import extensions

from tmf.tmf630_guidelines.errors import GuidelineError

Rows: TypeAlias = Sequence[Sequence[Any]]

PREPARED = 200
"""Statements that one connection keeps prepared; the longest unused one goes first."""

_CONNECT = 10.0
"""Seconds that connecting may take."""

_QUERY_CANCELED = "57014"

log = structlog.get_logger("tmf.store")


class Prepared:
    """A statement that connections prepare when they first meet it, with `$1` to `$n` in it."""

    __slots__ = ("call", "name", "prepare")

    def __init__(self, name: str, sql: str, parameters: int) -> None:
        self.name = name
        self.prepare = f'PREPARE "{name}" AS {sql}'.replace("%", "%%")
        marks = f"({', '.join(['%s'] * parameters)})" if parameters else ""
        self.call = f'EXECUTE "{name}"{marks}'


class Plain:
    """A statement that is sent as it stands, with `%s` for its values."""

    __slots__ = ("call",)

    def __init__(self, sql: str) -> None:
        self.call = sql


Call: TypeAlias = tuple[Prepared | Plain, Sequence[Any]]


class Job(Protocol):
    """Something to run. `repeatable` if it may run again after its connection was lost."""

    repeatable: bool

    def calls(self) -> Sequence[Call]:
        """What to run, in one round trip and one transaction; asked when it is sent."""

    def succeed(self, rows: Rows) -> None:
        """The rows of the last call."""

    def fail(self, error: Exception) -> None:
        """It has not happened, or it is not known whether it has."""


class Owner(Protocol):
    """Whoever gives a connection its jobs."""

    def ready(self, connection: Connection) -> None:
        """It has nothing to do."""

    def lost(self, connection: Connection, job: Job | None, error: Exception) -> None:
        """It is no more, with the job that it had."""


class Connection:
    """One connection; one job at a time. `since` is when its work began, None if it has none;
    `served` tells that it has done a job.
    """

    def __init__(self, owner: Owner, connection: Any) -> None:
        self._owner = owner
        self._connection = connection
        # Documents go out as they are kept, in UTF-8.
        extensions.register_type(extensions.BYTES, connection)
        self._cursor = connection.cursor()
        self._loop = asyncio.get_running_loop()
        self._socket: int = connection.fileno()
        self._loop.add_reader(self._socket, self._go_on)
        self._job: Job | None = None
        self._prepared: OrderedDict[str, None] = OrderedDict()
        self._doubtful = False
        self._writing = False
        self.served = False
        self.since: float | None = None

    def run(self, job: Job) -> None:
        """Send a job."""
        self._job = job
        self.since = time.monotonic()
        try:
            self._cursor.execute(*self._text(job.calls()))
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            self.lose(error)
        except Exception as error:  # an argument that cannot be sent
            self._finish((), error)
        else:
            self._go_on()

    def _text(self, calls: Sequence[Call]) -> tuple[str, list[Any]]:
        parts: list[str] = []
        arguments: list[Any] = []
        if self._doubtful:
            # What the round trip that failed has prepared is not known.
            parts.append("DEALLOCATE ALL")
            self._prepared.clear()
            self._doubtful = False
        for statement, values in calls:
            if isinstance(statement, Prepared):
                parts.extend(self._preparation(statement))
            parts.append(statement.call)
            arguments.extend(values)
        return "; ".join(parts), arguments

    def _preparation(self, statement: Prepared) -> Iterator[str]:
        """What must be sent before the statement can be called."""
        if statement.name in self._prepared:
            self._prepared.move_to_end(statement.name)
            return
        if len(self._prepared) >= PREPARED:
            yield f'DEALLOCATE "{self._prepared.popitem(last=False)[0]}"'
        yield statement.prepare
        self._prepared[statement.name] = None

    def _go_on(self) -> None:
        """Called when the socket is ready for what is being waited for."""
        rows: Rows = ()
        try:
            state = self._connection.poll()
            if state == extensions.POLL_OK and self._job is not None and self._cursor.description:
                rows = self._cursor.fetchall()
        except psycopg2.Error as error:
            if self._job is None or _is_loss(error):
                self.lose(error)
            else:
                self._finish((), error)
            return
        if (state == extensions.POLL_WRITE) != self._writing:
            self._wait_for_writing(not self._writing)
        if state == extensions.POLL_OK and self._job is not None:
            self._finish(rows)

    def _wait_for_writing(self, writing: bool) -> None:
        self._writing = writing
        if writing:
            self._loop.add_writer(self._socket, self._go_on)
        else:
            self._loop.remove_writer(self._socket)

    def _finish(self, rows: Rows, error: Exception | None = None) -> None:
        job, self._job, self.since = self._job, None, None
        assert job is not None  # noqa: S101 (for mypy)
        if error is None:
            self.served = True
            job.succeed(rows)
        else:
            self._doubtful = True
            job.fail(_told(error))
        self._owner.ready(self)

    def lose(self, error: Exception) -> None:
        """Give the connection up."""
        job, self._job, self.since = self._job, None, None
        self._loop.remove_reader(self._socket)
        if self._writing:
            self._wait_for_writing(False)
        with suppress(psycopg2.Error):
            self._connection.close()
        self._owner.lost(self, job, error)


def connect(arguments: Mapping[str, Any]) -> Any:
    """A connection of psycopg2 in asynchronous mode, connected; it blocks until then."""
    connection = psycopg2.connect(**arguments)
    deadline = time.monotonic() + _CONNECT
    while (state := connection.poll()) != extensions.POLL_OK:
        reading, writing = state == extensions.POLL_READ, state == extensions.POLL_WRITE
        left = max(0.0, deadline - time.monotonic())
        if not any(select.select([connection] * reading, [connection] * writing, [], left)):
            connection.close()
            raise psycopg2.OperationalError("no connection in time")
    return connection


def _is_loss(error: psycopg2.Error) -> bool:
    """Whether the connection is no more: libpq says so itself, or the server before it ends it."""
    state = error.pgcode or ""
    return not state or state.startswith(("08", "57P"))


def _told(error: Exception) -> Exception:
    """The error as the server's clients are told it, if it is one of the database's state."""
    if getattr(error, "pgcode", None) == _QUERY_CANCELED:
        return GuidelineError("queryTooExpensive", "narrow the criteria down")
    if isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError)):
        return unavailable(error)
    return error


def unavailable(error: BaseException | None = None) -> GuidelineError:
    """What clients are told when the database is away; logged."""
    log.error("database unavailable", error=str(error or "it does not answer").strip())
    return GuidelineError(
        "unavailable", "the database does not answer", headers={"Retry-After": "5"}
    )
