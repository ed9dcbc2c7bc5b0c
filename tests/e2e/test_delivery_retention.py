"""Deliveries and attempts are kept for a time and then purged, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import text

from tests.unit.test_hub_hands import parcel
from tmf.access.callers import ANYBODY
from tmf.events.ids import new_id
from tmf.hub.retention import DeliveryRetention
from tmf.hub.subscriptions import Subscriptions
from tmf.program import Program, build_program
from tmf.settings import Settings
from tmf.store import deliveries, dispatch, schema
from tmf.store.deliveries import Heard
from tmf.store.dispatch import Attempt, Outcome
from tmf.store.outbox import OutboxEvent

DAY = 24 * 3600 * 1_000_000
TABLES = ("delivery", "attempt", "hub_event", "hub_sequence")


class Kept:
    """A database in which deliveries are made and ended without anybody sending them."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._clock = program.changes.clock
        self._chores = DeliveryRetention(30 * DAY).chores()
        self._api = next(api for api in program.apis if api.name == "TMF620")
        self._subjects = count(1)

    def listener(self) -> str:
        subscriptions = Subscriptions(self._api, self._clock)
        with self._program.database.session(write=True) as session:
            return subscriptions.register(session, ANYBODY, "http://listener.example/", None).id

    def forget(self, hub: str) -> None:
        self.run("DELETE FROM hub WHERE id = :hub", hub=hub)

    def run(self, statement: str, **values: object) -> None:
        with self._program.database.session(write=True) as session:
            session.connection.execute(text(statement), values)

    def events(self, number: int, *hubs: str) -> None:
        """Events for these listeners, each of a resource of its own."""
        with self._program.database.session(write=True) as session:
            for _ in range(number):
                now = self._clock.micros()
                about = ("TMF620", "category", str(next(self._subjects)))
                event = OutboxEvent("default", new_id(self._clock), "E", *about, now, "{}")
                deliveries.add(session.connection, [Heard(event, hubs)], now)

    def end(self, hub: str, *, well: bool = True) -> None:
        """Deliver or park all that waits for a listener."""
        now = self._clock.micros()
        attempt = Attempt(now, 204 if well else 500, 1, "", None)
        with self._program.database.session(write=True) as session:
            waiting = text("SELECT id FROM delivery WHERE hub = :hub AND state = 'waiting'")
            ids = session.connection.execute(waiting, {"hub": hub}).scalars().all()
            outcomes = [Outcome(replace(parcel(one), hub=hub), attempt, None) for one in ids]
            dispatch.record(session.connection, outcomes, now)

    def later(self, days: float) -> None:
        self._clock.move(self._clock.now() + timedelta(days=days))

    def purge(self, most: int = 500) -> list[int]:
        """Do every chore once; how much each removed."""
        removed = []
        for chore in self._chores:
            with self._program.database.session(write=True) as session:
                removed.append(chore(session, most))
        return removed

    def counts(self) -> tuple[int, ...]:
        with self._program.database.session() as session:
            return tuple(
                session.connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
                for table in TABLES
            )


@pytest.fixture
def kept(database_url: str) -> Iterator[Kept]:
    program = build_program(
        Settings(database_url=database_url, clock=datetime(2030, 1, 1, tzinfo=UTC))
    )
    schema.prepare(program.database)
    yield Kept(program)
    program.close()


def test_what_has_ended_is_kept_for_its_time_and_then_purged(kept: Kept) -> None:
    delivered, parked, waiting = (kept.listener() for _ in range(3))
    kept.events(3, delivered, parked, waiting)
    kept.end(delivered)
    kept.end(parked, well=False)
    assert kept.counts() == (9, 6, 3, 3)

    kept.later(29)
    assert kept.purge() == [0, 0, 0, 0]
    kept.later(2)
    assert kept.purge() == [6, 0, 0, 0]
    assert kept.counts() == (3, 0, 3, 3)

    kept.end(waiting)
    kept.later(31)
    assert kept.purge() == [3, 0, 0, 3]
    assert kept.counts() == (0, 0, 0, 3)


def test_what_waits_for_a_disabled_listener_is_purged_after_the_same_time(kept: Kept) -> None:
    one, other = kept.listener(), kept.listener()
    kept.events(2, one, other)
    kept.run("UPDATE hub SET disabled = :now WHERE id = :one", now=1_893_456_000_000_000, one=one)

    kept.later(29)
    assert kept.purge() == [0, 0, 0, 0]
    kept.later(2)
    assert kept.purge() == [0, 2, 0, 0]
    assert kept.counts() == (2, 0, 2, 2)


def test_a_forgotten_listeners_are_purged_at_once_in_small_batches(kept: Kept) -> None:
    one, other = kept.listener(), kept.listener()
    kept.events(5, one)
    kept.events(1, other)
    kept.end(one)
    kept.events(2, one)
    kept.forget(one)

    assert [kept.purge(most=3)[2] for _ in range(4)] == [3, 3, 1, 0]
    assert kept.counts() == (1, 0, 8, 1)


def test_no_batch_is_larger_than_asked_for(kept: Kept) -> None:
    listener = kept.listener()
    kept.events(5, listener)
    kept.end(listener)
    kept.later(31)

    assert [kept.purge(most=2)[0] for _ in range(3)] == [2, 2, 1]
    assert kept.counts() == (0, 0, 0, 1)
