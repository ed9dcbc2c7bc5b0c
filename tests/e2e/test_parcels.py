"""What a deliverer reads at once: of each listener no more than fits."""

from __future__ import annotations

from sqlalchemy import text

from tmf.access.callers import ANYBODY
from tmf.events.ids import new_id
from tmf.hub.subscriptions import Subscriptions
from tmf.program import build_program
from tmf.settings import Settings
from tmf.store import deliveries, dispatch, schema
from tmf.store.deliveries import Heard
from tmf.store.outbox import OutboxEvent

SIZES = (3, 3, 3, 3)


def test_of_each_listener_the_first_events_are_read_up_to_a_size(database_url: str) -> None:
    program = build_program(Settings(database_url=database_url))
    schema.prepare(program.database)
    clock = program.changes.clock
    subscriptions = Subscriptions(next(api for api in program.apis if api.name == "TMF620"), clock)
    with program.database.session(write=True) as session:
        registered = (
            subscriptions.register(session, ANYBODY, "http://listener.example/", None)
            for _ in range(2)
        )
        hubs = [one.id for one in registered]
        for size in SIZES:
            about = ("TMF620", "category", new_id(clock))
            event = OutboxEvent("default", new_id(clock), "E", *about, 0, "x" * size)
            deliveries.add(session.connection, [Heard(event, hubs)], 0)
        found = session.connection.execute(text("SELECT id FROM delivery")).scalars().all()

        read = {
            most: [
                (one.hub, one.sequence) for one in dispatch.parcels(session.connection, found, most)
            ]
            for most in (1, 6, 7, 100)
        }

    for most, numbers in {1: [1], 6: [1, 2], 7: [1, 2, 3], 100: [1, 2, 3, 4]}.items():
        assert sorted(read[most]) == sorted((hub, number) for hub in hubs for number in numbers)
    program.close()
