"""The tables of leases: who holds which part of some work, and until when holders count.

Times are the machine's, in microseconds. A holder that is not heard of in time has lost its parts.
"""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import asdict, dataclass
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Connection

from tmf.store.lists import among, as_rows, bound


@dataclass(frozen=True, slots=True)
class Claim:
    """Who claims parts 0 to `count` - 1 of which work, from when until when."""

    work: str
    count: int
    holder: str
    now: int
    until: int


class Share(NamedTuple):
    """Parts that are held, and those of them on which something may be begun."""

    held: tuple[int, ...]
    open: tuple[int, ...]


def enter(connection: Connection, claim: Claim) -> None:
    """Be known as a holder until then."""
    statement = text(
        "INSERT INTO holders (work, holder, until) VALUES (:work, :holder, :until) "
        "ON CONFLICT (work, holder) DO UPDATE SET until = excluded.until"
    )
    connection.execute(statement, asdict(claim))


def set_up(connection: Connection, claim: Claim) -> None:
    """Know the parts, and forget holders that are no more."""
    statement = text(
        "INSERT INTO leases (work, part) "
        f"SELECT :work, parts.value FROM {as_rows(connection, 'parts', 'int')} "
        "WHERE true ON CONFLICT DO NOTHING"
    )
    parts = bound(connection, range(claim.count))
    connection.execute(statement, {**asdict(claim), "parts": parts})
    gone = text("DELETE FROM holders WHERE work = :work AND until < :now")
    connection.execute(gone, asdict(claim))


def share(connection: Connection, claim: Claim, busy: Set[int] = frozenset()) -> Share:
    """Hold a fair share of the parts: what was held, less what is too much, or more if free.

    What is `busy` is held all the same.
    """
    values = asdict(claim)
    holders = text("SELECT count(*) FROM holders WHERE work = :work AND until >= :now")
    fair = math.ceil(claim.count / connection.execute(holders, values).scalar_one())
    mine = text("SELECT part FROM leases WHERE work = :work AND holder = :holder ORDER BY part")
    held = list(connection.execute(mine, values).scalars())
    leaving = [part for part in held[fair:] if part in busy]
    if len(held) > fair:
        _hand(connection, claim, [part for part in held[fair:] if part not in busy], None)
        held = held[:fair]
    elif len(held) < fair and (free := _free(connection, claim, fair - len(held))):
        _hand(connection, claim, free, claim.holder)
        held += free
    return Share(tuple(sorted(held + leaving)), tuple(sorted(held)))


def release(connection: Connection, work: str, holder: str) -> None:
    """Give everything up, and hold no more."""
    values = {"work": work, "holder": holder}
    for statement in (
        "UPDATE leases SET holder = NULL WHERE work = :work AND holder = :holder",
        "DELETE FROM holders WHERE work = :work AND holder = :holder",
    ):
        connection.execute(text(statement), values)


def _free(connection: Connection, claim: Claim, most: int) -> list[int]:
    """Parts that nobody holds who is heard of, locked."""
    lock = "FOR UPDATE OF l SKIP LOCKED" if connection.dialect.name == "postgresql" else ""
    statement = text(
        "SELECT part FROM leases AS l WHERE work = :work AND (holder IS NULL OR NOT EXISTS ("
        "SELECT 1 FROM holders AS h WHERE h.work = l.work AND h.holder = l.holder "
        f"AND h.until >= :now)) ORDER BY part LIMIT :most {lock}"
    )
    return list(connection.execute(statement, {**asdict(claim), "most": most}).scalars())


def _hand(connection: Connection, claim: Claim, parts: list[int], holder: str | None) -> None:
    chosen = among(connection, "part", "parts", "int")
    statement = text(f"UPDATE leases SET holder = :holder WHERE work = :work AND {chosen}")
    values = {"work": claim.work, "holder": holder, "parts": bound(connection, parts)}
    connection.execute(statement, values)
