"""Listeners that take, refuse or stop at will, and what they must have heard in the end."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from threading import Event, Lock

from tests.e2e.recipients import OK, Received, Reply


class Wayward:
    """A listener that fails at random, and stops at the request of that number."""

    def __init__(self, seed: int, stop_at: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311
        self._numbers = count(1)
        self._stop_at = stop_at
        self._lock = Lock()
        self.stopped = Event()
        self.go_on = Event()
        self.accepted: set[int] = set()

    def __call__(self, received: Received) -> Reply:
        with self._lock:
            number, luck = next(self._numbers), self._random.random()
            if number == self._stop_at:
                self.stopped.set()
                return Reply(before=lambda: self.go_on.wait(timeout=120))
            if luck < 0.1:
                return Reply(500)
            if luck < 0.2:
                return Reply(200, body=b"half", cut=True)
            self.accepted.add(received.sequence)
            return OK


def check_order(received: Sequence[Received], *, repeats: bool = False) -> None:
    """No resource's event comes after a later one of it, and an event is always the same.

    With `repeats`, of a listener that takes all, one that it has may come again at any time.
    """
    latest: dict[str, int] = defaultdict(int)
    known: dict[int, tuple[str, bytes]] = {}
    for one in received:
        if not (repeats and one.sequence in known):
            assert one.sequence >= latest[one.resource["id"]]
            latest[one.resource["id"]] = one.sequence
        assert known.setdefault(one.sequence, (one.id, one.body)) == (one.id, one.body)
