"""Runs migrations on the connection that `tmf.store.schema` hands over."""

from __future__ import annotations

from alembic import context

from tmf.store.tables import FIXED

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=FIXED)
context.run_migrations()
