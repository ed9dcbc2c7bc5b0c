"""Which events a change is, and what an event says."""

from __future__ import annotations

import json

import pytest

from tests.unit.made_up import ticket_api
from tmf.rest.telling import told_paths
from tmf.tmf630_guidelines.events import Happening, changed, created, deleted, envelope

FOUR = (
    "TicketCreateEvent",
    "TicketAttributeValueChangeEvent",
    "TicketStateChangeEvent",
    "TicketDeleteEvent",
)
STATES = frozenset({"state"})


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], []),
        (["state"], [Happening("TicketStateChangeEvent")]),
        (["name", "note"], [Happening("TicketAttributeValueChangeEvent", ("name", "note"))]),
        (
            ["name", "state"],
            [
                Happening("TicketStateChangeEvent"),
                Happening("TicketAttributeValueChangeEvent", ("name",)),
            ],
        ),
    ],
)
def test_a_change_of_state_and_of_other_attributes_are_two_events(
    paths: list[str], expected: list[Happening]
) -> None:
    assert list(changed("Ticket", FOUR, paths, STATES)) == expected


def test_only_events_that_the_resource_offers() -> None:
    assert list(created("Ticket", FOUR)) == [Happening("TicketCreateEvent")]
    assert list(deleted("Ticket", FOUR)) == [Happening("TicketDeleteEvent")]
    assert list(created("Ticket", ())) == list(deleted("Ticket", FOUR[:3])) == []
    assert list(changed("Ticket", FOUR[:1], ["state", "name"], STATES)) == []


def test_the_envelope_takes_the_resource_over_as_it_stands() -> None:
    text = envelope(
        Happening("TicketAttributeValueChangeEvent", ("name", "price")),
        identity="e1",
        time="2026-01-01T00:00:00.000Z",
        domain="TicketManagement",
        correlation="r1",
        resource="ticket",
        text=b'{"id":"t1","price":10.00}',
    )

    assert '"event":{"ticket":{"id":"t1","price":10.00}}}' in text
    assert json.loads(text) == {
        "eventId": "e1",
        "eventTime": "2026-01-01T00:00:00.000Z",
        "eventType": "TicketAttributeValueChangeEvent",
        "timeOcurred": "2026-01-01T00:00:00.000Z",
        "domain": "TicketManagement",
        "correlationId": "r1",
        "fieldPath": "name,price",
        "event": {"ticket": {"id": "t1", "price": 10.0}},
    }


@pytest.mark.parametrize(
    ("meant", "changed_paths", "told"),
    [
        (["name"], ["lastUpdate", "name"], ["name"]),
        (["status"], ["openedDate", "status"], ["status"]),
        (["name", "status"], ["name", "openedDate", "status"], ["name", "openedDate", "status"]),
    ],
)
def test_what_nobody_meant_to_change_is_not_told(
    meant: list[str], changed_paths: list[str], told: list[str]
) -> None:
    facts = {"state": "status", "server-set": {"lastUpdate": "changed"}}
    ticket = ticket_api(facts).resources["ticket"]

    assert told_paths(ticket, meant, changed_paths) == told
