"""What the stored search tokens of each resource were made by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; without a row in it, a resource's tokens are taken for stale."""
    op.create_table(
        "search_state",
        sa.Column("resource", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("realm", sa.String(64), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
    )
