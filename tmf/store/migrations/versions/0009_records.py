"""What packages remember besides their resources."""

from __future__ import annotations

from alembic import op

from tmf.store.tables import record

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    record.create(op.get_bind())
