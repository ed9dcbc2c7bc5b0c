"""The services that tests run against: found, or started, or installed into the environment.

`find_services` looks once per run, in the controlling process; the others are told what it found.
Another kind of service is one more finder in `FINDERS`.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from tests.databases import Unavailable, server_version
from tests.postgresql import WHEEL, installed_programs, packaged_programs, start_postgresql
from tests.rabbitmq import LOCAL, broker_version
from tests.rabbitmq_node import installed_servers, start_rabbitmq


@dataclass(frozen=True)
class Service:
    """A service at hand: its name and version, a URL to it, and how it was found."""

    name: str
    version: str
    url: str
    found: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.found})"


@dataclass(frozen=True)
class Missing:
    """A service that is not to be had here, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"no {self.name} could be reached, started or installed ({self.reason})"


@dataclass(frozen=True)
class Means:
    """What a finder may do: start programs, ended with `stack`, and install packages."""

    stack: ExitStack
    install: bool = False


Finder = Callable[[Means], Service]


def find_postgresql(means: Means) -> Service:
    """The first PostgreSQL to be had, what costs least first; Unavailable if there is none.

    A server named in TMF_TEST_POSTGRESQL is the only one tried.
    """
    if given := os.environ.get("TMF_TEST_POSTGRESQL"):
        return _postgresql(given, "given in TMF_TEST_POSTGRESQL")
    return first_of([_running, _of_the_system, _of_the_package], means)


def find_rabbitmq(means: Means) -> Service:
    """The RabbitMQ on this machine, else one that is started; Unavailable if there is none.

    A server named in TMF_TEST_RABBITMQ is the only one tried.
    """
    if given := os.environ.get("TMF_TEST_RABBITMQ"):
        return _rabbitmq(given, "given in TMF_TEST_RABBITMQ")
    return first_of(
        [lambda _: _rabbitmq(LOCAL, "found at 127.0.0.1:5672"), started_rabbitmq], means
    )


def started_rabbitmq(means: Means) -> Service:
    """A RabbitMQ of the run's own, from programs that are installed; Unavailable without them."""
    servers = installed_servers()
    if not servers:
        raise Unavailable("its programs are not installed")
    return first_of([_started_broker(server) for server in servers], means)


def _started_broker(server: Path) -> Finder:
    return lambda means: _rabbitmq(start_rabbitmq(means.stack, server), f"started from {server}")


def _rabbitmq(url: str, found: str) -> Service:
    return Service("RabbitMQ", broker_version(url), url, found)


FINDERS: dict[str, Finder] = {"PostgreSQL": find_postgresql, "RabbitMQ": find_rabbitmq}


def find_services(means: Means, finders: Mapping[str, Finder] = FINDERS) -> list[Service | Missing]:
    """Every service that tests can use, each found or missing."""
    services: list[Service | Missing] = []
    for name, find in finders.items():
        try:
            services.append(find(means))
        except Unavailable as error:
            services.append(Missing(name, str(error)))
    return services


def first_of(finders: Sequence[Finder], means: Means) -> Service:
    """What the first finder that succeeds finds; Unavailable, with every reason, if none does."""
    reasons = []
    for find in finders:
        try:
            return find(means)
        except Unavailable as error:
            reasons.append(str(error))
    raise Unavailable("; ".join(dict.fromkeys(reasons)))


def ran_over(ran: Collection[str], services: Sequence[Service | Missing]) -> str:
    """A run's last line: over which databases and services its tests ran, and what it lacked."""
    parts = ["SQLite"] if "SQLite" in ran else []
    parts += [str(service) for service in services if service.name in ran]
    missing = [str(service) for service in services if isinstance(service, Missing)]
    if not missing:
        return f"ran over: {', '.join(parts) or 'no database'}"
    return (
        f"ran over: {', '.join(parts) + ' only' if parts else 'no database'} - {'; '.join(missing)}"
    )


def _postgresql(url: str, found: str) -> Service:
    parsed = make_url(url).set(drivername="postgresql+psycopg2")
    parsed = parsed.set(database=parsed.database or "postgres")
    version = server_version(parsed)
    return Service("PostgreSQL", version, parsed.render_as_string(hide_password=False), found)


def _running(means: Means) -> Service:
    users = ["postgres"]
    with suppress(KeyError):  # a user id may be without a name
        users.append(pwd.getpwuid(os.getuid()).pw_name)
    return first_of([_running_for(user) for user in dict.fromkeys(users)], means)


def _running_for(user: str) -> Finder:
    url = f"postgresql://{user}@127.0.0.1:5432/postgres"
    return lambda _: _postgresql(url, "found at 127.0.0.1:5432")


def _of_the_system(means: Means) -> Service:
    folders = installed_programs()
    if not folders:
        raise Unavailable("its programs are not installed")
    return first_of([_started_from(folder) for folder in folders], means)


def _started_from(programs: Path) -> Finder:
    return lambda means: _postgresql(
        start_postgresql(means.stack, programs), f"started from {programs}"
    )


def _of_the_package(means: Means) -> Service:
    url = start_postgresql(means.stack, *packaged_programs(install=means.install))
    return _postgresql(url, f"started from the package {WHEEL}")
