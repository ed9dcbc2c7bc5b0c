"""What every test can ask for: an empty database of each kind at hand, and a server on one.

A test with one of the fixtures `database`, `database_url`, `module_database_url` or `server` runs
once over SQLite and once over PostgreSQL if there is one, with the fixture `bus` also over
PostgreSQL and RabbitMQ; the mark `over("PostgreSQL")` keeps it to
those named, and without any of them it is not collected. Environment variables:

- TMF_TEST_POSTGRESQL: URL of a PostgreSQL server to use, where databases may be created.
- TMF_TEST_RABBITMQ: URL of a RabbitMQ server to use.
- TMF_TEST_INSTALL=1: a PostgreSQL may be installed into this environment (`make test` does).
- TMF_REQUIRE_SERVICES=1: without every service the run fails.

The caller's settings of the server are put aside, so that tests see the defaults.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.databases import Databases, postgresql_databases
from tests.processes import Server, start_server
from tests.reaper import reaper
from tests.services import Means, Missing, Service, find_services, ran_over
from tmf.settings import Settings

OVER = "database"
"""The property of a test's report that says what it ran over."""

RUN = pytest.StashKey["Run"]()

MEMORY = Path("/dev/shm")  # noqa: S108 (pytest makes a folder of its own there)
"""Where files live in memory, on Linux."""

ROOM = 4 * 2**30
"""Bytes that must be free there for the tests' files to go there."""


class Run:
    """One run of the tests, as seen by one of its processes.

    The controlling process finds services and tells its workers (pytest-xdist) of them.
    """

    def __init__(self, config: pytest.Config) -> None:
        told = getattr(config, "workerinput", {}).get("tmf_run")
        self.controls = told is None
        self.distributes = bool(config.getoption("tx", None))
        self.stack = ExitStack()
        self.ran: set[str] = set()
        self.name = secrets.token_hex(4)
        if told is not None:
            self.name = told["name"]
            self.services = [_taken_over(service) for service in told["services"]]

    @cached_property
    def services(self) -> list[Service | Missing]:
        """Looked for when first asked for: a run without databases starts nothing."""
        install = os.environ.get("TMF_TEST_INSTALL") == "1"
        services = find_services(Means(self.stack, install))
        missing = [str(service) for service in services if isinstance(service, Missing)]
        if missing and must_find_all():
            raise pytest.UsageError("; ".join(missing))
        return services

    def service(self, name: str) -> Service | None:
        """The service of that name, if there is one at hand."""
        found = (service for service in self.services if service.name == name)
        return next((service for service in found if isinstance(service, Service)), None)

    @cached_property
    def databases(self) -> Databases:
        """This process's databases on the PostgreSQL server."""
        server = self.service("PostgreSQL")
        assert server is not None
        return self.stack.enter_context(postgresql_databases(server.url, self.name))

    def for_worker(self) -> dict[str, Any]:
        """What a worker needs to know, as plain data."""
        services = [{"kind": type(each).__name__, **asdict(each)} for each in self.services]
        return {"name": self.name, "services": services}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what the test ran over; the controlling process hears of every test."""
        if report.when == "call":
            self.ran.update(str(value) for name, value in report.user_properties if name == OVER)

    def close(self) -> None:
        """Leave no database and no program behind, of this run or of one that was killed."""
        with self.stack:
            if self.controls and "services" in vars(self) and self.service("PostgreSQL"):
                self.databases.drop_left_behind()
        reaper.close()


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM


def must_find_all() -> bool:
    """Whether a missing service fails the run: asked for, or one that the caller named."""
    named = os.environ.get("TMF_TEST_POSTGRESQL") or os.environ.get("TMF_TEST_RABBITMQ")
    return bool(named) or os.environ.get("TMF_REQUIRE_SERVICES") == "1"


def _taken_over(told: dict[str, str]) -> Service | Missing:
    kinds = {kind.__name__: kind for kind in (Service, Missing)}
    return kinds[told.pop("kind")](**told)


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash[RUN]
    run.close()
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if run.controls and terminal and "services" in vars(run):
        terminal.write_line(ran_over(run.ran, run.services))


def pytest_configure(config: pytest.Config) -> None:
    if _has_room(MEMORY):  # SQLite waits for the disk at every commit
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    for name in Settings.model_fields:
        os.environ.pop(f"TMF_{name.upper()}", None)
    run = config.stash[RUN] = Run(config)
    config.pluginmanager.register(run)
    config.addinivalue_line("markers", "over(*databases): run over these databases only")
    config.addinivalue_line("markers", "bus(*buses): run over these buses only")
    if run.controls:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as after Ctrl-C
        if run.distributes or must_find_all():
            _ = run.services  # before workers start


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["tmf_run"] = node.config.stash[RUN].for_worker()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" not in metafunc.fixturenames:
        return
    run = metafunc.config.stash[RUN]
    kinds = ["SQLite", *(["PostgreSQL"] if run.service("PostgreSQL") else [])]
    if mark := metafunc.definition.get_closest_marker("over"):
        kinds = [kind for kind in kinds if kind in mark.args]
    if "bus" not in metafunc.fixturenames:
        metafunc.parametrize("database", kinds, indirect=True, ids=str.lower, scope="session")
        return
    buses = [(kind, "embedded") for kind in kinds]
    if "PostgreSQL" in kinds and run.service("RabbitMQ"):
        buses.append(("PostgreSQL", "RabbitMQ"))
    if mark := metafunc.definition.get_closest_marker("bus"):
        buses = [(kind, bus) for kind, bus in buses if bus in mark.args]
    names = ["-".join(bus).lower() for bus in buses]
    metafunc.parametrize(("database", "bus"), buses, indirect=True, ids=names, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in list(items):
        callspec = getattr(item, "callspec", None)
        if callspec is None or "database" not in callspec.params:
            continue
        if callspec.params["database"] in ("SQLite", "PostgreSQL"):
            item.user_properties.append((OVER, callspec.params["database"]))
            if callspec.params.get("bus") == "RabbitMQ":
                item.user_properties.append((OVER, "RabbitMQ"))
        else:  # pytest's stand-in for a test without any parameter
            items.remove(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    server = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(server, Server):
        report.sections.append(("server log", server.log()[-8000:]))
    return report


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database that the test runs over: "SQLite" or "PostgreSQL"."""
    return str(request.param)


@pytest.fixture(scope="session")
def bus(request: pytest.FixtureRequest) -> str:
    """The kind of bus that the test runs over: "embedded" or "RabbitMQ"."""
    return str(request.param)


@pytest.fixture
def database_url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database, for one test."""
    yield from _empty_database(database, tmp_path, request)


@pytest.fixture(scope="module")
def module_database_url(
    database: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The SQLAlchemy URL of a database that the tests of one file share, empty at first."""
    yield from _empty_database(database, tmp_path_factory.mktemp("database"), request)


def _empty_database(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    if kind == "SQLite":
        yield f"sqlite:///{folder / 'tmf.db'}"
        return
    databases = request.config.stash[RUN].databases
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server that the tests of one file share, on `module_database_url`."""
    with start_server(module_database_url, tmp_path_factory.mktemp("server")) as server:
        yield server
