"""Many rows of a table at once: those with one of many ids, or that name one of many texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

from tmf.store.lists import among, bound
from tmf.store.rows import Row
from tmf.store.tokens import tokens_of_texts

_SELECT = "SELECT id, revision, CAST(body AS text) FROM"


def rows_with(
    connection: Connection, table: str, realm: str, ids: Collection[str], *, lock: bool
) -> list[Row]:
    """The rows that have one of the ids, by id; `lock` keeps others from them."""
    if not ids:
        return []
    locking = " FOR UPDATE" if lock and connection.dialect.name == "postgresql" else ""
    statement = text(
        f"{_SELECT} {table} WHERE realm = :realm "
        f"AND {among(connection, 'id', 'ids', 'text')} ORDER BY id{locking}"
    )
    found = connection.execute(statement, {"realm": realm, "ids": bound(connection, list(ids))})
    return _rows(found)


def rows_naming(
    connection: Connection, table: str, realm: str, path: Sequence[str], values: Collection[str]
) -> list[Row]:
    """The rows whose documents seem to have one of the texts at a path, in no order."""
    if not values:
        return []
    tokens = bound(connection, tokens_of_texts(path, values))
    given = {"realm": realm, "tokens": tokens}
    if connection.dialect.name == "postgresql":
        # By the index of tokens: for many the planner would rather read the whole table, and in one
        # that is new, and grows, it knows of no better way than by all rows of the realm.
        chosen = "tokens && CAST(:tokens AS bigint[]) AND realm || '' = :realm"
        statement = text(f"SET LOCAL enable_seqscan = off; {_SELECT} {table} WHERE {chosen}")
        rows = _rows(connection.execute(statement, given))
        connection.exec_driver_sql("SET LOCAL enable_seqscan TO DEFAULT")
        return rows
    chosen = among(connection, "token", "tokens", "bigint")
    some = f"SELECT id FROM {table}_token WHERE {chosen} AND realm = :realm"
    statement = text(f"{_SELECT} {table} WHERE realm = :realm AND id IN ({some})")
    return _rows(connection.execute(statement, given))


def _rows(found: Any) -> list[Row]:
    return [Row(identity, revision, body.encode()) for identity, revision, body in found]
