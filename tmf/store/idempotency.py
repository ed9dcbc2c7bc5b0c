"""Answers kept under a client's key, in the transaction of the change that they tell of.

Whoever comes second under a key waits for the first: on PostgreSQL at the unique key, on SQLite
because a writing transaction is the only one. If the first rolls back, nothing was ever kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, delete, select, text, tuple_, update

from tmf.store.session import Session
from tmf.store.tables import idempotency
from tmf.tmf630_guidelines.documents import decode, encode

_KEY = (idempotency.c.realm, idempotency.c.caller, idempotency.c.key)

# An expired answer gives way. On PostgreSQL the row is locked even where it does not.
_CLAIM = text(
    "INSERT INTO idempotency (realm, caller, key, fingerprint, status, headers, body, expires) "
    "VALUES (:realm, :caller, :key, :fingerprint, 0, '', :empty, :expires) "
    "ON CONFLICT (realm, caller, key) DO UPDATE "
    "SET fingerprint = excluded.fingerprint, expires = excluded.expires "
    "WHERE idempotency.expires <= :now"
)


@dataclass(frozen=True, slots=True)
class ClaimedKey:
    """A key as one caller of one realm uses it."""

    realm: str
    caller: str
    key: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The first answer under a key, and the fingerprint of the request that it answers."""

    fingerprint: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes


def claim(
    session: Session, claimed: ClaimedKey, fingerprint: bytes, now: int, expires: int
) -> KeptAnswer | None:
    """Take a key for this transaction, or learn what was answered under it.

    Waits for another transaction that holds the key. Times are microseconds since 1970.
    """
    values = {**asdict(claimed), "fingerprint": fingerprint, "now": now, "expires": expires}
    if session.connection.execute(_CLAIM, {**values, "empty": b""}).rowcount:
        return None
    row = session.connection.execute(
        select(
            idempotency.c.fingerprint,
            idempotency.c.status,
            idempotency.c.headers,
            idempotency.c.body,
        ).where(_is(claimed))
    ).one()
    return KeptAnswer(row.fingerprint, row.status, decode(row.headers), row.body)


def keep(session: Session, claimed: ClaimedKey, answer: KeptAnswer) -> None:
    """Keep the answer under a key that this transaction has claimed."""
    session.connection.execute(
        update(idempotency)
        .where(_is(claimed))
        .values(
            status=answer.status,
            headers=encode(dict(answer.headers)).decode(),
            body=answer.body,
        )
    )


def purge(session: Session, now: int, most: int) -> int:
    """Forget answers that have expired, at most so many; how many those were."""
    expired = (
        select(*_KEY)
        .where(idempotency.c.expires <= now)
        .order_by(idempotency.c.expires)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    found = session.connection.execute(delete(idempotency).where(tuple_(*_KEY).in_(expired)))
    return int(found.rowcount)


def _is(claimed: ClaimedKey) -> ColumnElement[bool]:
    return tuple_(*_KEY) == (claimed.realm, claimed.caller, claimed.key)
