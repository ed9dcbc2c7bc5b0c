"""What a package's reaction may do, and that all of it is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.e2e.minimal import CREATED
from tmf.apis import APIS
from tmf.app import takers_of
from tmf.declare import Event, Reaction, ReactionContext
from tmf.events.takers import Taker
from tmf.program import Program, build_program
from tmf.rest.telling import Cause
from tmf.settings import Settings
from tmf.store import schema
from tmf.store.outbox import PARTITIONS, OutboxEvent, waiting
from tmf.store.session import document_of
from tmf.tmf638_inventory import INVENTORY


def _nobody() -> None:
    """Nobody need be woken."""


CAUSE = Cause("north", "", "request-1")
SERVICE = CREATED["TMF638/service"]

House = tuple[Program, Taker]


@pytest.fixture
def house(database_url: str) -> Iterator[Callable[[Reaction], House]]:
    """A program in which TMF638 reacts to new categories, and the taker that does."""
    programs: list[Program] = []

    def build(reaction: Reaction) -> House:
        reacting = replace(INVENTORY, reactions={"CategoryCreateEvent": (reaction,)})
        listed = [(name, reacting if name == "TMF638" else known) for name, known in APIS]
        program = build_program(Settings(database_url=database_url), listed)
        programs.append(program)
        schema.prepare(program.database)
        (taker,) = (one for one in takers_of(program, _nobody) if one.name == "reactions.TMF638")
        return program, taker

    yield build
    for program in programs:
        program.close()


def create_category(program: Program) -> OutboxEvent:
    """A new category in the realm `north`; its event."""
    category = program.changes.resources["TMF620.category"]
    with program.database.session(write=True) as session:
        program.changes.create(session, category, CAUSE, {"id": "c1", "name": "First"})
        return waiting(session.connection, range(PARTITIONS), each=1, most=1)[0].event


def told(program: Program) -> list[tuple[str, str]]:
    """Type and realm of the events that wait."""
    with program.database.session() as session:
        found = waiting(session.connection, range(PARTITIONS), each=100, most=100)
    return [(one.event.type, one.event.realm) for one in found]


def test_a_reaction_reads_everything_and_changes_what_is_its_own(
    house: Callable[[Reaction], House],
) -> None:
    seen: list[object] = []

    def react(context: ReactionContext, event: Event) -> None:
        seen.append((event.type, event.resource, event.id, event.document["name"]))
        category = context.read("TMF620.category", event.id)
        assert category is not None
        assert category["href"] == "/tmf-api/productCatalogManagement/v4/category/c1"
        assert context.read("TMF620.category", "nobody") is None
        for name in ("one", "two"):
            context.create("service", {**SERVICE, "id": name, "name": category["name"]})
        assert [one["id"] for one in context.find("TMF638.service", "name=First")] == ["one", "two"]
        changed = context.patch("service", "one", {"state": "active"})
        assert changed is not None
        assert changed["state"] == "active"
        assert context.patch("service", "nobody", {}) is None
        assert context.delete("service", "two")
        assert not context.delete("service", "two")

    program, taker = house(react)
    event = create_category(program)
    assert taker.wants(event)
    with program.database.session(write=True) as session:
        taker.take(session, [event])

    assert seen == [("CategoryCreateEvent", "TMF620.category", "c1", "First")]
    assert sorted(told(program)) == sorted(
        [
            ("CategoryCreateEvent", "north"),
            ("ServiceCreateEvent", "north"),
            ("ServiceCreateEvent", "north"),
            ("ServiceStateChangeEvent", "north"),
            ("ServiceDeleteEvent", "north"),
        ]
    )
    with program.database.session() as session:
        row = session.get(program.changes.resources["TMF638.service"], "north", "one")
        assert row is not None
        assert document_of(row)["state"] == "active"
        bodies = session.connection.exec_driver_sql("SELECT body FROM outbox").scalars()
        assert all('"correlationId":"request-1"' in body for body in bodies)


def test_a_reaction_that_raises_leaves_nothing(house: Callable[[Reaction], House]) -> None:
    def react(context: ReactionContext, event: Event) -> None:
        context.create("service", {**SERVICE, "id": "one"})
        raise RuntimeError(event.id)

    program, taker = house(react)
    event = create_category(program)
    with program.database.session(write=True) as session:
        with pytest.raises(RuntimeError, match="c1"), session.attempt():
            taker.take(session, [event])
        assert session.afterwards == []

    assert told(program) == [("CategoryCreateEvent", "north")]


def test_what_is_another_apis_is_not_there_to_be_changed(
    house: Callable[[Reaction], House],
) -> None:
    def react(context: ReactionContext, event: Event) -> None:
        context.patch("category", event.id, {"name": "Second"})

    program, taker = house(react)
    event = create_category(program)
    with (
        pytest.raises(KeyError, match=r"TMF638\.category"),
        program.database.session(write=True) as session,
    ):
        taker.take(session, [event])


@pytest.mark.over("SQLite")
def test_a_reaction_to_what_never_happens_stops_the_start(database_url: str) -> None:
    reacting = replace(INVENTORY, reactions={"CategoryCreatedEvent": (lambda *_: None,)})
    listed = [("TMF620", None), ("TMF638", reacting)]
    program = build_program(Settings(database_url=database_url), listed)

    with pytest.raises(ValueError, match="CategoryCreatedEvent"):
        takers_of(program, _nobody)
    program.close()
