"""Takers: those within the house who want every event, such as the hub and the reactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tmf.store.outbox import OutboxEvent
from tmf.store.session import Session

Take: TypeAlias = Callable[[Session, Sequence[OutboxEvent]], None]
"""What events do, in the session that also keeps their receipts: all or nothing.

It may raise: the events are then tried one by one, and the one that fails again, and parked when
that does not help. It is called in a thread, and for the events of one resource in their order.
"""


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes events; `name` tells its receipts and its queues apart and must not change.

    `wants` says by the event's type (`ProductOrderCreateEvent`) whether it is taken at all.
    `taken` is told, on the event loop, that events were taken and committed.
    """

    name: str
    take: Take
    wants: Callable[[OutboxEvent], bool] = lambda _: True
    taken: Callable[[], None] = lambda: None
