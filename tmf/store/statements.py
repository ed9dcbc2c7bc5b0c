"""The statements of one resource's table, written once and compiled once per database.

Reads and writes by id are compiled from the table's definition at start-up; lists are put
together per request by `search`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, Table, Text, bindparam, cast, delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Executable, text

from tmf.spec.model import Resource
from tmf.store.resource_tables import PREFIX, index_column, table_name
from tmf.store.rows import Row
from tmf.store.tokens import TokenReader
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.values import parse_instant

_KEY = "realm = :realm AND id = :id"


class Statement:
    """A statement compiled to the driver's own form, so that running it costs no compiling."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.sql = str(compiled)
        self._processors: dict[str, Any] = dict(compiled._bind_processors)
        self._order: list[str] | None = list(compiled.positiontup) if compiled.positional else None

    def run(self, connection: Connection, **values: Any) -> Any:
        """Execute with the given bind values; a cursor result."""
        for name, process in self._processors.items():
            values[name] = process(values[name])
        parameters: Any = values
        if self._order is not None:
            parameters = tuple(values[name] for name in self._order)
        return connection.exec_driver_sql(self.sql, parameters)


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

    def values(self, row: Row, document: Document, now: int) -> dict[str, Any]:
        """The column values that follow from a document, and from the row that it makes."""
        values: dict[str, Any] = {
            "revision": row.revision,
            "updated": now,
            "body": row.body.decode(),
        }
        values |= self.index_values(document)
        if self.postgresql:
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

    def write_tokens(
        self, connection: Connection, realm: str, identity: str, document: Document | None
    ) -> None:
        """Replace the row's tokens in SQLite's side table; None only removes them."""
        if self.postgresql:
            return
        connection.execute(self._drop_tokens, {"realm": realm, "id": identity})
        if document is not None:
            self.add_tokens(connection, realm, identity, self.tokens(identity, document))

    def add_tokens(
        self, connection: Connection, realm: str, identity: str, tokens: list[int]
    ) -> None:
        """Add the row's tokens to SQLite's side table, those that are not there."""
        rows = [(realm, token, identity) for token in tokens]
        connection.exec_driver_sql(self._add_token, rows)


def _as_text(table: Table) -> Any:
    """The stored text itself: drivers would parse `json`."""
    return cast(table.c.body, Text).label("body")


def sortable_instant(moment: int) -> str:
    """Microseconds since 1970 as 20 digits that sort as text (shifted to be positive)."""
    return f"{moment + 10**17:020d}"
