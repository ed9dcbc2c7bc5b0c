"""A partner's listener belongs to its party."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Listeners so far are nobody's in particular."""
    op.add_column("hub", sa.Column("party", sa.Text))
