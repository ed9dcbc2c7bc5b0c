"""What SQLite learns from us: the guideline's matching and sort order as SQL functions.

SQLite runs inside the process, so its exact check is `tmf630_guidelines.matching` itself.
Criteria and keys are handed over by number, in a table that lives as long as the statement.
"""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

from tmf.tmf630_guidelines.criteria import Node
from tmf.tmf630_guidelines.documents import Document, decode
from tmf.tmf630_guidelines.matching import matches
from tmf.tmf630_guidelines.sorting import SortKey, sort_value

_handles: dict[int, tuple[Any, str]] = {}
_numbers = itertools.count(1)
_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))


@contextmanager
def time_limit(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """End what the connection runs within the block once the time is up (OperationalError)."""
    deadline = time.monotonic() + seconds
    token = _deadline.set(deadline)
    connection.set_progress_handler(lambda: time.monotonic() > deadline, 20_000)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)
        _deadline.reset(token)


@contextmanager
def handle(value: tuple[Node | SortKey, str]) -> Iterator[int]:
    """A number by which the SQL functions know what to judge (and the start of hrefs)."""
    number = next(_numbers)
    _handles[number] = value
    try:
        yield number
    finally:
        del _handles[number]


def install(connection: sqlite3.Connection) -> None:
    """Give a connection `tmf_match`, `tmf_sort_value` and the collation `tmf_order`."""
    connection.create_function("tmf_match", 3, _match, deterministic=True)
    connection.create_function("tmf_sort_value", 3, _sort_text, deterministic=True)
    connection.create_collation("tmf_order", _compare)


def _match(number: int, identity: str, body: str) -> bool:
    criteria, hrefs = _handles[number]
    if time.monotonic() > _deadline.get():
        raise TimeoutError  # SQLite's own time limit does not reach into functions
    return matches(criteria, _whole(identity, body, hrefs))


def _whole(identity: str, body: str, hrefs: str) -> Document:
    return {**decode(body), "id": identity, "href": hrefs + identity}


def _sort_text(number: int, identity: str, body: str) -> str | None:
    """The sort value as text: a letter for its type, then the value."""
    key, hrefs = _handles[number]
    value = sort_value(_whole(identity, body, hrefs), key)
    if isinstance(value, tuple):
        value = value[1]
    if value is None:
        return None
    if isinstance(value, bool):
        return f"c{int(value)}"
    return f"b{value}" if isinstance(value, str) else f"a{value}"


def _compare(left: str, right: str) -> int:
    if left[0] != right[0] or left[0] != "a":
        return (left > right) - (left < right)
    first, second = Decimal(left[1:]), Decimal(right[1:])
    return (first > second) - (first < second)
