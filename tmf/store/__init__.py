"""Persistence: one table per resource, the same behaviour on SQLite and PostgreSQL."""
