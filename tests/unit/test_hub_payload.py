"""What a listener is sent of an event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tmf.hub.payload import cut
from tmf.tmf630_guidelines.query import parse_selection

TICKET = '{"id":"7","href":"/t/7","status":"open","name":"n","size":10.00,"note":[{"a":1,"b":2}]}'
EVENT = f'{{"eventId":"1","eventType":"TicketCreateEvent","event":{{"ticket":{TICKET}}}}}'


def sent(fields: str) -> Any:
    selection = parse_selection(f"fields={fields}")
    assert selection is not None
    return json.loads(cut(EVENT, selection))


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ("status", {"status"}),
        ("status,name,unknown", {"status", "name"}),
        ("none", set()),
        ("eventId", set()),
        ("event.ticket.status", {"status"}),
        ("event.ticket.status,name", {"status", "name"}),
        ("event.order.status", set()),
        ("event", {"status", "name", "size", "note"}),
        ("event.ticket", {"status", "name", "size", "note"}),
    ],
)
def test_fields_select_of_the_resource(fields: str, names: set[str]) -> None:
    event = sent(fields)

    assert event.keys() == {"eventId", "eventType", "event"}
    assert event["event"]["ticket"].keys() == {"id", "href", *names}


def test_paths_go_deeper_and_numbers_keep_their_spelling() -> None:
    assert sent("note.a")["event"]["ticket"]["note"] == [{"a": 1}]
    selection = parse_selection("fields=size")
    assert selection is not None
    assert b'"size":10.00' in cut(EVENT, selection)
