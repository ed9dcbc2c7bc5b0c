"""What the parts stand on: databases, servers, workers, a listener, a full outbox."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from bench.client import HOST, BenchError, Client
from bench.database import Databases
from bench.documents import Catalogue
from bench.rivals import ROOT, Place, Running, Service
from bench.services.paths import COLLECTION
from tests.processes import Program, reserve_port
from tmf.program import build_program
from tmf.settings import Settings
from tmf.store import schema
from tmf.tmf630_guidelines.documents import encode

HUB = f"{COLLECTION.rpartition('/')[0]}/hub"

_START_TIME = 60.0

_FILL = """
    INSERT INTO outbox (partition, realm, event_id, type, api, resource, subject, time, body)
    SELECT number % 64, 'default', identity, 'ProductOfferingCreateEvent', 'TMF620',
      'productOffering', 'made-up-' || identity, :now,
      '{"eventId":"' || identity || '","eventTime":"2026-01-01T00:00:00.000Z",'
      '"eventType":"ProductOfferingCreateEvent","event":{"productOffering":' || :document || '}}'
    FROM (SELECT number, gen_random_uuid()::text AS identity
      FROM generate_series(1, :count) AS number) AS made
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything runs. `broker` is RabbitMQ's URL and `name` ours there, if there is one;
    `notes` tell of the machine as it was before.
    """

    databases: Databases
    folder: Path
    rounds: int
    events: int
    waiting: int
    broker: str | None
    name: str
    notes: Sequence[str]

    def database(self, ending: str) -> str:
        """A new database, set up for the server."""
        url = self.databases.create(ending)
        program = build_program(Settings(database_url=url))
        schema.prepare(program.database)
        program.close()
        return url

    @property
    def brokered(self) -> dict[str, str]:
        """The settings of a server that has the broker."""
        return {"TMF_BROKER_URL": str(self.broker), "TMF_BROKER_NAME": self.name}

    @contextmanager
    def server(self, url: str, settings: Mapping[str, str] | None = None) -> Iterator[Running]:
        """`tmf serve`, answering."""
        chosen = {"TMF_HUB_ALLOW_PRIVATE_CALLBACKS": "true", **(settings or {})}
        started = Running(
            Service("a", "tmf", settings=chosen),
            Place(url, self.folder, self.folder / "openapi.json"),
            f"{COLLECTION}?limit=1",
        )
        try:
            yield started
        finally:
            started.stop()

    @contextmanager
    def worker(self, url: str) -> Iterator[None]:
        """`tmf work` with the broker."""
        env = {**os.environ, **self.brokered, "TMF_DATABASE_URL": url}
        env["TMF_HUB_ALLOW_PRIVATE_CALLBACKS"] = "true"
        with Program(
            [sys.executable, "-m", "tmf", "work"], self.folder, self.folder / "work.log", env=env
        ):
            yield


def event(number: int = 0) -> bytes:
    """The body of an event, as the outbox is filled with."""
    document = encode(Catalogue(1000).offering(number)).decode()
    return (
        '{"eventId":"0","eventType":"ProductOfferingCreateEvent","event":{"productOffering":'
        f"{document}}}}}"
    ).encode()


def fill(url: str, count: int) -> None:
    """Put so many events into an outbox, as if as many offerings had been created."""
    document = encode(Catalogue(1000).offering(0)).decode()
    with _engine(url).begin() as connection:
        values = {"document": document, "count": count, "now": time.time_ns() // 1000}
        connection.execute(text(_FILL), values)
        connection.execute(text("NOTIFY tmf_events"))


def scalar(url: str, question: str) -> int:
    """The one number that a question to a database gives."""
    with _engine(url).connect() as connection:
        return int(connection.execute(text(question)).scalar_one())


def analyse(url: str) -> None:
    """Let the planner know of what was filled in."""
    engine = _engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM ANALYZE outbox"))


def _engine(url: str) -> Engine:
    return create_engine(url, poolclass=NullPool)


class Listener:
    """The listener's process, as the measuring one sees it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://{HOST}:{port}/events"
        self._port = port
        self.taken = 0

    def register(self, server: Running, query: str = "") -> None:
        """Have the server send it what matches."""
        body = encode({"callback": self.url, **({"query": query} if query else {})})
        with Client(server.port) as client:
            reply = client.post(HUB, body)
        if reply.status != 201:
            raise BenchError(f"the hub answers {reply.status}: {reply.body!r}")

    def wait(self, more: int) -> tuple[float, float]:
        """Until so many more have come; when the first and the last of all did."""
        self.taken += more
        with Client(self._port) as client:
            first, last = client.get(f"/{self.taken}").document
        return first, last


@contextmanager
def listening(folder: Path) -> Iterator[Listener]:
    """A listener of its own process."""
    port, reservation = reserve_port()
    command = [sys.executable, "-m", "bench.events.listener", str(port)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with reservation, Program(command, folder, folder / f"listener-{port}.log", env=env):
        listener = Listener(port)
        deadline = time.monotonic() + _START_TIME
        while True:
            try:
                listener.wait(0)
            except (OSError, BenchError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                break
        yield listener
