"""The databases of one run on a PostgreSQL server: made at its start, dropped at its end.

They are called tmf_bench_<process> with an ending; the run holds a connection that names it, so
what a killed run left behind is known by its lack of one, and dropped by the next run. One that is
kept from run to run is called tmf_bench_kept_<rows>.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import ProgrammingError

from bench.client import BenchError
from tests.databases import connected

_LEFT_BEHIND = """
    SELECT base.datname FROM pg_database AS base
    WHERE base.datname ~ '^tmf_bench_[0-9]+_[a-z]+$' AND NOT EXISTS (
      SELECT FROM pg_stat_activity
      WHERE application_name = substring(base.datname from '^tmf_bench_[0-9]+'))
"""


_LOADED = "loaded"
_USED = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"


class Databases:
    """Makes databases on the server that `connection` leads to."""

    def __init__(self, connection: Connection, run: str) -> None:
        self._connection = connection
        self._run = run
        self._made: list[str] = []

    def create(self, ending: str) -> str:
        """A new database; its SQLAlchemy URL for psycopg2."""
        name = f"{self._run}_{ending}"
        self._made.append(name)
        return self._create(name)

    def kept(self, rows: int) -> tuple[str, bool]:
        """The database that is kept for so many rows, and whether it has been loaded."""
        name = _kept(rows)
        told = self._connection.exec_driver_sql(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            (name,),
        ).scalar()
        if told == _LOADED:
            return self._url(name), True
        if self._connection.exec_driver_sql(_USED, (name,)).scalar():
            raise BenchError(f"{name} is in use by another run")
        self._drop(name)
        return self._create(name), False

    def mark_loaded(self, rows: int) -> None:
        """The kept database is complete: the next run may take it."""
        self._connection.exec_driver_sql(f"COMMENT ON DATABASE {_kept(rows)} IS '{_LOADED}'")

    def mark_used(self, rows: int) -> None:
        """The kept database holds more than it was loaded with, until that is tidied away."""
        self._connection.exec_driver_sql(f"COMMENT ON DATABASE {_kept(rows)} IS NULL")

    def _create(self, name: str) -> str:
        self._connection.exec_driver_sql(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
        )
        return self._url(name)

    def _url(self, name: str) -> str:
        url = self._connection.engine.url.set(database=name, drivername="postgresql+psycopg2")
        return url.render_as_string(hide_password=False)

    def drop_all(self) -> None:
        """Drop what this run made."""
        while self._made:
            self._drop(self._made.pop())

    def drop_left_behind(self) -> None:
        """Drop what runs that are no more have made."""
        for name in self._connection.exec_driver_sql(_LEFT_BEHIND).scalars().all():
            self._drop(name)

    def settle(self) -> None:
        """Write out what is dirty now, if we may, so that no later measurement pays for it."""
        with suppress(ProgrammingError):
            self._connection.exec_driver_sql("CHECKPOINT")

    def _drop(self, name: str) -> None:
        self._connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _kept(rows: int) -> str:
    return f"tmf_bench_kept_{rows}"


@contextmanager
def bench_databases(server: str) -> Iterator[Databases]:
    """The databases of this process on a server; dropped when the context ends."""
    run = f"tmf_bench_{os.getpid()}"
    with connected(server, run) as connection:
        databases = Databases(connection, run)
        databases.drop_left_behind()
        try:
            yield databases
        finally:
            databases.drop_all()


def libpq_url(url: str) -> str:
    """The URL as libpq and asyncpg take it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
