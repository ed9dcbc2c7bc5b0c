"""What a package writes together is as if it were written one by one, in far fewer statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from tests.e2e.minimal import CREATED
from tmf.declare import ReactionContext
from tmf.program import Program, build_program
from tmf.settings import Settings
from tmf.store import schema
from tmf.store.outbox import PARTITIONS, waiting
from tmf.store.session import Session

SERVICE = CREATED["TMF638/service"]
MANY = 50


@pytest.fixture
def program(database_url: str) -> Iterator[Program]:
    """A program over an empty database."""
    program = build_program(Settings(database_url=database_url))
    schema.prepare(program.database)
    yield program
    program.close()


@contextmanager
def acting(program: Program) -> Iterator[ReactionContext]:
    """The inventory's package at work, in one transaction."""
    with program.database.session(write=True) as session:
        yield inventory(program, session)


def inventory(program: Program, session: Session) -> ReactionContext:
    """What the inventory's package may do."""
    (api,) = (one for one in program.apis if one.name == "TMF638")
    return program.acting(api).within(session, "north")


def service(number: int, **more: object) -> dict[str, object]:
    """A service with a number."""
    return {**SERVICE, "id": f"service-{number:02}", "name": f"number {number}", **more}


def named(program: Program, query: str) -> list[str]:
    """The ids that a search gives."""
    with acting(program) as context:
        return [one["id"] for one in context.find("TMF638.service", query)]


def told(program: Program) -> list[tuple[str, str]]:
    """Subject and type of the events that wait, in order."""
    with program.database.session() as session:
        found = waiting(session.connection, range(PARTITIONS), each=1000, most=1000)
    return [(one.event.subject, one.event.type.removeprefix("Service")) for one in found]


def test_all_of_it_is_written_with_its_events_in_order(program: Program) -> None:
    with acting(program) as context, context.together():
        for number in range(3):
            context.store("service", service(number))
        changed = context.patch("service", "service-01", {"name": "other"}, own=True)
        assert changed is not None
        assert changed["name"] == "other"
        context.patch("service", "service-01", {"state": "active"}, own=True)
        context.delete("service", "service-02")

    assert named(program, "name=other") == ["service-01"]
    assert named(program, "state=active") == ["service-01"]
    assert named(program, "name=number 1") == []
    assert named(program, "") == ["service-00", "service-01"]
    assert told(program) == [
        ("service-00", "CreateEvent"),
        ("service-01", "CreateEvent"),
        ("service-02", "CreateEvent"),
        ("service-01", "AttributeValueChangeEvent"),
        ("service-01", "StateChangeEvent"),
        ("service-02", "DeleteEvent"),
    ]


def test_what_is_not_written_yet_is_seen(program: Program) -> None:
    with acting(program) as context, context.together():
        context.store("service", service(1))
        records = context.records("seen")
        records.put("key", {"it": 1})
        records.keep("key", {"it": 2})
        records.keep("other", {"it": 3})
        records.put("other", {"it": 4})

        assert context.read("TMF638.service", "service-01") is not None
        assert [one["id"] for one in context.find("TMF638.service", "name=number 1")]
        assert records.several(["key", "other"]) == {"key": {"it": 1}, "other": {"it": 4}}
        records.keep("key", {"it": 5})

    with acting(program) as context:
        assert context.records("seen").get("key") == {"it": 1}


def test_what_is_large_is_written_before_the_end(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tmf.store.session.MOST", 5000)

    with acting(program) as context, context.together():
        for number in range(20):
            context.store("service", service(number, description="x" * 900))
        for number in range(20):
            context.patch("service", f"service-{number:02}", {"description": "new"}, own=True)

    assert len(named(program, "description=new")) == 20
    assert [kind for _, kind in told(program)] == 20 * ["CreateEvent"] + 20 * [
        "AttributeValueChangeEvent"
    ]


def test_an_id_that_is_taken_fails_all_of_it(program: Program) -> None:
    with acting(program) as context:
        context.store("service", service(1))

    def store(number: int) -> None:
        with acting(program) as context, context.together():
            for one in range(number):
                context.store("service", service(one))

    with pytest.raises(IntegrityError):
        store(2)

    assert named(program, "") == ["service-01"]
    assert told(program) == [("service-01", "CreateEvent")]


def test_what_fails_alone_takes_along_what_it_has_not_written(program: Program) -> None:
    with program.database.session(write=True) as session:
        context = inventory(program, session)
        context.records("seen").put("before", {})

        def fail() -> None:
            with session.attempt(), context.together():
                context.records("seen").put("within", {})
                context.store("service", service(1))
                raise RuntimeError("no more")

        with pytest.raises(RuntimeError, match="no more"):
            fail()

    assert named(program, "") == []
    assert told(program) == []
    with acting(program) as context:
        assert list(context.records("seen").first(9)) == ["before"]


def test_many_take_no_more_statements_than_a_few(program: Program) -> None:
    statements: list[str] = []
    event.listen(
        program.database.engine,
        "before_cursor_execute",
        lambda _1, _2, statement, *_: statements.append(statement),
    )

    def written(numbers: range) -> int:
        statements.clear()
        ids = [f"service-{number:02}" for number in numbers]
        with acting(program) as context:
            with context.together():
                for number in numbers:
                    context.store("service", service(number))
            context.lock_all("service", ids)
            with context.together():
                for one in ids:
                    context.patch("service", one, {"name": "new"}, own=True)
            with context.together():
                for one in ids:
                    context.delete("service", one)
        return len(statements)

    assert written(range(MANY)) == written(range(2))
    assert len(told(program)) == 3 * (MANY + 2)
