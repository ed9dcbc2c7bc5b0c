"""Alarms that are to be written: what a batch has found out of them waits for those that follow."""

from __future__ import annotations

import time
from typing import NamedTuple
from uuid import uuid4

from tmf.declare import Document, ReactionContext

PENDING = "pending"
"""The kind of record that holds some of them: in the order in which they were found."""

_ANEW, _MOVED = "anew", "moved"

_SOME = 8
"""Records that are read at once."""


class Found(NamedTuple):
    """Alarms to be written: those that are new, changed, or may harm other services than before,
    and those that have only moved between groups or whose groups have changed.
    """

    anew: set[str]
    moved: set[str]


class Pending:
    """Those that wait, in one transaction. An alarm may wait several times."""

    def __init__(self, context: ReactionContext) -> None:
        self._records = context.records(PENDING)

    def any(self) -> bool:
        """Whether any alarm waits."""
        return bool(self._records.first(1))

    def add(self, found: Found) -> None:
        """Let these wait."""
        if found.anew or found.moved:
            self._records.put(f"{time.time_ns():020}-{uuid4()}", _written(found))

    def take(self, most: int) -> tuple[Found, bool]:
        """So many of those that wait, the first ones, which wait no more; whether others do."""
        taken = Found(set(), set())
        while there := self._records.first(_SOME):
            for key, kept in there.items():
                found, left = _split(_read(key, kept), most - len(taken.anew | taken.moved))
                taken = Found(taken.anew | found.anew, taken.moved | found.moved)
                if left.anew or left.moved:
                    self._records.put(key, _written(left))
                    return _once(taken), True
                self._records.drop(key)
        return _once(taken), False


def _split(found: Found, most: int) -> tuple[Found, Found]:
    """The first of them, so many at most, and the others."""
    anew = set(sorted(found.anew)[:most])
    moved = set(sorted(found.moved)[: most - len(anew)])
    return Found(anew, moved), Found(found.anew - anew, found.moved - moved)


def _once(found: Found) -> Found:
    return Found(found.anew, found.moved - found.anew)


def _written(found: Found) -> Document:
    return {_ANEW: sorted(found.anew), _MOVED: sorted(found.moved)}


def _read(key: str, kept: Document) -> Found:
    """Once there was a record for each alarm, with its id as the key."""
    if _ANEW not in kept:
        return Found({key}, set())
    return Found(set(kept[_ANEW]), set(kept[_MOVED]))
