"""The tables that are there whatever is served. They have migrations."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects import postgresql

FIXED = MetaData()


ORDERED = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text in code-point order everywhere: SQLite compares bytes, PostgreSQL is told to."""

_SERIAL = BigInteger().with_variant(Integer, "sqlite")


def _only(condition: str) -> dict[str, Any]:
    """How an index is kept to the rows that satisfy a condition."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


def _event(identity: Column[str]) -> tuple[Column[Any], ...]:
    """The columns of a whole event."""
    return (
        Column("realm", String(64), nullable=False),
        identity,
        Column("type", Text, nullable=False),
        Column("api", String(16), nullable=False),
        Column("resource", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("time", BigInteger, nullable=False),
        Column("body", Text, nullable=False),
    )


hub = Table(
    "hub",
    FIXED,
    Column("realm", String(64), nullable=False),
    Column("id", ORDERED, nullable=False),
    Column("api", String(16), nullable=False),
    Column("callback", Text, nullable=False),
    Column("query", Text),
    Column("created", BigInteger, nullable=False),
    Column("party", Text),
    Column("secret", Text, nullable=False),
    # After a rotation the old secret signs too, until then.
    Column("previous_secret", Text),
    Column("previous_until", BigInteger),
    # When and why nothing is sent any more, or null.
    Column("disabled", BigInteger),
    Column("disabled_reason", Text),
    # Since when every attempt has failed, or null.
    Column("failing_since", BigInteger),
    # Deliverers divide the listeners among themselves by this number.
    Column("part", SmallInteger, nullable=False),
    PrimaryKeyConstraint("realm", "id"),
    Index("hub_api", "realm", "api"),
    Index("hub_part", "part"),
)

# The last number given to a listener. It outlives the listener until its deliveries are gone.
hub_sequence = Table(
    "hub_sequence",
    FIXED,
    Column("realm", String(64), nullable=False),
    Column("hub", ORDERED, nullable=False),
    Column("last", BigInteger, nullable=False),
    PrimaryKeyConstraint("realm", "hub"),
)

# Events that some listener is to hear of: whole, and once for all listeners.
hub_event = Table(
    "hub_event",
    FIXED,
    *_event(Column("id", ORDERED, nullable=False)),
    PrimaryKeyConstraint("realm", "id"),
    Index("hub_event_time", "time"),
)

# One event for one listener. `state` is
#   waiting    it is sent as soon as it is due and nothing of its resource goes before it
#   behind     an earlier one of its resource was found unfinished; that one's end makes it waiting
#   delivered  the listener has answered 2xx
#   parked     its schedule is used up
delivery = Table(
    "delivery",
    FIXED,
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("realm", String(64), nullable=False),
    Column("hub", ORDERED, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("event", ORDERED, nullable=False),
    Column("type", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("matched", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    # Attempts of the schedule that is running (a resend starts a new one), and of all.
    Column("tries", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due", BigInteger, nullable=False),
    # When it was delivered or parked, or null.
    Column("ended", BigInteger),
    Index("delivery_sequence", "hub", "sequence", unique=True),
    Index("delivery_event", "event", "hub", unique=True),
    Index("delivery_due", "hub", "due", "sequence", **_only("state = 'waiting'")),
    Index("delivery_line", "hub", "resource", "subject", "sequence", **_only("ended IS NULL")),
    Index("delivery_ended", "ended", **_only("ended IS NOT NULL")),
    sqlite_autoincrement=True,
)

# One attempt to send a delivery; `status` is null if there was no answer, `error` then says why.
attempt = Table(
    "attempt",
    FIXED,
    Column("delivery", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("hub", ORDERED, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("status", Integer),
    Column("milliseconds", Integer, nullable=False),
    # The first bytes of the answer's body, as text.
    Column("answer", Text),
    Column("error", Text),
    PrimaryKeyConstraint("delivery", "number"),
    Index("attempt_time", "hub", "time"),
)

work = Table(
    "work",
    FIXED,
    Column("id", Text, primary_key=True),
    Column("realm", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("leased_until", BigInteger, nullable=False, default=0),
    Column("holder", Text),
    Index("work_due", "due"),
    Index("work_subject", "subject", "kind", "realm"),
)

# What an API's package remembers besides its resources: nobody but the package sees it.
record = Table(
    "record",
    FIXED,
    Column("realm", String(64), nullable=False),
    Column("api", String(16), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("key", ORDERED, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("realm", "api", "kind", "key"),
)

outbox = Table(
    "outbox",
    FIXED,
    # Positions of one resource's events rise in the order of its changes; those of several
    # transactions may become visible out of order.
    Column("position", _SERIAL, primary_key=True, autoincrement=True),
    Column("partition", SmallInteger, nullable=False),
    *_event(Column("event_id", Text, nullable=False)),
    Column("published", BigInteger),
    Index(
        "outbox_waiting",
        "partition",
        "position",
        **_only("published IS NULL"),
    ),
    Index(
        "outbox_published",
        "published",
        **_only("published IS NOT NULL"),
    ),
    Index("outbox_subject", "subject", "position"),
    sqlite_autoincrement=True,
)

inbox = Table(
    "inbox",
    FIXED,
    Column("taker", String(64), nullable=False),
    Column("event_id", Text, nullable=False),
    Column("taken", BigInteger, nullable=False),
    PrimaryKeyConstraint("taker", "event_id"),
    Index("inbox_taken", "taken"),
)

deferred = Table(
    "deferred",
    FIXED,
    # Events that a taker could not take, and those of the same resource behind them. What is
    # parked is left to the operator; the event is kept whole, since the outbox is purged.
    Column("id", _SERIAL, primary_key=True, autoincrement=True),
    Column("taker", String(64), nullable=False),
    Column("position", BigInteger, nullable=False),
    *_event(Column("event_id", Text, nullable=False)),
    Column("attempts", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("error", Text),
    Column("parked", BigInteger),
    Index(
        "deferred_due",
        "due",
        **_only("parked IS NULL"),
    ),
    Index(
        "deferred_subject",
        "taker",
        "subject",
        "position",
        **_only("parked IS NULL"),
    ),
    sqlite_autoincrement=True,
)

takers = Table(
    "takers",
    FIXED,
    Column("name", String(64), primary_key=True),
    # Events up to this position were there before the taker was.
    Column("since", BigInteger, nullable=False),
)

leases = Table(
    "leases",
    FIXED,
    # Who holds which part of some work; it counts as long as the holder is heard of.
    Column("work", String(64), nullable=False),
    Column("part", Integer, nullable=False),
    Column("holder", Text),
    PrimaryKeyConstraint("work", "part"),
)

holders = Table(
    "holders",
    FIXED,
    Column("work", String(64), nullable=False),
    Column("holder", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    PrimaryKeyConstraint("work", "holder"),
)

idempotency = Table(
    "idempotency",
    FIXED,
    Column("realm", String(64), nullable=False),
    Column("caller", Text, nullable=False),
    Column("key", String(255), nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False),
    PrimaryKeyConstraint("realm", "caller", "key"),
    Index("idempotency_expires", "expires"),
)


search_state = Table(
    "search_state",
    FIXED,
    Column("resource", Text, primary_key=True),
    # What the tokens of all rows were made by, and what a re-indexing under way makes them by:
    # since when, and up to which row.
    Column("fingerprint", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("realm", String(64), nullable=False),
    Column("id", Text, nullable=False),
)
