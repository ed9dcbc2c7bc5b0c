"""Due work is looked for by what it is about, to plan it anew."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index("work_subject", "work", ["subject", "kind", "realm"])
