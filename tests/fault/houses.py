"""An installation under test: a server, workers, their database and perhaps a broker.

Its packages are those of `tests.fault.reacting`: every event of a category is noted by a reaction,
so that it can be seen what took effect, how often, and in which order.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from tests import rabbitmq
from tests.e2e.client import Client
from tests.e2e.ledger import Ledger
from tests.e2e.recipients import OK, Answer, Recipients, recipients
from tests.e2e.waiting import until
from tests.fault.listeners import check_order
from tests.processes import Program, Server, start_server

ROOT = Path(__file__).parents[2]
REACTING = (sys.executable, "-m", "tests.fault.reacting")
TAKER = "reactions.TMF638"

LEASE = 2.0
"""Seconds after which the share of a process that was killed is free again."""

CREATED, CHANGED, MOVED, DELETED = (
    f"Category{what}Event" for what in ("Create", "AttributeValueChange", "StateChange", "Delete")
)


class House:
    """Starts the parts. With a broker, workers do what the server does by itself without one.

    `reached_by` is the URL by which the parts know the broker. `extra` are more settings of theirs,
    `program` is how they are started, `takers` are those that have queues then.
    """

    def __init__(self, database_url: str, broker_url: str | None, folder: Path) -> None:
        self.database_url = database_url
        self.broker_url = broker_url
        self.reached_by = broker_url
        self.folder = folder
        self.extra: dict[str, str] = {}
        self.program = REACTING
        self.takers = [TAKER, "hub"]
        self.ledger = Ledger(database_url)
        self.listeners: dict[str, str] = {}
        self.name = f"tmftest{secrets.token_hex(4)}"
        self.poison = folder / "poison"
        self.gate = folder / "gate"
        self.entered = folder / "gate.entered"
        self._stack = ExitStack()
        self._engine = create_engine(database_url, poolclass=NullPool)
        self._workers = 0

    @property
    def settings(self) -> dict[str, str]:
        """What every part is started with."""
        settings = {
            "TMF_DATABASE_URL": self.database_url,
            "TMF_EVENT_RETRY_SCHEDULE": "0.1,0.2",
            "TMF_LEASE_SECONDS": str(LEASE),
            "TMF_HUB_ALLOW_PRIVATE_CALLBACKS": "true",
            "TMF_HUB_RETRY_SCHEDULE": ",".join(["0.05"] * 40),
            "TMF_TEST_POISON": str(self.poison),
            "TMF_TEST_GATE": str(self.gate),
            "PYTHONPATH": str(ROOT),
            **self.extra,
        }
        if self.broker_url is not None:
            settings |= {"TMF_BROKER_URL": str(self.reached_by), "TMF_BROKER_NAME": self.name}
        return settings

    def serve(self) -> Server:
        """A server that is ready."""
        settings = {**self.settings}
        url = settings.pop("TMF_DATABASE_URL")
        command = (*self.program, "serve")
        return self._stack.enter_context(
            start_server(url, self.folder, command=command, **settings)
        )

    def work(self) -> Program:
        """A worker that has begun to work."""
        self._workers += 1
        inherited = {name: value for name, value in os.environ.items() if name[:4] != "TMF_"}
        log = self.folder / f"worker-{self._workers}.log"
        worker = Program(
            (*self.program, "work"), self.folder, log, env={**inherited, **self.settings}
        )
        self._stack.enter_context(worker)
        until(lambda: "tmf is working" in worker.log() or worker.ended(), "a worker to start")
        assert not worker.ended(), worker.log()
        return worker

    def start(self) -> tuple[Server, Program | Server]:
        """A server, and the process that takes events: with a broker a worker, else the server."""
        server = self.serve()
        return server, server if self.broker_url is None else self.work()

    @cached_property
    def receiving(self) -> Recipients:
        """Where listeners are; an address without an answer of its own takes everything."""
        return self._stack.enter_context(recipients())

    def listen(self, root: str, answer: Answer = lambda _: OK) -> str:
        """The path of a new listener to what becomes of categories, which answers so."""
        path = f"/{len(self.listeners)}"
        self.receiving.answers[path] = answer
        query = f"eventType={','.join((CREATED, CHANGED, MOVED, DELETED))}"
        with Client(root) as tmf:
            sent = {"callback": self.receiving.url + path, "query": query}
            self.listeners[path] = tmf.create("TMF620/hub", sent)["id"]
        return path

    def run(self, *arguments: str) -> str:
        """What a command of the program prints, having succeeded."""
        inherited = {name: value for name, value in os.environ.items() if name[:4] != "TMF_"}
        done = subprocess.run(  # noqa: S603
            (*self.program, *arguments),
            cwd=self.folder,
            env={**inherited, **self.settings},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sql(self, statement: str, **values: Any) -> list[Any]:
        """Run a statement as an administrator might; its rows."""
        with self._engine.begin() as connection:
            done = connection.execute(text(statement), values)
            return list(done) if done.returns_rows else []

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A transaction of the test's own."""
        with self._engine.begin() as connection:
            yield connection

    def count(self, what: str) -> int:
        """How many rows there are: `outbox WHERE published IS NULL`."""
        return int(self.sql(f"SELECT count(*) FROM {what}")[0][0])  # noqa: S608

    def wait_until_all_is_taken(self) -> None:
        """Return once no event waits anywhere; parked ones do not."""
        until(lambda: self.count("outbox WHERE published IS NULL") == 0, "events to be published")
        told = self.count("outbox WHERE resource = 'category'")
        until(lambda: self.count(f"inbox WHERE taker = '{TAKER}'") == told, "events to be received")
        until(lambda: self.count("deferred WHERE parked IS NULL") == 0, "late events to be taken")

    def check_deliveries(self, *, repeats: bool = False) -> None:
        """Every listener hears of every event, without gaps and each resource's in order.

        For `repeats` see `check_order`.
        """
        told = self.count("outbox WHERE resource = 'category'")
        expected_states = ["delivered"] * told
        done = "delivery WHERE state = 'delivered'"

        def all_heard() -> bool:
            states = map(self.ledger.states, self.listeners.values())
            return all(found == expected_states for found in states)

        while not all_heard():  # there may be thousands of them, and listeners that often refuse
            before = self.count(done)
            until(lambda: self.count(done) > before or all_heard(), "all to be delivered")  # noqa: B023
        for path in self.listeners:
            received = self.receiving.at(path)
            assert {one.sequence for one in received} == set(range(1, told + 1))
            assert len({one.id for one in received}) == told
            check_order(received, repeats=repeats)

    def wait_for_some_taken(self) -> None:
        """Return once something more was taken than there is now."""
        receipts = f"inbox WHERE taker = '{TAKER}'"
        before = self.count(receipts)
        until(lambda: self.count(receipts) > before, "events to be taken")

    def has_queues(self) -> bool:
        """Whether what is needed on the broker is there, to its last part."""
        last = f"{self.name}.{TAKER}.{rabbitmq.QUEUES - 1}"
        return rabbitmq.depth(str(self.broker_url), last) is not None

    def logs(self) -> str:
        """What all parts have said."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._engine.dispose()
        if self.broker_url is not None:
            rabbitmq.clean_up(self.broker_url, self.name, self.takers)


def seen(tmf: Client, category: str) -> list[str]:
    """The events of a category as they took effect: `CategoryCreateEvent:0`."""
    answer = tmf.get(f"TMF638/service/log-{category}")
    return list(answer.json()["seen"]) if answer.status_code == 200 else []


def expected(changes: Sequence[int]) -> list[str]:
    """The events of a category that was created and then counted up."""
    return [f"{CREATED}:0", *(f"{CHANGED}:{count}" for count in changes)]
