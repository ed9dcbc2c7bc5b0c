"""Empty databases for tests: SQLite files, and databases on a PostgreSQL server.

On PostgreSQL a run calls its databases tmf_test_<run>_<process>_<number>, and all its processes
hold a connection that names the run. So what an aborted run left behind is known: no connection
names its run, and the next run drops it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

OLDEST = 14
"""The first PostgreSQL that can compress with lz4 (DROP DATABASE … FORCE is one older)."""

_LEFT_BEHIND = """
    SELECT base.datname FROM pg_database AS base
    WHERE base.datname ~ '^tmf_test_[0-9a-z]+_[0-9]+_[0-9]+$' AND (
      split_part(base.datname, '_', 3) = :run
      OR NOT EXISTS (
        SELECT FROM pg_stat_activity
        WHERE application_name = 'tmf_test_' || split_part(base.datname, '_', 3)))
"""


class Unavailable(Exception):  # noqa: N818 - it is no error until all ways are tried
    """A service, or one way to come by it, is not to be had; the message says why."""


@contextmanager
def connected(url: str | URL, name: str = "tmf_test") -> Iterator[Connection]:
    """A connection without transactions to a PostgreSQL server, under an application name."""
    options = {"connect_timeout": 5, "application_name": name}
    engine = create_engine(
        url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=options
    )
    with engine.connect() as connection:
        yield connection


def server_version(url: str | URL) -> str:
    """The version of a server where databases can be created, as "15.19"; Unavailable if not."""
    try:
        with connected(url) as connection:
            version = str(connection.exec_driver_sql("SHOW server_version").scalar_one())
            allowed = connection.exec_driver_sql(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).scalar_one()
    except SQLAlchemyError as error:
        raise Unavailable(_first_line(error)) from error
    number = version.split(maxsplit=1)[0]
    if int(number.split(".")[0]) < OLDEST:
        raise Unavailable(f"PostgreSQL {number} is older than {OLDEST}")
    if not allowed:
        raise Unavailable(f"{make_url(url).username} may not create databases")
    return number


def _first_line(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


class Databases:
    """This process's databases on one server, reached over `connection` (see `connected`)."""

    def __init__(self, connection: Connection, run: str) -> None:
        self._connection = connection
        self._run = run
        self._names = (f"tmf_test_{run}_{os.getpid()}_{number}" for number in count(1))

    def create(self) -> str:
        """A new, empty database; its SQLAlchemy URL."""
        name = next(self._names)
        self._connection.exec_driver_sql(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"
        )
        # The PostgreSQL server itself is never killed here, so nothing is lost by not waiting for
        # the disk; on a slow one the run would mostly do that.
        self._connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
        url = self._connection.engine.url.set(database=name)
        return url.render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._drop(str(make_url(url).database))

    def _drop(self, name: str) -> None:
        self._connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def drop_left_behind(self) -> list[str]:
        """Drop this run's databases and those of runs that are no more; their names."""
        names = self._connection.execute(text(_LEFT_BEHIND), {"run": self._run}).scalars().all()
        for name in names:
            self._drop(name)
        return list(names)


@contextmanager
def postgresql_databases(url: str, run: str) -> Iterator[Databases]:
    """The databases of this process in that run, as long as the context lasts."""
    with connected(url, f"tmf_test_{run}") as connection:
        yield Databases(connection, run)
