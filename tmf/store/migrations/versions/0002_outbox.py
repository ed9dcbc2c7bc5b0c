"""The outbox: events that are to be published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the outbox."""
    op.create_table(
        "outbox",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("partition", sa.SmallInteger, nullable=False),
        sa.Column("realm", sa.String(64), nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("api", sa.String(16), nullable=False),
        sa.Column("resource", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("published", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    unpublished = sa.text("published IS NULL")
    op.create_index(
        "outbox_waiting",
        "outbox",
        ["partition", "position"],
        postgresql_where=unpublished,
        sqlite_where=unpublished,
    )
