"""Entity tags: they name a resource's state to those who ask for, or change, it on condition."""

from __future__ import annotations

from tmf.store.rows import Row


def entity_tag(row: Row) -> str:
    """The entity tag: a resource's revision names its state."""
    return f'"{row.revision}"'


def names_state(header: str | None, row: Row, *, strong: bool = False) -> bool:
    """Whether an If-Match (strong) or If-None-Match header names the row's state.

    A weak tag says nothing to If-Match (RFC 9110, 13.1.1).
    """
    if header is None:
        return False
    tags = [tag.strip() for tag in header.split(",")]
    if not strong:
        tags = [tag.removeprefix("W/") for tag in tags]
    return "*" in tags or entity_tag(row) in tags
