"""The unit of work: everything that one change reads and writes, in one transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from tmf.spec.model import Resource
from tmf.store import sqlite
from tmf.store.outbox import OutboxEvent
from tmf.store.records import Records
from tmf.store.rows import Found, Row
from tmf.store.search import Search
from tmf.store.several import rows_naming, rows_with
from tmf.store.statements import ResourceStatements
from tmf.store.unwritten import MOST, Kind, Unwritten
from tmf.tmf630_guidelines.documents import Document, decode, encode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.query import ListQuery


class Session:
    """One transaction over the resources' tables, always within one realm per call.

    `now` gives microseconds since 1970. Documents carry neither `id` nor `href`: the id is a
    column, the href is made on output. `told` says whether events were written; what is in
    `afterwards` is called once the transaction is committed, what is in `called` has been called
    for in it already.
    """

    def __init__(
        self,
        connection: Connection,
        statements: Mapping[str, ResourceStatements],
        now: Callable[[], int],
        *,
        count_limit: int,
        query_timeout: float,
    ) -> None:
        self._connection = connection
        self._unwritten = Unwritten()
        self._together = False
        self._statements = statements
        self.now = now
        self._count_limit = count_limit
        self._query_timeout = query_timeout
        self.told = False
        self.afterwards: list[Callable[[], None]] = []
        self.called: set[tuple[str, ...]] = set()

    @property
    def connection(self) -> Connection:
        """The connection, on which all that this session was told to write is written."""
        self.write_out()
        return self._connection

    def write_out(self) -> None:
        """Write what is not written yet: to be called at the end."""
        if self._unwritten:
            self._unwritten.taken().write(self._connection)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What happens to rows within the block may be written together, by its end.

        An id that is taken makes the whole block fail, and no `insert` in it.
        """
        self._together = True
        try:
            yield
        finally:
            self._together = False
        self.write_out()

    def take_time(self) -> None:
        """Let nothing happen in this transaction for as long as it may take, as for slow input."""
        if self._connection.dialect.name == "postgresql":
            self._connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")

    def get(self, resource: Resource, realm: str, identity: str) -> Row | None:
        """The row as stored, or None."""
        found = self._statements[resource.key].get.run(self.connection, realm=realm, id=identity)
        return _row(identity, found.first())

    def lock(self, resource: Resource, realm: str, identity: str) -> Row | None:
        """The row, held against other writers until the transaction ends.

        SQLite needs no lock of its own: a writing transaction there is the only one.
        """
        found = self._statements[resource.key].lock.run(self.connection, realm=realm, id=identity)
        return _row(identity, found.first())

    def hold(self, resource: Resource, realm: str, identity: str) -> Row | None:
        """The row, kept from changing until the transaction ends; others may hold it as well."""
        found = self._statements[resource.key].hold.run(self.connection, realm=realm, id=identity)
        return _row(identity, found.first())

    def several(
        self, resource: Resource, realm: str, ids: Collection[str], *, lock: bool = False
    ) -> list[Row]:
        """The rows of those of the ids that there are any of; `lock` keeps others from them."""
        name = self._statements[resource.key].name
        return rows_with(self.connection, name, realm, ids, lock=lock)

    def naming(
        self, resource: Resource, realm: str, path: Sequence[str], values: Collection[str]
    ) -> list[Row]:
        """The rows of documents that seem to have one of the texts at a path, in no order.

        Their tokens say so, which is not quite certain. Texts may have up to 256 characters.
        """
        name = self._statements[resource.key].name
        return rows_naming(self.connection, name, realm, path, values)

    def insert(self, resource: Resource, realm: str, identity: str, document: Document) -> Row:
        """Store a new resource; 409 if the id is taken.

        Revisions count from the time of creation, so that a resource deleted and made again
        never has a revision that the old one had.
        """
        statements = self._statements[resource.key]
        now = self.now()
        row = Row(identity, now, encode(document))
        values = statements.values(row, document, now, tokens=self._together)
        if self._together:
            self._settle(statements, realm, identity)
            new = self._unwritten.new.setdefault((statements, realm), {})
            new[identity] = {"created": now, **values}
            self._grown(len(row.body))
            return row
        try:
            statements.insert.run(self.connection, realm=realm, id=identity, created=now, **values)
        except IntegrityError as error:
            raise already_exists(resource, identity) from error
        statements.write_tokens(self.connection, realm, identity, document)
        return row

    def update(self, resource: Resource, realm: str, row: Row, document: Document) -> Row:
        """Store the next revision of a row that this session has locked."""
        statements = self._statements[resource.key]
        changed = Row(row.id, row.revision + 1, encode(document))
        values = statements.values(changed, document, self.now(), tokens=self._together)
        if self._together:
            self._settle(statements, realm, row.id)
            self._unwritten.changed.setdefault((statements, realm), {})[row.id] = values
            self._grown(len(changed.body))
            return changed
        statements.update.run(self.connection, key_realm=realm, key_id=row.id, **values)
        statements.write_tokens(self.connection, realm, row.id, document)
        return changed

    def tell(self, events: Iterable[OutboxEvent]) -> None:
        """Write events, so that they are published if and only if the transaction commits."""
        for event in events:
            self._unwritten.events.append(event)
            self.told = True
            self._grown(len(event.body))

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of the transaction that is undone alone if the block raises."""
        kept, called = len(self.afterwards), set(self.called)
        try:
            with self.connection.begin_nested():
                yield
                self.write_out()
        except BaseException:
            self._unwritten.taken()
            del self.afterwards[kept:]
            self.called = called
            raise

    def delete(self, resource: Resource, realm: str, identity: str) -> None:
        """Remove a row that this session has locked."""
        statements = self._statements[resource.key]
        if self._together:
            self._settle(statements, realm, identity)
            self._unwritten.gone.setdefault((statements, realm), set()).add(identity)
            return
        statements.delete.run(self.connection, realm=realm, id=identity)
        statements.write_tokens(self.connection, realm, identity, None)

    def _grown(self, size: int) -> None:
        """There is so much more to be written: too much to wait, perhaps."""
        self._unwritten.size += size
        if self._unwritten.size > MOST:
            self.write_out()

    def _settle(self, statements: ResourceStatements, realm: str, identity: str) -> None:
        """What is to be written of a row comes before what is to be written of it next."""
        if self._unwritten.holds(statements, realm, identity):
            self.write_out()

    def find(
        self,
        resource: Resource,
        realm: str,
        query: ListQuery,
        hrefs: str = "",
        *,
        count: bool = True,
    ) -> Found:
        """The matching rows of one page, and how many there are in all if a `count` is wanted;
        503 if the search takes longer than allowed.
        """
        with self._time_limit():
            search = Search(
                self.connection,
                resource,
                count_limit=self._count_limit,
                timeout=self._query_timeout,
            )
            return search.run(realm, query, hrefs, count=count)

    def records(self, realm: str, api: str, kind: str) -> Records:
        """What the package of an API remembers of a kind."""
        return Records(lambda: self.connection, self._unwritten, Kind(realm, api, kind))

    def count(self, resource: Resource, realm: str) -> int:
        """How many resources there are in the realm."""
        table = self._statements[resource.key].name
        statement = text(f"SELECT count(*) FROM {table} WHERE realm = :realm")
        return int(self.connection.execute(statement, {"realm": realm}).scalar_one())

    def refresh_statistics(self) -> None:
        """Let the planner know of many new rows at once (PostgreSQL would by and by)."""
        for statements in self._statements.values():
            self.connection.exec_driver_sql(f"ANALYZE {statements.name}")

    @contextmanager
    def _time_limit(self) -> Iterator[None]:
        driver: Any = self.connection.connection.driver_connection
        started = time.monotonic()
        try:
            if isinstance(driver, sqlite3.Connection):
                with sqlite.time_limit(driver, self._query_timeout):
                    yield
            else:
                milliseconds = int(self._query_timeout * 1000)
                self.connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
                yield
        except DBAPIError as error:
            if time.monotonic() - started > self._query_timeout or _cancelled(error):
                raise GuidelineError("queryTooExpensive", "narrow the criteria down") from error
            raise


def _cancelled(error: DBAPIError) -> bool:
    query_canceled = "57014"  # PostgreSQL's SQLSTATE for statement_timeout
    return getattr(error.orig, "pgcode", None) == query_canceled


def _row(identity: str, found: Any) -> Row | None:
    return None if found is None else Row(identity, found[0], found[1].encode())


def already_exists(resource: Resource, identity: str) -> GuidelineError:
    """What a create with an id that is taken is told."""
    return GuidelineError("alreadyExists", f"there is a {resource.name} with the id {identity}")


def document_of(row: Row) -> Document:
    """The row's document, decoded, without id and href."""
    document: Document = decode(row.body)
    return document
