"""Many rows of a table at once: those with one of many ids, or that name one of many texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import text
from sqlalchemy.engine import Connection

from tmf.store.lists import among, as_rows, bound
from tmf.store.rows import Row
from tmf.store.tokens import tokens_of_texts


def rows_with(
    connection: Connection, table: str, realm: str, ids: Collection[str], *, lock: bool
) -> list[Row]:
    """The rows that have one of the ids, by id; `lock` keeps others from them."""
    if not ids:
        return []
    locking = " FOR UPDATE" if lock and connection.dialect.name == "postgresql" else ""
    statement = text(
        f"SELECT id, revision, CAST(body AS text) FROM {table} "
        f"WHERE realm = :realm AND {among(connection, 'id', 'ids', 'text')} ORDER BY id{locking}"
    )
    rows = connection.execute(statement, {"realm": realm, "ids": bound(connection, list(ids))})
    return [Row(identity, revision, body.encode()) for identity, revision, body in rows]


def rows_naming(
    connection: Connection, table: str, realm: str, path: Sequence[str], values: Collection[str]
) -> list[Row]:
    """The rows whose documents seem to have one of the texts at a path, in no order."""
    if not values:
        return []
    if connection.dialect.name == "postgresql":
        # One look into the index for each: for many at once the planner reads the whole table.
        found = (
            f"{as_rows(connection, 'tokens', 'bigint')} CROSS JOIN LATERAL ("
            f"SELECT id, revision, body FROM {table} "
            "WHERE realm = :realm AND tokens @> ARRAY[tokens.value]) AS found"
        )
    else:
        chosen = among(connection, "token", "tokens", "bigint")
        found = (
            f"{table} WHERE realm = :realm AND id IN "
            f"(SELECT id FROM {table}_token WHERE {chosen} AND realm = :realm)"
        )
    statement = text(f"SELECT id, revision, CAST(body AS text) FROM {found}")
    tokens = bound(connection, tokens_of_texts(path, values))
    rows = connection.execute(statement, {"realm": realm, "tokens": tokens})
    once = {identity: (revision, body) for identity, revision, body in rows}
    return [Row(identity, revision, body.encode()) for identity, (revision, body) in once.items()]
