"""Records: what an API's package remembers besides its resources, by kind and key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

from tmf.store.lists import among, bound
from tmf.store.unwritten import Kind, Unwritten
from tmf.tmf630_guidelines.documents import Document, decode, encode

_KEY = "realm = :realm AND api = :api AND kind = :kind AND key = :key"
_PAGE = 1000


class Records:
    """The records of one kind, of one API and in one realm, within a transaction.

    `connect` gives the transaction's connection, once all that was `unwritten` is written.
    """

    def __init__(self, connect: Callable[[], Connection], unwritten: Unwritten, kind: Kind) -> None:
        self._connect = connect
        self._unwritten = unwritten
        self._kind = kind

    def get(self, key: str, *, lock: bool = False, wait: bool = True) -> Document | None:
        """The record of a key, or None; `lock` keeps it from others until the transaction ends.

        Without `wait` it is None as well if another keeps it.
        """
        held = " FOR UPDATE" if lock and self._connect().dialect.name == "postgresql" else ""
        held += " SKIP LOCKED" if held and not wait else ""
        found = self._run(f"SELECT body FROM record WHERE {_KEY}{held}", key=key).scalar()
        return None if found is None else dict(decode(found.encode()))

    def add(self, key: str, body: Document) -> bool:
        """Keep a new record; False, with nothing done, if there is one of that key.

        Waits for another transaction that is about to add the same.
        """
        statement = (
            "INSERT INTO record (realm, api, kind, key, body) "
            "VALUES (:realm, :api, :kind, :key, :body) ON CONFLICT DO NOTHING"
        )
        return bool(self._run(statement, key=key, body=_written(body)).rowcount)

    def keep(self, key: str, body: Document) -> None:
        """Keep a new record, if there is none of that key."""
        if key not in self._unwritten.put.get(self._kind, ()):
            self._unwritten.kept.setdefault(self._kind, {}).setdefault(key, _written(body))

    def put(self, key: str, body: Document) -> None:
        """Keep a record in place of what there was."""
        self._unwritten.put.setdefault(self._kind, {})[key] = _written(body)

    def several(self, keys: Collection[str]) -> dict[str, Document]:
        """The records of those of the keys that there are any of."""
        if not keys:
            return {}
        statement = (
            "SELECT key, body FROM record WHERE realm = :realm AND api = :api AND kind = :kind "
            f"AND {among(self._connect(), 'key', 'keys', 'text')}"
        )
        rows = self._run(statement, keys=bound(self._connect(), list(keys)))
        return {key: decode(body.encode()) for key, body in rows}

    def put_all(self, bodies: Mapping[str, Document]) -> None:
        """Keep many records in place of what there was."""
        for key, body in bodies.items():
            self.put(key, body)

    def drop_all(self, keys: Collection[str]) -> None:
        """Forget many records."""
        if keys:
            statement = (
                "DELETE FROM record WHERE realm = :realm AND api = :api AND kind = :kind "
                f"AND {among(self._connect(), 'key', 'keys', 'text')}"
            )
            self._run(statement, keys=bound(self._connect(), list(keys)))

    def drop(self, key: str) -> bool:
        """Forget a record; False if there is none."""
        return bool(self._run(f"DELETE FROM record WHERE {_KEY}", key=key).rowcount)

    def first(self, most: int) -> dict[str, Document]:
        """So many of the records, the first ones in the order of their keys."""
        statement = (
            "SELECT key, body FROM record WHERE realm = :realm AND api = :api AND kind = :kind "
            "ORDER BY key LIMIT :most"
        )
        return {key: decode(body.encode()) for key, body in self._run(statement, most=most)}

    def starting(self, prefix: str) -> Iterator[tuple[str, Document]]:
        """The records whose keys start so, in the order of their keys."""
        last = prefix
        statement = (
            "SELECT key, body FROM record WHERE realm = :realm AND api = :api AND kind = :kind "
            "AND key > :last AND key < :end ORDER BY key LIMIT :most"
        )
        while True:
            values = {"last": last, "end": prefix + "\U0010ffff", "most": _PAGE}
            rows = self._run(statement, **values).all()
            for key, body in rows:
                yield key, decode(body.encode())
            if len(rows) < _PAGE:
                return
            last = rows[-1][0]

    def _run(self, statement: str, **values: Any) -> Any:
        return self._connect().execute(text(statement), {**self._kind._asdict(), **values})


def _written(body: Document) -> str:
    """At once: what the caller does to it later is not to be kept."""
    return encode(body).decode()
