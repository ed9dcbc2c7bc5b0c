"""The statements of one resource's table, written once and compiled once per database.

Reads and writes by id are compiled from the table's definition at start-up; lists are put
together per request by `search`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from msgspec import Raw
from sqlalchemy import Dialect, Table, Text, bindparam, cast, delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Executable, text

from tmf.spec.model import Resource
from tmf.store.lists import among, bound, records
from tmf.store.resource_tables import PREFIX, index_column, table_name
from tmf.store.rows import Row
from tmf.store.tokens import TokenReader
from tmf.tmf630_guidelines.documents import Document, encode
from tmf.tmf630_guidelines.values import parse_instant

_KEY = "realm = :realm AND id = :id"

Rows: TypeAlias = dict[str, dict[str, Any]]
"""By id, the columns of rows but for realm and id."""


class Statement:
    """A statement compiled to the driver's own form, so that running it costs no compiling."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.sql = str(compiled)
        self._processors: dict[str, Any] = dict(compiled._bind_processors)
        self._order: list[str] | None = list(compiled.positiontup) if compiled.positional else None

    def run(self, connection: Connection, **values: Any) -> Any:
        """Execute with the given bind values; a cursor result."""
        return connection.exec_driver_sql(self.sql, self._parameters(values))

    def run_each(self, connection: Connection, each: Iterable[dict[str, Any]]) -> None:
        """Execute with each of these bind values."""
        connection.exec_driver_sql(self.sql, [self._parameters(values) for values in each])

    def _parameters(self, values: dict[str, Any]) -> Any:
        for name, process in self._processors.items():
            values[name] = process(values[name])
        return values if self._order is None else tuple(values[name] for name in self._order)


