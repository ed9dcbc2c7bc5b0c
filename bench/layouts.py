"""How each service keeps an offering: its tables, its columns and a row's values.

A layout is created without its secondary indexes, filled by COPY, and indexed at the end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection, Table, text

from bench.documents import Document
from bench.services import orm_tables, plain_sql
from bench.services.plain_tokens import tokens_of
from tmf.program import build_program
from tmf.settings import Settings
from tmf.spec.model import Resource
from tmf.store import schema
from tmf.store.resource_tables import table_name
from tmf.store.rows import Row
from tmf.store.statements import ResourceStatements
from tmf.tmf630_guidelines.documents import encode

OFFERING = ("TMF620", "productOffering")


class Layout(Protocol):
    """One way of keeping offerings."""

    @property
    def table(self) -> str:
        """The table of offerings."""

    @property
    def events(self) -> str:
        """The table of events."""

    @property
    def columns(self) -> Sequence[str]:
        """The columns of it that COPY fills."""

    def create(self, connection: Connection) -> None:
        """The tables, without secondary indexes."""

    def row(self, document: Document) -> Sequence[Any]:
        """The values of `columns`; lists are arrays."""

    def index(self, connection: Connection) -> None:
        """The secondary indexes."""


class TmfLayout:
    """The engine's own tables, filled with what the engine itself would write."""

    events = "outbox"

    def __init__(self, url: str) -> None:
        self._program = build_program(Settings(database_url=url))
        database = self._program.database
        self._resource = self._find_resource()
        self._metadata = database.metadata.tables[table_name(self._resource)]
        self._statements = ResourceStatements(
            self._resource, self._metadata, database.engine.dialect
        )
        self._now = time.time_ns() // 1000
        self.table = self._metadata.name
        written = self._statements.values(Row("", 1, b"{}"), {}, self._now)
        self.columns = ("realm", "id", "created", *written)

    def _find_resource(self) -> Resource:
        name, resource = OFFERING
        return next(api for api in self._program.apis if api.name == name).resources[resource]

    def create(self, connection: Connection) -> None:
        """As `tmf serve` sets an empty database up."""
        schema.prepare(self._program.database)
        self._program.close()
        _drop_indexes(connection, self._metadata)

    def migrate(self) -> None:
        """Bring tables of an earlier version to this one."""
        schema.migrate(self._program.database)
        self._program.close()

    def row(self, document: Document) -> Sequence[Any]:
        """What an insert would bind."""
        stored = dict(document)
        identity = stored.pop("id")
        row = Row(identity, 1, encode(stored))
        values = self._statements.values(row, stored, self._now)
        return ("default", identity, self._now, *values.values())

    def index(self, connection: Connection) -> None:
        """The indexes that were dropped."""
        for index in self._metadata.indexes:
            index.create(connection)


class OrmLayout:
    """The tables of the SQLAlchemy services."""

    events = f"{orm_tables.SCHEMA}.{orm_tables.Event.__tablename__}"

    def __init__(self) -> None:
        self._metadata = orm_tables.ProductOffering.metadata.tables[f"{orm_tables.SCHEMA}.{_ORM}"]
        self.table = f"{orm_tables.SCHEMA}.{_ORM}"
        self.columns = tuple(self._metadata.columns.keys())
        self._attributes = [_attribute(name) for name in self.columns]

    def create(self, connection: Connection) -> None:
        """As the service's own models state them."""
        connection.execute(text(f"CREATE SCHEMA {orm_tables.SCHEMA}"))
        orm_tables.Base.metadata.create_all(connection)
        _drop_indexes(connection, self._metadata)

    def row(self, document: Document) -> Sequence[Any]:
        """A value for each column, nested ones as JSON."""
        values = (document.get(name) for name in self._attributes)
        return [json.dumps(one) if isinstance(one, (dict, list)) else one for one in values]

    def index(self, connection: Connection) -> None:
        """The indexes that were dropped."""
        for index in self._metadata.indexes:
            index.create(connection)


class PlainLayout:
    """The tables of the hand-tuned services."""

    table = f"{plain_sql.SCHEMA}.offering"
    events = f"{plain_sql.SCHEMA}.event"
    columns = ("id", "body", *plain_sql.COLUMNS.values(), "tokens")

    def create(self, connection: Connection) -> None:
        """As written in `plain_sql`."""
        for statement in plain_sql.TABLES:
            connection.exec_driver_sql(statement.replace("%", "%%"))

    def row(self, document: Document) -> Sequence[Any]:
        """The text, the attributes with columns, the tokens."""
        stored = dict(document)
        identity = stored.pop("id")
        body = msgspec.json.encode(stored).decode()
        found = (document[attribute] for attribute in plain_sql.COLUMNS)
        return (identity, body, *found, tokens_of(document))

    def index(self, connection: Connection) -> None:
        """The secondary indexes."""
        for statement in plain_sql.INDEXES:
            connection.exec_driver_sql(statement)


_ORM = orm_tables.ProductOffering.__tablename__


def _attribute(column: str) -> str:
    """The attribute that a column holds: `@baseType` for base_type, `validFor` for valid_for."""
    first, *others = column.split("_")
    name = first + "".join(part.capitalize() for part in others)
    return f"@{name}" if name in ("type", "baseType", "schemaLocation") else name


def _drop_indexes(connection: Connection, table: Table) -> None:
    for index in table.indexes:
        index.drop(connection)
