"""Stored tokens of an older specification are made anew, while others read and write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy import text

from tests.e2e.waiting import until
from tests.unit.made_up import ticket
from tmf.spec.model import Resource
from tmf.store import schema
from tmf.store.database import Database
from tmf.store.reindexing import Reindexing
from tmf.tmf630_guidelines.query import parse_list_query

COUNT = 950
REALM = "default"
MOMENT = {"type": "string", "format": "date-time", "description": "When it is due."}
PROSE = {"type": "string", "x-free-text": True, "description": "What was said."}
TEXT = {"type": "string", "description": "A text."}

OLDER = ticket({"indexed": ["name"]}, properties={"due": TEXT, "said": PROSE})
NEWER = ticket({"indexed": ["name", "severity"]}, properties={"due": MOMENT, "said": TEXT})


class KilledError(Exception):
    """The process ends here."""


def opened(url: str, resource: Resource) -> Database:
    return Database(url, [resource], lambda: 1_000_000_000)


def document(number: int) -> dict[str, Any]:
    moment = f"2030-01-01T{number % 24:02d}:00:00+01:00"
    return {"name": f"n{number}", "severity": "major", "due": moment, "said": "much"}


def migrate(database: Database, report: Callable[[int], Any]) -> None:
    schema.migrate(database, lambda _: None, lambda *_: nullcontext(report))


def killed(_: int) -> None:
    raise KilledError


def found(database: Database, resource: Resource, query: str) -> int:
    asked = parse_list_query(f"{query}&limit=0", resource.kind_of)
    with database.session() as session:
        return session.find(resource, REALM, asked).total


@pytest.fixture
def older(database_url: str) -> Iterator[Database]:
    """A server of the older specification, with resources in its database."""
    database = opened(database_url, OLDER)
    schema.prepare(database)
    with database.session(write=True) as session:
        for number in range(COUNT):
            session.insert(OLDER, REALM, f"{number:04d}", document(number))
    yield database
    database.close()


@pytest.fixture
def newer(database_url: str, older: Database) -> Iterator[Database]:
    database = opened(database_url, NEWER)
    yield database
    database.close()


def check_found_by_both(newer: Database, older: Database, count: int = COUNT) -> None:
    assert found(newer, NEWER, "due.gt=2029-01-01") == count
    assert found(newer, NEWER, "due=2029-12-31T23:00:00Z") == -(-COUNT // 24)
    assert found(newer, NEWER, "said=much") == count
    assert found(newer, NEWER, "severity.gte=major") == count
    assert found(newer, NEWER, "severity=major&name=n7") == 1
    assert found(older, OLDER, "due=2030-01-01T00:00:00%2B01:00") == -(-COUNT // 24)
    assert found(older, OLDER, "said=much") == count


def test_a_stale_database_is_refused_and_migrated(newer: Database, older: Database) -> None:
    with pytest.raises(schema.OutdatedError, match=r"indexed anew tmf999_ticket.*'tmf migrate'"):
        schema.prepare(newer)
    told: list[int] = []

    asked: list[tuple[str, int]] = []

    def counting(label: str, rows: int) -> Any:
        asked.append((label, rows))
        return nullcontext(told.append)

    schema.migrate(newer, lambda _: None, counting)

    assert asked == [("indexing tmf999_ticket", COUNT)]
    assert sum(told) == COUNT
    schema.prepare(newer)
    check_found_by_both(newer, older)
    schema.migrate(newer, lambda _: None, counting)
    assert len(asked) == 1  # nothing is left to do
    schema.migrate(newer, lambda _: None, counting, again=True)
    assert asked[1:] == [("indexing tmf999_ticket", COUNT)]
    schema.prepare(newer)


def test_a_run_that_is_killed_is_taken_up_where_it_ended(newer: Database, older: Database) -> None:
    work = Reindexing(newer, NEWER)
    with pytest.raises(schema.OutdatedError):
        schema.prepare(newer)
    with pytest.raises(KilledError):
        migrate(newer, killed)

    remaining = work.remaining()
    assert 0 < remaining < COUNT
    with pytest.raises(schema.OutdatedError):
        schema.prepare(newer)
    told: list[int] = []
    work.run(told.append)

    assert sum(told) == remaining
    schema.prepare(newer)
    check_found_by_both(newer, older)


def test_what_older_servers_write_meanwhile_is_indexed_too(
    newer: Database, older: Database
) -> None:
    def write_behind(_: int) -> None:
        with older.session(write=True) as session:
            row = session.lock(OLDER, REALM, "0001")
            assert row is not None
            session.update(OLDER, REALM, row, document(1))
            if session.get(OLDER, REALM, "!") is None:
                session.insert(OLDER, REALM, "!", document(1))

    migrate(newer, write_behind)

    schema.prepare(newer)
    assert found(newer, NEWER, "due=2030-01-01T00:00:00Z") == -(-COUNT // 24) + 1
    assert found(newer, NEWER, "said=much&name=n1") == 2
    assert found(newer, NEWER, "severity.gte=major") == COUNT + 1


def test_a_row_that_another_holds_is_waited_for_without_holding_others(
    newer: Database, older: Database
) -> None:
    """On SQLite a writer holds everything, so that there the other is waited for before."""
    with pytest.raises(KilledError):
        migrate(newer, killed)
    work = Reindexing(newer, NEWER)
    if newer.engine.dialect.name == "sqlite":
        work.run(lambda _: None)
    else:
        with older.engine.connect() as holder, ThreadPoolExecutor(1) as thread:
            with holder.begin():
                holder.execute(text("SELECT 1 FROM tmf999_ticket WHERE id = '0300' FOR UPDATE"))
                running = thread.submit(work.run, lambda _: None)
                until(lambda: waits(older), "the batch waits for the row")
                with older.session(write=True) as session:  # of the same batch
                    assert session.lock(OLDER, REALM, "0250") is not None
            running.result(timeout=60)

    schema.prepare(newer)
    check_found_by_both(newer, older)


def waits(database: Database) -> bool:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
    with database.engine.connect() as connection:
        waiting = connection.execute(text(asked + "AND query LIKE '%tmf999_ticket%FOR UPDATE'"))
        return bool(waiting.scalar_one())
