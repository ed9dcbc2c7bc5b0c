"""What is read from a resource's table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Row(NamedTuple):
    """One stored resource: `body` is its JSON text (UTF-8) without id and href."""

    id: str
    revision: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """A page of rows, and how many match in all (`estimated` past the count limit).

    `next_cursor` is where the next page begins, if there may be one.
    """

    rows: list[Row]
    total: int
    estimated: bool
    next_cursor: str | None = None
