"""The services, one worker process each: how they start, and what they cost while they run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url

from bench.client import BenchError, Client
from bench.database import libpq_url
from tests.processes import Program, reserve_port

ROOT = Path(__file__).parents[1]

_TICKS = os.sysconf("SC_CLK_TCK")
_START_TIME = 60.0


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `application` is what uvicorn serves (None: `tmf serve`); `driver` how its
    database URL begins; `pool` its database connections; `settings` are `tmf`'s.
    """

    letter: str
    title: str
    application: str | None = None
    driver: str = ""
    pool: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)

    def command(self, port: int) -> list[str]:
        """The program and its arguments."""
        if self.application is None:
            return [sys.executable, "-m", "tmf", "serve", "--port", str(port)]
        options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log"]
        options += [
            "--log-level",
            "warning",
            "--no-server-header",
            "--no-proxy-headers",
            "--port",
            str(port),
        ]
        return [sys.executable, "-m", "uvicorn", f"bench.services.{self.application}", *options]

    def environment(self, url: str, openapi: Path) -> Mapping[str, str]:
        """Its settings."""
        if self.application is None:
            return {"TMF_DATABASE_URL": url, **self.settings}
        own = libpq_url(url)
        if self.driver:
            own = make_url(url).set(drivername=self.driver).render_as_string(hide_password=False)
        return {
            "BENCH_DATABASE_URL": own,
            "BENCH_POOL": str(self.pool),
            "BENCH_OPENAPI": str(openapi),
        }


TMF = Service("a", "tmf")

SERVICES = (
    TMF,
    Service(
        "b1",
        "FastAPI, pydantic, SQLAlchemy ORM, sync engine",
        "orm_sync:app",
        "postgresql+psycopg2",
        10,
    ),
    Service(
        "b2",
        "FastAPI, pydantic, SQLAlchemy ORM, async engine",
        "orm_async:app",
        "postgresql+asyncpg",
        10,
    ),
    Service("c", "FastAPI, asyncpg, JSON text, tuned by hand", "plain_fastapi:app", pool=8),
    Service("d", "bare ASGI, asyncpg", "bare:over_asyncpg", pool=8),
    Service("d2", "bare ASGI, psycopg2 asynchronous", "bare:over_psycopg2", pool=8),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where services run: a database, a folder for logs, tmf's OpenAPI document as a file."""

    url: str
    folder: Path
    openapi: Path


class Running:
    """A started service. `started_in` is seconds from its start to its first answer."""

    def __init__(self, service: Service, place: Place, probe: str) -> None:
        self.service = service
        self.port, self._reservation = reserve_port()
        inherited = {name: value for name, value in os.environ.items() if name[:4] != "TMF_"}
        environment = {
            **inherited,
            "PYTHONPATH": str(ROOT),
            **service.environment(place.url, place.openapi),
        }
        began = time.monotonic()
        self._program = Program(
            service.command(self.port),
            place.folder,
            place.folder / f"{service.letter}-{self.port}.log",
            env=environment,
        )
        try:
            self._wait(probe, began + _START_TIME)
        except BaseException:
            self.stop()
            raise
        self.started_in = time.monotonic() - began

    def _wait(self, probe: str, deadline: float) -> None:
        while time.monotonic() < deadline:
            if self._program.ended(within=0.005):
                break
            try:
                with Client(self.port) as client:
                    status = client.get(probe).status
            except (OSError, BenchError):
                continue
            if status == 200:
                return
            raise self._program.failure(f"{self.service.title} answers {status}")
        raise self._program.failure(f"{self.service.title} does not answer")

    @property
    def pid(self) -> int:
        """The process that answers."""
        return self._program.process.pid

    def cpu_seconds(self) -> float:
        """Processor time that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> float:
        """Megabytes that it holds, its share of what is shared included."""
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        raise BenchError("this system does not tell a process's memory")

    def log(self) -> str:
        """The end of what it has logged."""
        return self._program.log()[-2000:]

    def stop(self) -> None:
        """End it."""
        self._program.stop()
        self._reservation.close()


@contextmanager
def running(service: Service, place: Place, probe: str) -> Iterator[Running]:
    """The service, answering to a GET of `probe`."""
    started = Running(service, place, probe)
    try:
        yield started
    finally:
        started.stop()


def settle(services: list[Running], longest: float = 10.0) -> None:
    """Return once no service works any more at what it was given before."""
    deadline = time.monotonic() + longest
    before = sum(service.cpu_seconds() for service in services)
    while time.monotonic() < deadline:
        time.sleep(0.2)
        after = sum(service.cpu_seconds() for service in services)
        if after - before < 0.04:
            return
        before = after
