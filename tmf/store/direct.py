"""What goes to PostgreSQL without a session: single reads and creates, by prepared statements.

Reads that wait together become one statement. Creates that wait together travel and commit
together; each stays whole with its event, and if one is refused they are tried one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Table, Text, any_, bindparam, cast, insert, literal_column, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import Executable

from tmf.store.outbox import OutboxEvent, row_of
from tmf.store.pool import Pool
from tmf.store.pool_connection import Call, Plain, Prepared, Rows
from tmf.store.rows import Row
from tmf.store.tables import outbox
from tmf.tmf630_guidelines.errors import GuidelineError

TOGETHER = 32
"""Reads, or creates, that travel in one round trip."""

_DIALECT = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_SET_BY_DATABASE = ("position", "published")
_END = "}}"
"""What an event has after the document of its resource."""

Rowed: TypeAlias = "asyncio.Future[Row | None]"


class Ordered:
    """A compiled statement and the order in which its parameters are named."""

    def __init__(self, name: str, statement: Executable) -> None:
        compiled = statement.compile(dialect=_DIALECT)  # type: ignore[attr-defined]
        self._order: list[str] = list(compiled.positiontup)
        self._prepared = Prepared(name, str(compiled), len(self._order))

    def call(self, values: dict[str, Any]) -> Call:
        """The call with these values."""
        return self._prepared, [values[name] for name in self._order]


class DirectStatements:
    """The prepared statements of one resource's table."""

    def __init__(self, table: Table) -> None:
        wanted = bindparam("ids", type_=postgresql.ARRAY(Text))
        found = select(table.c.id, table.c.revision, cast(table.c.body, Text)).where(
            table.c.realm == bindparam("realm"), table.c.id == any_(wanted)
        )
        self.get = Ordered(f"get {table.name}", found)
        # The document travels once, for the row and for the event that ends with it.
        document = bindparam("body", type_=Text)
        values: dict[str, Any] = {column.name: bindparam(column.name) for column in table.columns}
        values["body"] = cast(literal_column("'{'").concat(document), table.c.body.type)
        row = insert(table).values(values)
        self.insert = Ordered(f"insert {table.name}", row)
        told: dict[str, Any] = {
            column.name: bindparam(f"event_{column.name}", type_=column.type)
            for column in outbox.columns
            if column.name not in _SET_BY_DATABASE
        }
        told["body"] = told["body"].concat(document).concat(literal_column(f"'{_END}'"))
        # The event takes its position from the sequence only when the row is there.
        stored = row.returning(table.c.id).cte("stored")
        event = insert(outbox).from_select(list(told), select(*told.values()).select_from(stored))
        self.tell = Ordered(f"tell {table.name}", event)


def _before(text: str, end: str) -> str:
    if not text.endswith(end):
        raise ValueError("an event ends with the document of its resource")
    return text[: -len(end)]


class Direct:
    """Reads and creates of all resources, on the event loop."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._reads: dict[tuple[DirectStatements, str], _Reads] = {}
        self._creates: _Creates | None = None

    async def get(self, statements: DirectStatements, realm: str, identity: str) -> Row | None:
        """The row as stored, or None."""
        key = (statements, realm)
        reads = self._reads.get(key)
        if reads is None or reads.closed:
            reads = self._reads[key] = _Reads(statements, realm)
            # What else is asked before the loop turns goes along.
            reads.loop.call_soon(self._pool.submit, reads)
        return await reads.add(identity)

    async def insert(
        self, statements: DirectStatements, values: dict[str, Any], event: OutboxEvent | None
    ) -> None:
        """Store a new row with its event, which ends with the row's document.

        UniqueViolation if the id is taken.
        """
        body = values["body"][1:]
        # An array's text: taking a list apart costs psycopg2 fifty microseconds.
        tokens = f"{{{str(values['tokens'])[1:-1]}}}"
        values = {**values, "body": body, "tokens": tokens}
        if event is None:
            call = statements.insert.call(values)
        else:
            for name, value in row_of(event).items():
                values[f"event_{name}"] = value
            values["event_body"] = _before(event.body, body + _END)
            call = statements.tell.call(values)
        creates = self._creates
        if creates is None or creates.closed:
            creates = self._creates = _Creates(self._pool)
            creates.loop.call_soon(self._pool.submit, creates)
        await creates.add(call)

    async def notify(self, channel: str) -> None:
        """Wake those who listen on a channel."""
        await self._pool.run((Plain(f"NOTIFY {channel}"), ()), repeatable=True)


class _Reads:
    """Rows of one table and realm that are asked for together."""

    repeatable = True

    def __init__(self, statements: DirectStatements, realm: str) -> None:
        self._statements = statements
        self._realm = realm
        self._asked: dict[str, list[Rowed]] = {}
        self.loop = asyncio.get_running_loop()
        self.closed = False

    def add(self, identity: str) -> Rowed:
        """One more; its row when it has come."""
        outcome: Rowed = self.loop.create_future()
        self._asked.setdefault(identity, []).append(outcome)
        self.closed = len(self._asked) >= TOGETHER
        return outcome

    def calls(self) -> Sequence[Call]:
        """One statement for all of them."""
        self.closed = True
        return (self._statements.get.call({"realm": self._realm, "ids": _array(self._asked)}),)

    def succeed(self, rows: Rows) -> None:
        """Give each its row."""
        for name, revision, body in rows:
            identity = name.decode()
            row = Row(identity, revision, body)
            for outcome in self._asked.pop(identity):
                if not outcome.done():
                    outcome.set_result(row)
        for outcomes in self._asked.values():
            for outcome in outcomes:
                if not outcome.done():
                    outcome.set_result(None)

    def fail(self, error: Exception) -> None:
        """Tell all of them."""
        self.closed = True
        for outcomes in self._asked.values():
            for outcome in outcomes:
                if not outcome.done():
                    outcome.set_exception(error)


def _array(texts: Iterable[str]) -> str:
    """PostgreSQL's text for an array of texts."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return '{"' + '","'.join(quoted) + '"}'


class _Creates:
    """New rows that are stored together."""

    repeatable = False

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._asked: list[tuple[Call, asyncio.Future[None]]] = []
        self.loop = asyncio.get_running_loop()
        self.closed = False

    def add(self, call: Call) -> asyncio.Future[None]:
        """One more; done when it is stored."""
        outcome: asyncio.Future[None] = self.loop.create_future()
        self._asked.append((call, outcome))
        self.closed = len(self._asked) >= TOGETHER
        return outcome

    def calls(self) -> Sequence[Call]:
        """All of them, in one transaction."""
        self.closed = True
        return [call for call, _ in self._asked]

    def succeed(self, rows: Rows) -> None:
        """All are stored."""
        for _, outcome in self._asked:
            if not outcome.done():
                outcome.set_result(None)

    def fail(self, error: Exception) -> None:
        """None is stored: each is tried alone, unless it is the database that does not answer."""
        self.closed = True
        if len(self._asked) == 1 or isinstance(error, GuidelineError):
            for _, outcome in self._asked:
                if not outcome.done():
                    outcome.set_exception(error)
            return
        for call, outcome in self._asked:
            alone = _Creates(self._pool)
            alone._asked.append((call, outcome))
            self._pool.submit(alone)
