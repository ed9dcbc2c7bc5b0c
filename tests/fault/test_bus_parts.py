"""The parts of the bus under trouble that a running program would rarely meet by itself."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence

import pytest
from sqlalchemy import text

from tmf.events.bell import Bell
from tmf.events.embedded import EmbeddedBus
from tmf.events.figures import Done
from tmf.events.intake import Intake, Intakes
from tmf.events.leases import Leases
from tmf.events.retention import Retention
from tmf.events.retries import Retries
from tmf.events.takers import Taker
from tmf.store import outbox, schema
from tmf.store.database import Database
from tmf.store.outbox import PARTITIONS, OutboxEvent, Positioned
from tmf.store.session import Session

DAY = 24 * 3600 * 1_000_000
TIMEOUT = 60.0
LEASE = 1.0


class Clock:
    """A time that only tests move."""

    def __init__(self) -> None:
        self.now = 1_000 * DAY

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def databases(database_url: str, clock: Clock) -> Iterator[list[Database]]:
    """Two processes' views of one database, with a table of effects."""
    both = [Database(database_url, (), clock) for _ in range(2)]
    schema.prepare(both[0])
    with both[0].session(write=True) as session:
        counted = (
            "INTEGER PRIMARY KEY" if database_url.startswith("sqlite") else "BIGSERIAL PRIMARY KEY"
        )
        session.connection.exec_driver_sql(
            f"CREATE TABLE effects (n {counted}, subject TEXT, turn INTEGER)"
        )
    yield both
    for one in both:
        one.close()


class EverythingHeld(Leases):
    """Leases of a process that does not know that it has lost them."""

    async def keep(self) -> None:
        self.held = tuple(range(PARTITIONS))

    async def release(self) -> None:
        self.held = ()


def event(subject: str, turn: int) -> OutboxEvent:
    identity = f"{subject}-{turn}"
    return OutboxEvent("default", identity, "Made", "TMF999", "thing", subject, turn, "{}")


def tell(database: Database, *events: OutboxEvent) -> None:
    with database.session(write=True) as session:
        session.tell(events)


def note(session: Session, events: Sequence[OutboxEvent]) -> None:
    statement = text("INSERT INTO effects (subject, turn) VALUES (:subject, :turn)")
    for told in events:
        session.connection.execute(statement, {"subject": told.subject, "turn": told.time})


