"""Duties: done when they are due by the server's clock, and what follows from them once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.minimal import CREATED
from tmf.apis import APIS
from tmf.app import duties_of
from tmf.declare import Duty, DutyContext, ReactionContext
from tmf.events.bell import Bell
from tmf.events.work import Worker
from tmf.program import Program, build_program
from tmf.settings import Settings
from tmf.store import schema
from tmf.tmf638_inventory import INVENTORY

START = datetime(2030, 1, 1, tzinfo=UTC)
SERVICE = {**CREATED["TMF638/service"], "name": "served"}

Made = tuple[Program, Worker]


@pytest.fixture
def house(database_url: str) -> Iterator[Callable[[Duty], Made]]:
    """A program in which TMF638 has the duty `serve`, and what does it."""
    programs: list[Program] = []

    def build(duty: Duty) -> Made:
        dutiful = replace(INVENTORY, reactions={}, duties={"serve": duty})
        listed = [(name, dutiful if name == "TMF638" else known) for name, known in APIS]
        settings = Settings(database_url=database_url, clock=START, lease_seconds=1)
        program = build_program(settings, listed)
        programs.append(program)
        schema.prepare(program.database)
        return program, duties_of(program, Bell(program.database, channel="test"))

    yield build
    for program in programs:
        program.close()


@asynccontextmanager
async def working(worker: Worker):  # type: ignore[no-untyped-def]
    """The worker at work within the context."""
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        await running


async def until(done: Callable[[], bool]) -> None:
    """Return once something holds; an error if it never does."""
    async with asyncio.timeout(60):
        while not done():
            await asyncio.sleep(0.01)


def within(program: Program, act: Callable[[ReactionContext], None]) -> None:
    """Act as a reaction of TMF638 would."""
    (api,) = (api for api in program.apis if api.name == "TMF638")
    with program.database.session(write=True) as session:
        act(program.acting(api).within(session, "north"))


def services(program: Program) -> list[str]:
    with program.database.session() as session:
        (api,) = (api for api in program.apis if api.name == "TMF638")
        found = program.acting(api).within(session, "north").find("TMF638.service", "")
        return [one["id"] for one in found]


def serve(context: DutyContext) -> Callable[[ReactionContext], None]:
    """Create a service of the subject's name."""
    identity = context.subject
    assert context.read("TMF638.service", identity) is None

    def follows(acting: ReactionContext) -> None:
        acting.create("service", {**SERVICE, "id": identity})

    return follows


def test_what_is_due_is_done_in_its_realm_and_what_is_not_waits_for_its_time(
    house: Callable[[Duty], Made],
) -> None:
    program, worker = house(serve)
    in_a_year = (START + timedelta(days=365)).isoformat()
    within(program, lambda acting: acting.schedule("serve", "now"))
    within(program, lambda acting: acting.schedule("serve", "later", in_a_year))

    async def run() -> None:
        async with working(worker):
            await until(lambda: services(program) == ["now"])
            program.changes.clock.move(START + timedelta(days=364))
            within(program, lambda acting: acting.schedule("serve", "next"))
            await until(lambda: services(program) == ["next", "now"])
            program.changes.clock.move(START + timedelta(days=366))
            await until(lambda: services(program) == ["later", "next", "now"])

    asyncio.run(run())


def test_a_duty_is_planned_once_for_a_subject_and_can_be_called_off(
    house: Callable[[Duty], Made],
) -> None:
    program, worker = house(serve)
    soon, late = ((START + timedelta(days=days)).isoformat() for days in (1, 2))

    def plan(acting: ReactionContext) -> None:
        for subject in ("moved", "off"):
            acting.schedule("serve", subject, soon)
        acting.schedule("serve", "moved", late)
        acting.unschedule("serve", "off")
        acting.schedule("serve", "planned", soon)

    within(program, plan)

    async def run() -> None:
        async with working(worker):
            program.changes.clock.move(START + timedelta(days=1.5))
            await until(lambda: services(program) == ["planned"])
            program.changes.clock.move(START + timedelta(days=2.5))
            await until(lambda: services(program) == ["moved", "planned"])

    asyncio.run(run())


def test_what_fails_is_tried_again_and_leaves_nothing_half_done(
    house: Callable[[Duty], Made],
) -> None:
    attempts: list[int] = []

    def fail_twice(context: DutyContext) -> Callable[[ReactionContext], None]:
        assert context.read("TMF638.service", context.subject) is None
        attempts.append(context.attempts)
        if context.attempts == 0:
            raise RuntimeError("the duty fails")

        def follows(acting: ReactionContext) -> None:
            acting.create("service", {**SERVICE, "id": context.subject})
            if context.attempts == 1:
                raise RuntimeError("what follows fails")

        return follows

    program, worker = house(fail_twice)
    within(program, lambda acting: acting.schedule("serve", "one"))

    async def run() -> None:
        async with working(worker):
            await until(lambda: services(program) == ["one"])

    asyncio.run(run())
    assert attempts == [0, 1, 2]


def test_what_was_planned_anew_while_it_was_under_way_takes_effect_once(
    house: Callable[[Duty], Made],
) -> None:
    begun: list[str] = []

    def plan_again(context: DutyContext) -> Callable[[ReactionContext], None]:
        begun.append(context.subject)
        if len(begun) == 1:
            within(program, lambda acting: acting.schedule("serve", context.subject))
        return lambda acting: follow(acting, context.subject)

    def follow(acting: ReactionContext, subject: str) -> None:
        acting.create("service", {**SERVICE, "id": f"{subject}-{len(begun)}"})

    program, worker = house(plan_again)
    within(program, lambda acting: acting.schedule("serve", "one"))

    async def run() -> None:
        async with working(worker):
            await until(lambda: services(program) != [])

    asyncio.run(run())
    assert services(program) == ["one-2"]
    assert begun == ["one", "one"]


def test_several_workers_share_the_work_and_each_is_done_once(
    house: Callable[[Duty], Made],
) -> None:
    program, one = house(serve)
    other = duties_of(program, Bell(program.database, channel="test"))
    wanted = [f"s{number:02}" for number in range(40)]
    for name in wanted:
        within(program, lambda acting, name=name: acting.schedule("serve", name))  # type: ignore[misc]

    async def run() -> None:
        async with working(one), working(other):
            await until(lambda: services(program) == wanted)

    asyncio.run(run())
