"""How a listener's query compares what is in an event."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.made_up import ticket_api
from tmf.events.clock import Clock
from tmf.hub.queries import parse_query
from tmf.hub.subscriptions import Subscription, Subscriptions
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.matching import matches
from tmf.tmf630_guidelines.query import parse_criteria

API = ticket_api({"events": ["TicketCreateEvent"]}, {"size": {"type": "number"}})
SUBSCRIPTIONS = Subscriptions(API, Clock())
EVENT: dict[str, Any] = {
    "eventId": "1",
    "eventType": "TicketCreateEvent",
    "eventTime": "2024-02-29T12:30:00.000Z",
    "event": {
        "ticket": {
            "id": "7",
            "status": "open",
            "size": 10,
            "openedDate": "2024-02-29T12:30:00+02:00",
        }
    },
}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("eventId", "text"),
        ("eventType", "text"),
        ("correlationId", "text"),
        ("eventTime", "instant"),
        ("timeOcurred", "instant"),
        ("eventType.regex", None),
        ("event", "object"),
        ("event.ticket", "object"),
        ("event.ticket.status", "text"),
        ("event.ticket.openedDate", "instant"),
        ("event.ticket.size", "number"),
        ("event.ticket.own", None),
        ("event.order", None),
        ("event.order.status", None),
    ],
)
def test_an_attribute_is_compared_by_its_type(path: str, kind: str | None) -> None:
    assert SUBSCRIPTIONS.kind_of(tuple(path.split("."))) == kind


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("eventType=TicketCreateEvent&event.ticket.status=open", True),
        ("eventType=TicketDeleteEvent", False),
        ("eventType.regex=^Ticket.*Event$", True),
        ("eventTime.gt=2024-02-29T12:29:59Z", True),
        ("eventTime=2024-02-29T13:30:00%2B01:00", True),
        ("event.ticket.openedDate<2024-02-29T11:00:00Z", True),
        ("event.ticket.size=10.00", True),
        ("event.ticket.size.lt=9", False),
        ("event.order.status=open", False),
        ("filter=$.event.ticket[?(@.size>9)]", True),
        ("filter=$[?(@.eventType=='TicketDeleteEvent')]", False),
    ],
)
def test_a_query_is_asked_of_the_event(query: str, expected: bool) -> None:
    assert matches(parse_criteria(query, SUBSCRIPTIONS.kind_of), EVENT) is expected


@pytest.mark.parametrize(
    "query", ["eventTime.gt=yesterday", "event.ticket.size=big", "event=x", "event.ticket=x"]
)
def test_what_no_event_can_hold_is_refused(query: str) -> None:
    with pytest.raises(GuidelineError, match="invalidQuery"):
        parse_criteria(query, SUBSCRIPTIONS.kind_of)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("eventType.like=x", "eventType.like"),
        ("event.ticket.size.of.it=1", "event.ticket.size.of.it"),
        ("event.order.status=open", "events here are about: ticket"),
        ("filter=$.event[?(@.order.status=='open')]", "event.order.status"),
        ("filter=$[?(!(@.eventTime.year > 2))]", "eventTime.year"),
        ("sort=eventTime", "sort"),
        ("eventType=x&%6Cimit=1", "limit"),
    ],
)
def test_what_no_event_can_answer_is_named(query: str, named: str) -> None:
    with pytest.raises(GuidelineError, match=re.escape(named)):
        parse_query(query, API, SUBSCRIPTIONS.kind_of)


@pytest.mark.parametrize("query", ["event.ticket.own.below=x", "title=x", "own=x", "own.below=x"])
def test_extensions_may_be_asked_about(query: str) -> None:
    assert not matches(parse_query(query, API, SUBSCRIPTIONS.kind_of).criteria, EVENT)


def test_clients_see_what_they_registered() -> None:
    everything = Subscription("1", "https://host/x", None)
    some = Subscription("2", "https://host/x", "eventType=A")

    assert everything.document() == {"id": "1", "callback": "https://host/x"}
    assert some.document() == {"id": "2", "callback": "https://host/x", "query": "eventType=A"}
