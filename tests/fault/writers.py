"""Writers that go on while servers, workers, databases and brokers come and go."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import requests

from tests.e2e.client import Client, unique
from tests.e2e.waiting import until
from tests.fault.houses import CREATED, House, seen

WRITERS = 4
CHANGES = 20
"""Changes of one category, by writers that go on and on."""


class Writer:
    """Counts categories up, over servers that come and go; `known` are the counts answered for."""

    def __init__(self, server: Callable[[], str], done: Event) -> None:
        self.known: dict[str, set[int]] = {}
        self._server = server
        self._done = done

    def run(self) -> None:
        """Until `done`; a request that fails may have been done or not."""
        for turn in count():
            if self._done.is_set():
                return
            if turn % CHANGES == 0:
                identity = unique("bus")
                self.known[identity] = set()
            try:
                with Client(self._server()) as tmf:
                    self._done.wait(0.01)  # the machine has others to serve
                    if self._write(tmf, identity, turn):
                        self.known[identity].add(turn)
            except requests.RequestException:
                self._done.wait(0.05)

    def _write(self, tmf: Client, identity: str, turn: int) -> bool:
        answer = tmf.patch(f"TMF620/category/{identity}", {"count": turn})
        if answer.status_code == 404:
            document = {"id": identity, "name": "x", "count": turn}
            answer = tmf.post("TMF620/category", document)
        return answer.status_code in (200, 201)

    def check(self, tmf: Client) -> None:
        """Everything answered for took effect once, in order; and so did the last state."""
        for identity, known in self.known.items():
            events = seen(tmf, identity)
            counts = [int(event.split(":")[1]) for event in events]
            assert counts == sorted(set(counts))
            assert known <= set(counts)
            if counts:
                assert events[0].startswith(CREATED)
                assert counts[-1] == tmf.read(f"TMF620/category/{identity}")["count"]


class Writers:
    """Several writers, at work within the context."""

    def __init__(self, server: Callable[[], str]) -> None:
        self._done = Event()
        self._writers = [Writer(server, self._done) for _ in range(WRITERS)]
        self._pool = ThreadPoolExecutor(WRITERS)

    def __enter__(self) -> Writers:
        self._running = [self._pool.submit(writer.run) for writer in self._writers]
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for running in self._running:
            running.result(timeout=120)
        self._pool.shutdown()

    @property
    def known(self) -> int:
        """How many changes have been answered for."""
        return sum(len(known) for writer in self._writers for known in [*writer.known.values()])

    def wait_for_more(self, more: int = 20) -> None:
        """Return once some more changes have been answered for."""
        enough = self.known + more
        until(lambda: self.known >= enough, "changes to be answered for")

    def check(self, house: House, root: str, *, repeats: bool = False) -> None:
        """Everything took effect once, in order, and was heard of by every listener.

        For `repeats` see `check_order`.
        """
        house.wait_until_all_is_taken()
        with Client(root) as tmf:
            for writer in self._writers:
                writer.check(tmf)
        house.check_deliveries(repeats=repeats)
