"""The first fixed tables: listeners and due work; PostgreSQL learns to read date-times."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tmf.store.postgresql import FUNCTIONS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create what an empty database lacks."""
    op.create_table(
        "hub",
        sa.Column("realm", sa.String(64), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("api", sa.String(16), nullable=False),
        sa.Column("callback", sa.Text, nullable=False),
        sa.Column("query", sa.Text),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("realm", "id"),
    )
    op.create_table(
        "work",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("realm", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("leased_until", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.Text),
    )
    op.create_index("work_due", "work", ["due"])
    if op.get_bind().dialect.name == "postgresql":
        for function in FUNCTIONS:
            # The driver reads a lone percent sign as the start of a parameter.
            op.get_bind().exec_driver_sql(function.replace("%", "%%"))