class ResourceStatements:
    """Everything that is done to one row of a resource's table."""

    def __init__(self, resource: Resource, table: Table, dialect: Dialect) -> None:
        self.resource = resource
        self.name = table_name(resource)
        self.postgresql = dialect.name == "postgresql"
        self._reader = TokenReader(resource.attributes)
        self._columns = {name: index_column(name) for name in resource.indexed}
        key = (table.c.realm == bindparam("realm"), table.c.id == bindparam("id"))
        row = select(table.c.revision, _as_text(table)).where(*key)
        self.get = Statement(row, dialect)
        self.lock = Statement(row.with_for_update(), dialect)
        self.hold = Statement(row.with_for_update(read=True), dialect)
        self.delete = Statement(delete(table).where(*key), dialect)
        written = ["revision", "updated", "body", *self._columns.values()]
        written += ["tokens"] if self.postgresql else []
        self.insert = Statement(
            insert(table).values(
                {name: bindparam(name) for name in ("realm", "id", "created", *written)}
            ),
            dialect,
        )
        self.update = Statement(
            update(table)
            .where(table.c.realm == bindparam("key_realm"), table.c.id == bindparam("key_id"))
            .values({name: bindparam(name) for name in written}),
            dialect,
        )
        self._drop_tokens = text(f"DELETE FROM {self.name}_token WHERE {_KEY}")
        self._add_token = (
            f"INSERT OR IGNORE INTO {self.name}_token (realm, token, id) VALUES (?, ?, ?)"
        )

    def values(
        self, row: Row, document: Document, now: int, *, tokens: bool = False
    ) -> dict[str, Any]:
        """The column values that follow from a document, and from the row that it makes; with its
        `tokens` where these are a column, and else if asked for.
        """
        values: dict[str, Any] = {
            "revision": row.revision,
            "updated": now,
            "body": row.body.decode(),
        }
        values |= self.index_values(document)
        if tokens or self.postgresql:
            values["tokens"] = self.tokens(row.id, document)
        return values

    def tokens(self, identity: str, document: Document) -> list[int]:
        """The search tokens of a document, sorted."""
        return self._reader.tokens({**document, "id": identity})

    def index_values(self, document: Document) -> dict[str, str | None]:
        """What the index columns hold, by column."""
        return {
            column: self._index_value(attribute, document.get(attribute))
            for attribute, column in self._columns.items()
        }

    def _index_value(self, attribute: str, value: Any) -> str | None:
        """What the index column holds: a text's start, or an instant in sortable digits."""
        if not isinstance(value, str):
            return None
        if self.resource.kind_of((attribute,)) == "text":
            return value[:PREFIX]
        moment = parse_instant(value)
        return None if moment is None else sortable_instant(moment)

    def insert_all(self, connection: Connection, realm: str, rows: Rows) -> None:
        """Store new rows, by id, each with `created` and `tokens` besides its `values`."""
        if not self.postgresql:
            self.insert.run_each(
                connection, ({"realm": realm, "id": one, **rows[one]} for one in rows)
            )
            self._replace_tokens(connection, realm, rows)
            return
        columns = _stated(rows)
        names = ", ".join(columns)
        statement = (
            f"INSERT INTO {self.name} (realm, {names}) "
            f"SELECT :realm, {names} FROM {records('postgresql', 'stated', columns)}"
        )
        connection.execute(text(statement), {"realm": realm, "stated": _json_rows(rows)})

    def update_all(self, connection: Connection, realm: str, rows: Rows) -> None:
        """Change rows, by id, to these `values` and `tokens`."""
        if not self.postgresql:
            self.update.run_each(
                connection, ({"key_realm": realm, "key_id": one, **rows[one]} for one in rows)
            )
            self._replace_tokens(connection, realm, rows)
            return
        columns = _stated(rows)
        changes = ", ".join(f"{name} = stated.{name}" for name in columns if name != "id")
        statement = (
            f"UPDATE {self.name} AS t SET {changes} "
            f"FROM {records('postgresql', 'stated', columns)} "
            "WHERE t.realm = :realm AND t.id = stated.id"
        )
        connection.execute(text(statement), {"realm": realm, "stated": _json_rows(rows)})

    def delete_all(self, connection: Connection, realm: str, ids: Sequence[str]) -> None:
        """Remove rows, and their tokens."""
        tables = [self.name] if self.postgresql else [self.name, f"{self.name}_token"]
        for table in tables:
            chosen = among(connection, "id", "ids", "text")
            statement = text(f"DELETE FROM {table} WHERE realm = :realm AND {chosen}")
            connection.execute(statement, {"realm": realm, "ids": bound(connection, ids)})

    def write_tokens(
        self, connection: Connection, realm: str, identity: str, document: Document | None
    ) -> None:
        """Replace the row's tokens in SQLite's side table; None only removes them."""
        if self.postgresql:
            return
        connection.execute(self._drop_tokens, {"realm": realm, "id": identity})
        if document is not None:
            self.add_tokens(connection, realm, identity, self.tokens(identity, document))

    def _replace_tokens(self, connection: Connection, realm: str, rows: Rows) -> None:
        """The same for many rows in SQLite's side table."""
        connection.execute(self._drop_tokens, [{"realm": realm, "id": one} for one in rows])
        stated = [(realm, token, one) for one in rows for token in rows[one]["tokens"]]
        connection.exec_driver_sql(self._add_token, stated)

    def add_tokens(
        self, connection: Connection, realm: str, identity: str, tokens: list[int]
    ) -> None:
        """Add the row's tokens to SQLite's side table, those that are not there."""
        rows = [(realm, token, identity) for token in tokens]
        connection.exec_driver_sql(self._add_token, rows)


_KINDS = {
    "revision": "bigint",
    "created": "bigint",
    "updated": "bigint",
    "body": "json",
    "tokens": "bigint[]",
}
"""PostgreSQL's types of columns; of all others it is text."""


def _stated(rows: Rows) -> dict[str, str]:
    """The columns that are stated of each row, and their types in PostgreSQL."""
    names = ("id", *next(iter(rows.values())))
    return {name: _KINDS.get(name, "text") for name in names}


def _json_rows(rows: Rows) -> str:
    """Rows as a JSON list, each document as it is spelt."""
    stated = [
        {"id": one, **values, "body": Raw(values["body"].encode())} for one, values in rows.items()
    ]
    return encode(stated).decode()


def _as_text(table: Table) -> Any:
    """The stored text itself: drivers would parse `json`."""
    return cast(table.c.body, Text).label("body")


def sortable_instant(moment: int) -> str:
    """Microseconds since 1970 as 20 digits that sort as text (shifted to be positive)."""
    return f"{moment + 10**17:020d}"
