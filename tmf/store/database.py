"""Connections: the engine for each database, and sessions run off the event loop."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from psycopg2.errors import UniqueViolation
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from tmf.spec.model import Resource
from tmf.store import sqlite
from tmf.store.direct import Direct, DirectStatements
from tmf.store.listing import Listing
from tmf.store.notifications import Notifications
from tmf.store.outbox import OutboxEvent
from tmf.store.pool import Pool
from tmf.store.resource_tables import resource_metadata, table_name
from tmf.store.rows import Found, Row
from tmf.store.session import Session, already_exists
from tmf.store.statements import ResourceStatements
from tmf.tmf630_guidelines.documents import Document, encode
from tmf.tmf630_guidelines.query import ListQuery

T = TypeVar("T")

THREADS = 4
"""Enough to keep a database busy from one process; more only adds switching."""

SEARCHES = 4
"""Threads of lists, which may search for seconds: reads by id and writes have their own."""

_USED = "used"
_RESTED = 0.5
"""Seconds after which a connection is asked whether it is still there: a round trip each time."""

ASLEEP = 20
"""Seconds after which PostgreSQL undoes a transaction in which nothing happens: a process that is
stopped in the middle of one must not keep what others wait for.
"""


class Database:
    """The resources' tables in one database. Close it when done.

    `told` is called, in any thread, when events have been committed.
    """

    def __init__(
        self,
        url: str,
        resources: Iterable[Resource],
        now: Callable[[], int],
        *,
        count_limit: int = 1000,
        query_timeout: float = 20.0,
    ) -> None:
        self.engine = make_engine(url)
        self.resources = tuple(resources)
        self.metadata = resource_metadata(self.resources, self.engine.dialect.name)
        self._statements = {
            resource.key: ResourceStatements(
                resource, self.metadata.tables[table_name(resource)], self.engine.dialect
            )
            for resource in self.resources
        }
        self.now = now
        self.told: Callable[[], None] = lambda: None
        self._direct_statements: dict[str, DirectStatements] = {}
        self._direct: Direct | None = None
        if self.engine.dialect.name == "postgresql":
            self._pool = Pool(_pool_arguments(self.engine, query_timeout), timeout=query_timeout)
            self._direct = Direct(self._pool)
            self._listing = Listing(self._pool, count_limit)
            self._direct_statements = {
                resource.key: DirectStatements(self.metadata.tables[table_name(resource)])
                for resource in self.resources
            }
        self._limits = {"count_limit": count_limit, "query_timeout": query_timeout}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")
        self._searches = ThreadPoolExecutor(SEARCHES, thread_name_prefix="search")

    def statements_of(self, resource: Resource) -> ResourceStatements:
        """The statements of a resource's table."""
        return self._statements[resource.key]

    @contextmanager
    def session(self, *, write: bool = False) -> Iterator[Session]:
        """A transaction, committed unless the block raises.

        On SQLite a writing one takes the write lock at once: what it reads stays true.
        """
        with self.engine.connect() as opened:
            connection = opened.execution_options(tmf_write=write)
            with connection.begin():
                session = Session(connection, self._statements, self.now, **self._limits)  # type: ignore[arg-type]
                yield session
                session.write_out()
        for call in session.afterwards:
            call()
        if session.told:
            self.told()

    async def run(self, work: Callable[[Session], T], *, write: bool = False) -> T:
        """Run `work` with a session in one of the store's threads."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._run, work, write
        )

    async def get(self, resource: Resource, realm: str, identity: str) -> Row | None:
        """The row as stored, or None."""
        if self._direct is None:
            return await self.run(lambda session: session.get(resource, realm, identity))
        return await self._direct.get(self._direct_statements[resource.key], realm, identity)

    async def find(self, resource: Resource, realm: str, query: ListQuery, hrefs: str) -> Found:
        """The matching rows of one page; `hrefs` is what every href of the collection starts with.

        503 if the search takes longer than allowed.
        """
        if self._direct is not None and query.guess:
            found = await self._listing.find(resource, realm, query)
            if found is not None:
                return found
        return await asyncio.get_running_loop().run_in_executor(
            self._searches,
            self._run,
            lambda session: session.find(resource, realm, query, hrefs),
            False,
        )

    @property
    def direct(self) -> bool:
        """Whether `create` is possible."""
        return self._direct is not None

    async def create(
        self,
        resource: Resource,
        realm: str,
        identity: str,
        document: Document,
        tell: Callable[[Row], Iterable[OutboxEvent]],
    ) -> Row:
        """Store a new resource and what is told of it (at most one event) without a session.

        409 if the id is taken.
        """
        assert self._direct is not None  # noqa: S101 (for mypy)
        now = self.now()
        row = Row(identity, now, encode(document))
        values = self._statements[resource.key].values(row, document, now)
        values |= {"realm": realm, "id": identity, "created": now}
        (event,) = (*tell(row), None)[:1]
        try:
            await self._direct.insert(self._direct_statements[resource.key], values, event)
        except UniqueViolation as error:
            raise already_exists(resource, identity) from error
        if event is not None:
            self.told()
        return row

    async def notify(self, channel: str) -> None:
        """Tell other processes on a channel, if the database can (PostgreSQL)."""
        if self._direct is not None:
            await self._direct.notify(channel)

    def notifications(self, channel: str, heard: Callable[[], None]) -> Notifications | None:
        """What other processes tell on a channel, if the database can."""
        if self._direct is None:
            return None
        return Notifications(driver_arguments(self.engine), channel, heard)

    def _run(self, work: Callable[[Session], T], write: bool) -> T:
        with self.session(write=write) as session:
            return work(session)

    def close(self) -> None:
        """End the threads and the connections."""
        if self._direct is not None:
            self._pool.close()
        self._threads.shutdown()
        self._searches.shutdown()
        self.engine.dispose()


def make_engine(url: str) -> Engine:
    """An engine set up for the server: WAL and full durability on SQLite, a pool for each."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(
            parsed, connect_args={"check_same_thread": False, "timeout": 30}, paramstyle="named"
        )
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        parsed,
        pool_size=THREADS,
        max_overflow=THREADS + SEARCHES,
        # Compiling a statement costs PostgreSQL seconds where criteria are many.
        connect_args={
            "options": f"-c jit=off -c idle_in_transaction_session_timeout={ASLEEP * 1000}"
        },
    )
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_try_again, engine))
    return engine


def _note_use(_: Any, record: ConnectionPoolEntry) -> None:
    record.info[_USED] = time.monotonic()


def _try_again(engine: Engine, connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
    """See whether a connection that has rested still answers; else the pool makes another."""
    if time.monotonic() - record.info.get(_USED, math.inf) < _RESTED:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error


def driver_arguments(engine: Engine) -> dict[str, Any]:
    """How psycopg2 connects to where the engine does."""
    _, arguments = engine.dialect.create_connect_args(engine.url)
    return dict(arguments)


def _pool_arguments(engine: Engine, query_timeout: float) -> dict[str, Any]:
    arguments = driver_arguments(engine)
    options = (
        arguments.get("options", ""),
        "-c jit=off",
        f"-c statement_timeout={int(query_timeout * 1000)}",
        # The statements are written for one plan each.
        "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off",
    )
    return {**arguments, "options": " ".join(options), "client_encoding": "UTF8"}


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions are ours to begin
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -16000")
    sqlite.install(connection)


def _begin_sqlite(connection: Any) -> None:
    write = connection.get_execution_options().get("tmf_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
