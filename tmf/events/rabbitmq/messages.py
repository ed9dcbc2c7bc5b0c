"""Events as messages: what stands in their properties and headers. Described in docs/events.md."""

from __future__ import annotations

from typing import Any

import pika

from tmf.events.rabbitmq.topology import QUEUES, hidden_key
from tmf.store.outbox import OutboxEvent, Positioned

_PERSISTENT = 2
_SECOND = 1_000_000


def properties_of(placed: Positioned) -> pika.BasicProperties:
    """The properties of an event's message."""
    event = placed.event
    return pika.BasicProperties(
        app_id="tmf",
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=_PERSISTENT,
        message_id=event.id,
        type=event.type,
        timestamp=event.time // _SECOND,
        headers={
            "realm": event.realm,
            "api": event.api,
            "resource": event.resource,
            "id": event.subject,
            "position": placed.position,
            "time": event.time,
            # Routed by this key too, and taken out by the broker before anybody sees it.
            "BCC": [hidden_key(event.partition % QUEUES)],
        },
    )


def event_of(properties: pika.BasicProperties, body: bytes) -> Positioned | None:
    """The event that a message holds; None if it is none of ours."""
    headers: dict[str, Any] = properties.headers or {}
    try:
        event = OutboxEvent(
            headers["realm"],
            str(properties.message_id),
            str(properties.type),
            headers["api"],
            headers["resource"],
            headers["id"],
            int(headers["time"]),
            body.decode(),
        )
        return Positioned(int(headers["position"]), event)
    except (KeyError, TypeError, ValueError):
        return None
