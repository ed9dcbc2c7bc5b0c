"""Events as messages of the broker, and the settings that lead there."""

from __future__ import annotations

import pika
import pytest
from pydantic import ValidationError

from tmf.events.rabbitmq.messages import event_of, properties_of
from tmf.events.rabbitmq.topology import QUEUES, hidden_key, routing_key
from tmf.settings import Settings
from tmf.store.outbox import OutboxEvent, Positioned

EVENT = OutboxEvent(
    "north",
    "e1",
    "ServiceCreateEvent",
    "TMF638",
    "service",
    "s/1",
    1_700_000_000_123_456,
    '{"ö":1}',
)
PLACED = Positioned(42, EVENT)


def test_an_event_comes_back_from_its_message_as_it_was() -> None:
    assert event_of(properties_of(PLACED), EVENT.body.encode()) == PLACED


def test_a_message_says_what_others_need_to_route_and_to_tell_repeats() -> None:
    properties = properties_of(PLACED)

    assert routing_key(EVENT) == "north.tmf638.service.ServiceCreateEvent"
    assert (properties.message_id, properties.type) == ("e1", "ServiceCreateEvent")
    assert properties.timestamp == 1_700_000_000
    assert properties.headers is not None
    assert properties.headers["BCC"] == [hidden_key(EVENT.partition % QUEUES)]


@pytest.mark.parametrize("headers", [None, {}, {"realm": "north"}])
def test_a_message_of_somebody_else_is_no_event(headers: dict[str, object] | None) -> None:
    assert event_of(pika.BasicProperties(headers=headers), b"{}") is None


def test_a_message_that_is_no_text_is_no_event() -> None:
    assert event_of(properties_of(PLACED), b"\xff\xfe") is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"broker_url": "http://127.0.0.1/"},
        {"broker_name": "a.b"},
        {"event_retry_schedule": "1,soon"},
        {"event_retry_schedule": "-1"},
        {"retention_days": 0},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)  # type: ignore[arg-type]
