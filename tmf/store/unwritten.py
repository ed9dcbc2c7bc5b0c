"""What a transaction has been told to write and has not written yet: it goes out together, in few
statements, before anything is read and before the transaction ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Connection

from tmf.store import outbox
from tmf.store.lists import records
from tmf.store.outbox import OutboxEvent
from tmf.store.statements import ResourceStatements, Rows
from tmf.tmf630_guidelines.documents import encode


class Kind(NamedTuple):
    """Which records: of a kind, of one API and in one realm."""

    realm: str
    api: str
    kind: str


MOST = 8_000_000
"""Characters of documents and events beyond which a transaction does not wait to write them: a
statement has its limits, and so has memory.
"""


@dataclass(slots=True)
class Unwritten:
    """Events in order; by key, the texts of records that are kept unless there are any, and of
    those that replace what there is; new, changed and deleted rows by table and realm. `size` is
    that of the documents and events.
    """

    events: list[OutboxEvent] = field(default_factory=list)
    kept: dict[Kind, dict[str, str]] = field(default_factory=dict)
    put: dict[Kind, dict[str, str]] = field(default_factory=dict)
    new: dict[tuple[ResourceStatements, str], Rows] = field(default_factory=dict)
    changed: dict[tuple[ResourceStatements, str], Rows] = field(default_factory=dict)
    gone: dict[tuple[ResourceStatements, str], set[str]] = field(default_factory=dict)
    size: int = 0

    def __bool__(self) -> bool:
        rows = self.new or self.changed or self.gone
        return bool(self.events or self.kept or self.put or rows)

    def taken(self) -> Unwritten:
        """All of it; nothing is left here."""
        taken = replace(self)
        self.events, self.kept, self.put = [], {}, {}
        self.new, self.changed, self.gone, self.size = {}, {}, {}, 0
        return taken

    def holds(self, statements: ResourceStatements, realm: str, identity: str) -> bool:
        """Whether a row is among what is not written yet."""
        key = (statements, realm)
        return any(identity in rows.get(key, ()) for rows in (self.new, self.changed, self.gone))

    def write(self, connection: Connection) -> None:
        """Write all of it."""
        for (statements, realm), rows in self.new.items():
            statements.insert_all(connection, realm, rows)
        for (statements, realm), rows in self.changed.items():
            statements.update_all(connection, realm, rows)
        for (statements, realm), ids in self.gone.items():
            statements.delete_all(connection, realm, sorted(ids))
        for kind, bodies in self.kept.items():
            _write_records(connection, kind, bodies, "NOTHING")
        for kind, bodies in self.put.items():
            replaced = "UPDATE SET body = excluded.body"
            _write_records(connection, kind, bodies, replaced)
        outbox.write(connection, self.events)


def _write_records(
    connection: Connection, kind: Kind, bodies: Mapping[str, str], if_there: str
) -> None:
    # Sorted, so that two who write the same ones do not wait for each other.
    rows = [{"key": key, "body": body} for key, body in sorted(bodies.items())]
    listed = records(connection.dialect.name, "stated", {"key": "text", "body": "text"})
    statement = (
        "INSERT INTO record (realm, api, kind, key, body) "
        f"SELECT :realm, :api, :kind, stated.key, stated.body FROM {listed} WHERE true "
        f"ON CONFLICT (realm, api, kind, key) DO {if_there}"
    )
    connection.execute(text(statement), {**kind._asdict(), "stated": encode(rows).decode()})
