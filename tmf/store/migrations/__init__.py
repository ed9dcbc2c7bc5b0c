"""Alembic's migrations of the fixed tables; the resources' tables follow from the specs."""
