"""Search tokens and index columns made anew, where a specification has come to ask for others.

Rows are done in batches, each in a transaction of its own that also notes how far it came: other
processes read and write meanwhile, and a run that is killed is taken up where it ended. Tokens
are added and none taken away, so that a server of the older version goes on finding by its own;
what such a server writes behind the batches is done at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import OperationalError

from tmf.spec.model import Resource
from tmf.store.database import Database
from tmf.store.fingerprint import fingerprint
from tmf.store.indexes import make_indexes
from tmf.store.resource_tables import table_name
from tmf.store.tables import search_state
from tmf.tmf630_guidelines.documents import decode

Report = Callable[[int], None]
"""Told of rows that are done."""

_BATCH = 200
_MARGIN = 600 * 1_000_000
"""Microseconds by which the clocks of the machines that write may differ."""
_PATIENCE = 200
"""Milliseconds for which a row that another holds is waited for: less than PostgreSQL takes to
look for a deadlock, whose victim may be the other."""
_LOCKED = "55P03"

T = TypeVar("T")
Key = tuple[str, str]
_START: Key = ("", "")


def stale(database: Database, connection: Connection) -> list[Resource]:
    """The resources whose stored tokens or index columns are not as their specification asks."""
    found = connection.execute(select(search_state.c.resource, search_state.c.fingerprint))
    known: dict[str, str] = dict(tuple(row) for row in found)
    return [one for one in database.resources if known.get(one.key) != fingerprint(one)]


def note_new(connection: Connection, resource: Resource) -> None:
    """Note that the resource's table, which is empty, has tokens as its specification asks."""
    made_by = fingerprint(resource)
    connection.execute(search_state.delete().where(search_state.c.resource == resource.key))
    connection.execute(insert(search_state).values(_state(resource, made_by, made_by, 0)))


def forget(connection: Connection, resources: Iterable[Resource]) -> None:
    """Take what is stored of these resources for stale."""
    keys = [resource.key for resource in resources]
    named = search_state.c.resource.in_(keys)
    connection.execute(update(search_state).where(named).values(fingerprint="", target=""))


class Reindexing:
    """Makes the tokens and index columns of one resource anew."""

    def __init__(self, database: Database, resource: Resource) -> None:
        self._database = database
        self._resource = resource
        self._target = fingerprint(resource)
        self._statements = database.statements_of(resource)
        self._table = database.metadata.tables[table_name(resource)]

    def remaining(self) -> int:
        """How many rows are still to be done, but for those that are written meanwhile."""
        return self._transaction(self._count)

    def run(self, report: Report) -> None:
        """Do all rows, then those that were written meanwhile, then the indexes."""
        while done := self._transaction(self._batch):
            report(done)
        last: Key | None = _START
        while last is not None:
            last = self._transaction(partial(self._recent, last))
        make_indexes(self._database, self._table)
        self._transaction(lambda connection: self._note(connection, fingerprint=self._target))

    def _count(self, connection: Connection) -> int:
        (realm, identity), _ = self._begin(connection)
        counting = f"SELECT count(*) FROM {self._table.name} WHERE (realm, id) > (:realm, :id)"
        counted = connection.execute(text(counting), {"realm": realm, "id": identity})
        return int(counted.scalar_one())

    def _batch(self, connection: Connection) -> int:
        """Do the rows that follow; how many they were."""
        position, _ = self._begin(connection)
        rows = self._rows(connection, position, since=0)
        self._write(connection, rows)
        if rows:
            self._note(connection, realm=rows[-1].realm, id=rows[-1].id)
        return len(rows)

    def _recent(self, last: Key, connection: Connection) -> Key | None:
        """Do some rows after that key that were written since the beginning; the last one's key."""
        _, started = self._begin(connection)
        rows = self._rows(connection, last, since=started - _MARGIN)
        self._write(connection, rows)
        return (rows[-1].realm, rows[-1].id) if rows else None

    def _begin(self, connection: Connection) -> tuple[Key, int]:
        """How far an earlier run came, held until the transaction ends, and when it began."""
        held = connection.execute(
            select(search_state)
            .where(search_state.c.resource == self._resource.key)
            .with_for_update()
        ).first()
        if held is not None and held.target == self._target:
            return (held.realm, held.id), held.started
        now = self._database.now()
        state = _state(self._resource, "", self._target, now)
        if held is None:
            connection.execute(insert(search_state).values(state))
        else:
            self._note(connection, **state)
        return _START, now

    def _note(self, connection: Connection, **values: Any) -> None:
        mine = search_state.c.resource == self._resource.key
        connection.execute(update(search_state).where(mine).values(**values))

    def _rows(self, connection: Connection, last: Key, *, since: int) -> list[Any]:
        """The next rows that were written since, held: realm, id, body, and what finds them."""
        columns = [*self._statements.index_values({}), *(["tokens"] if self._postgresql else [])]
        held = ""
        if self._postgresql:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_PATIENCE}")
            held = " FOR UPDATE"
        statement = (
            f"SELECT realm, id, CAST(body AS text) AS body{''.join(f', {one}' for one in columns)} "
            f"FROM {self._table.name} WHERE (realm, id) > (:realm, :id) AND updated >= :since "
            f"ORDER BY realm, id LIMIT {_BATCH}{held}"
        )
        parameters = {"realm": last[0], "id": last[1], "since": since}
        return list(connection.execute(text(statement), parameters))

    def _write(self, connection: Connection, rows: list[Any]) -> None:
        for row in rows:
            document = decode(row.body)
            wanted: dict[str, Any] = dict(self._statements.index_values(document))
            tokens = self._statements.tokens(row.id, document)
            if self._postgresql:
                wanted["tokens"] = sorted({*tokens, *(row.tokens or ())})
            else:
                self._statements.add_tokens(connection, row.realm, row.id, tokens)
            changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
            if changed:
                self._update(connection, row, changed)

    def _update(self, connection: Connection, row: Any, changed: dict[str, Any]) -> None:
        mine = (self._table.c.realm == row.realm) & (self._table.c.id == row.id)
        connection.execute(update(self._table).where(mine).values(changed))

    @property
    def _postgresql(self) -> bool:
        return self._statements.postgresql

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        """Do the work in a transaction, again where it met a row that another holds for long."""
        while True:
            try:
                with self._database.engine.connect() as opened:
                    connection = opened.execution_options(tmf_write=True)
                    with connection.begin():
                        return work(connection)
            except OperationalError as error:
                if getattr(error.orig, "pgcode", None) != _LOCKED:
                    raise


def _state(resource: Resource, made_by: str, target: str, started: int) -> dict[str, Any]:
    return {
        "resource": resource.key,
        "fingerprint": made_by,
        "target": target,
        "started": started,
        "realm": "",
        "id": "",
    }