def effects(database: Database) -> dict[str, list[int]]:
    """What took effect, by subject, in order."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    with database.session() as session:
        rows = session.connection.execute(text("SELECT subject, turn FROM effects ORDER BY n"))
        for subject, turn in rows:
            found[subject].append(turn)
    return dict(found)


def intakes(database: Database, taker: Taker) -> Intakes:
    return Intakes(database, [Intake(taker, (0.01, 0.01, 0.01))], Done())


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(TIMEOUT):
        while not await condition():
            await asyncio.sleep(0.01)


async def all_taken(database: Database) -> bool:
    def left(session: Session) -> bool:
        waiting = "SELECT count(*) FROM outbox WHERE published IS NULL"
        late = "SELECT count(*) FROM deferred WHERE parked IS NULL"
        connection = session.connection
        return any(connection.exec_driver_sql(one).scalar() for one in (waiting, late))

    return not await database.run(left)


def test_two_relays_that_both_work_on_everything_do_nothing_twice(
    databases: list[Database],
) -> None:
    draw = random.Random(6)  # noqa: S311
    turns = 40

    def take(session: Session, events: Sequence[OutboxEvent]) -> None:
        note(session, events)
        if any(draw.random() < 0.02 for _ in events):
            raise RuntimeError("now and then it does not work")

    async def work() -> None:
        runners = []
        for database in databases:
            those = intakes(database, Taker("test", take))
            runners += [
                EmbeddedBus(those, EverythingHeld(database, "outbox", PARTITIONS, LEASE)),
                Retries(those),
            ]
        running = asyncio.gather(*(runner.run() for runner in runners))
        for turn in range(turns):
            events = [event(f"s{number}", turn) for number in range(10)]
            await asyncio.to_thread(tell, databases[turn % 2], *events)
            for runner in runners:
                runner.wake()
        await until(lambda: all_taken(databases[0]))
        for runner in runners:
            runner.stop()
        await running

    asyncio.run(work())

    assert effects(databases[0]) == {f"s{number}": list(range(turns)) for number in range(10)}


def test_an_event_that_has_overtaken_another_of_its_resource_waits_for_it(
    databases: list[Database],
) -> None:
    intake = Intake(Taker("test", note), ())
    those = Intakes(databases[0], [intake], Done())
    asyncio.run(those.register())
    tell(databases[0], event("a", 0), event("b", 0), event("a", 1), event("a", 2))
    with databases[0].session() as session:
        waiting = outbox.waiting(session.connection, range(PARTITIONS), each=10, most=10)
    by_id = {placed.event.id: placed for placed in waiting}

    def arrive(*ids: str) -> None:
        events: list[Positioned] = [by_id[identity] for identity in ids]
        with databases[0].session(write=True) as session:
            intake.take(session, intake.missed(session, events), careful=True)

    arrive("a-1")  # a-0 was left behind
    assert effects(databases[0]) == {"a": [0, 1]}
    arrive("a-2", "a-0", "a-2", "b-0")
    assert effects(databases[0]) == {"a": [0, 1, 2], "b": [0]}


def test_what_was_told_before_there_was_a_taker_is_not_missed(databases: list[Database]) -> None:
    intake = Intake(Taker("test", note), ())
    tell(databases[0], event("a", 0))
    asyncio.run(Intakes(databases[0], [intake], Done()).register())
    tell(databases[0], event("a", 1))
    with databases[0].session(write=True) as session:
        waiting = outbox.waiting(session.connection, range(PARTITIONS), each=10, most=10)
        intake.take(session, intake.missed(session, waiting[1:]), careful=True)

    assert effects(databases[0]) == {"a": [1]}


def test_a_purge_keeps_what_is_not_published_however_old_and_receipts_longer_than_events(
    databases: list[Database], clock: Clock
) -> None:
    database = databases[0]
    intake = Intake(Taker("test", note), ())
    tell(database, *(event("a", turn) for turn in range(10)))
    with database.session(write=True) as session:
        waiting = outbox.waiting(session.connection, range(PARTITIONS), each=100, most=100)
        intake.take(session, waiting, careful=True)
        published = [placed.position for placed in waiting if placed.event.time != 7]
        outbox.mark_published(session.connection, published, session.now())
    events, receipts = Retention(30 * DAY).chores()

    def count(table: str) -> int:
        with database.session() as session:
            statement = f"SELECT count(*) FROM {table}"  # noqa: S608
            return int(session.connection.exec_driver_sql(statement).scalar_one())

    def purge(days: int, chore: Callable[[Session, int], int], most: int = 500) -> int:
        clock.now = 1_000 * DAY + days * DAY
        with database.session(write=True) as session:
            return chore(session, most)

    assert purge(29, events) == 0
    assert purge(31, events, most=4) == 4
    assert purge(40, receipts) == 0  # while there are events as old
    assert count("inbox") == 10
    assert purge(31, events) == 5
    assert count("outbox") == 1
    assert purge(30, receipts) == 0
    assert purge(32, receipts) == 10
    assert purge(4000, events) == 0
    with database.session() as session:
        left = outbox.waiting(session.connection, range(PARTITIONS), each=10, most=10)
    assert [placed.event.time for placed in left] == [7]


@pytest.mark.over("PostgreSQL")
def test_a_change_of_one_process_wakes_the_others(databases: list[Database]) -> None:
    async def work() -> None:
        bells = [Bell(database) for database in databases]
        woken = asyncio.Event()
        bells[1].wakes(woken.set)
        running = asyncio.gather(*(bell.run() for bell in bells))
        async with asyncio.timeout(TIMEOUT):
            await woken.wait()  # it listens
            for turn in range(3):
                woken.clear()
                await databases[0].run(lambda session: session.tell([event("a", turn)]), write=True)  # noqa: B023
                await woken.wait()
        for bell in bells:
            bell.stop()
        await running

    asyncio.run(work())


def test_processes_share_the_parts_and_one_that_ends_leaves_its_own(
    databases: list[Database],
) -> None:
    async def work() -> None:
        first, second = (Leases(database, "outbox", PARTITIONS, LEASE) for database in databases)
        await first.keep()
        assert first.all_held

        async def shared() -> bool:
            await first.keep()
            await second.keep()
            return len(first.held) == len(second.held) == PARTITIONS // 2

        await until(shared)
        assert set(first.held) | set(second.held) == set(range(PARTITIONS))
        await first.release()

        async def taken_over() -> bool:
            await second.keep()
            return second.all_held

        await until(taken_over)

    asyncio.run(work())
