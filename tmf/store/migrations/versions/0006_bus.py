"""The bus: receipts of those who take events, what they could not take, and leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables, and the indexes by which published events are found again."""
    op.create_table(
        "inbox",
        sa.Column("taker", sa.String(64), nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("taken", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("taker", "event_id"),
    )
    op.create_index("inbox_taken", "inbox", ["taken"])
    _create_deferred()
    op.create_table(
        "takers",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("since", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("work", sa.String(64), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("holder", sa.Text),
        sa.PrimaryKeyConstraint("work", "part"),
    )
    op.create_table(
        "holders",
        sa.Column("work", sa.String(64), nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("work", "holder"),
    )
    published = sa.text("published IS NOT NULL")
    op.create_index(
        "outbox_published",
        "outbox",
        ["published"],
        postgresql_where=published,
        sqlite_where=published,
    )
    op.create_index("outbox_subject", "outbox", ["subject", "position"])


def _create_deferred() -> None:
    op.create_table(
        "deferred",
        sa.Column("id", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("taker", sa.String(64), nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("realm", sa.String(64), nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("api", sa.String(16), nullable=False),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("parked", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    waiting = sa.text("parked IS NULL")
    for name, columns in (("due", ["due"]), ("subject", ["taker", "subject", "position"])):
        op.create_index(
            f"deferred_{name}",
            "deferred",
            columns,
            postgresql_where=waiting,
            sqlite_where=waiting,
        )
