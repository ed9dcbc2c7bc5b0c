"""Deliveries: what listeners are to hear of, attempts to tell them, and secrets to sign with."""

from __future__ import annotations

import base64
import secrets
from typing import Any
from zlib import crc32

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PARTS = 64
_ORDERED = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Give listeners what delivering needs, and create the tables."""
    _extend_listeners()
    op.create_table(
        "hub_sequence",
        sa.Column("realm", sa.String(64), nullable=False),
        sa.Column("hub", _ORDERED, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("realm", "hub"),
    )
    op.create_table(
        "hub_event",
        sa.Column("realm", sa.String(64), nullable=False),
        sa.Column("id", _ORDERED, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("api", sa.String(16), nullable=False),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("realm", "id"),
    )
    op.create_index("hub_event_time", "hub_event", ["time"])
    _create_deliveries()
    op.create_table(
        "attempt",
        sa.Column("delivery", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("hub", _ORDERED, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("delivery", "number"),
    )
    op.create_index("attempt_time", "attempt", ["hub", "time"])


def _extend_listeners() -> None:
    for name, kind in (
        ("secret", sa.Text),
        ("previous_secret", sa.Text),
        ("previous_until", sa.BigInteger),
        ("disabled", sa.BigInteger),
        ("disabled_reason", sa.Text),
        ("failing_since", sa.BigInteger),
        ("part", sa.SmallInteger),
    ):
        op.add_column("hub", sa.Column(name, kind))
    op.create_index("hub_api", "hub", ["realm", "api"])
    op.create_index("hub_part", "hub", ["part"])
    # Listeners of before get a secret that they do not know: a rotation tells them one.
    names = ("realm", "id", "secret", "part")
    hub = sa.table("hub", *(sa.column(name) for name in names))
    connection = op.get_bind()
    for realm, identity in connection.execute(sa.select(hub.c.realm, hub.c.id)).all():
        secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
        mine = sa.and_(hub.c.realm == realm, hub.c.id == identity)
        part = crc32(identity.encode()) % _PARTS
        connection.execute(sa.update(hub).where(mine).values(secret=secret, part=part))
    with op.batch_alter_table("hub") as table:
        table.alter_column("secret", existing_type=sa.Text, nullable=False)
        table.alter_column("part", existing_type=sa.SmallInteger, nullable=False)


def _create_deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
        sa.Column("realm", sa.String(64), nullable=False),
        sa.Column("hub", _ORDERED, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("event", _ORDERED, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("matched", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_index("delivery_sequence", "delivery", ["hub", "sequence"], unique=True)
    op.create_index("delivery_event", "delivery", ["event", "hub"], unique=True)
    for name, columns, condition in (
        ("delivery_due", ["hub", "due", "sequence"], "state = 'waiting'"),
        ("delivery_line", ["hub", "resource", "subject", "sequence"], "ended IS NULL"),
        ("delivery_ended", ["ended"], "ended IS NOT NULL"),
    ):
        only: dict[str, Any] = {"postgresql_where": sa.text(condition)}
        only["sqlite_where"] = only["postgresql_where"]
        op.create_index(name, "delivery", columns, **only)
