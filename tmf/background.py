"""What runs beside requests, or without any: the bus, due work, upkeep. Composed here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tmf.events.bell import Bell
from tmf.events.embedded import EmbeddedBus
from tmf.events.figures import Done
from tmf.events.intake import Intake, Intakes
from tmf.events.leases import Leases
from tmf.events.rabbitmq.consumers import Consumers
from tmf.events.rabbitmq.publisher import Publisher
from tmf.events.rabbitmq.topology import QUEUES, Topology
from tmf.events.retention import Retention
from tmf.events.retries import Retries
from tmf.events.running import Runner
from tmf.events.takers import Taker
from tmf.events.upkeep import Chore
from tmf.settings import Settings, split_list
from tmf.store.database import Database
from tmf.store.outbox import PARTITIONS

_DAY = 24 * 3600 * 1_000_000


class Background:
    """Runs several at once. They are all told to stop together."""

    def __init__(self, runners: Sequence[Runner]) -> None:
        self._runners = runners
        self._running: asyncio.Future[list[None]] | None = None

    def start(self) -> None:
        """Begin to run."""
        self._running = asyncio.gather(*(runner.run() for runner in self._runners))

    async def stop(self) -> None:
        """End all of them; what is in hand is finished or given back."""
        for runner in self._runners:
            runner.stop()
        if self._running is not None:
            await self._running


def bus_of(
    settings: Settings, database: Database, takers: Sequence[Taker], done: Done, *, serving: bool
) -> list[Runner]:
    """The bus with those who take from it; what it does is counted in `done`.

    If the work is done apart, a process that serves requests only tells of new events.
    """
    if settings.work_apart and serving:
        return [Bell(database)]
    schedule = tuple(map(float, split_list(settings.event_retry_schedule)))
    intakes = Intakes(database, [Intake(taker, schedule) for taker in takers], done)
    leases = Leases(database, "outbox", PARTITIONS, settings.lease_seconds)
    # The holder of all partitions has nobody to wake but itself.
    bell = Bell(database, alone=lambda: leases.all_held)
    if settings.broker_url is None:
        bus = EmbeddedBus(intakes, leases)
        bell.wakes(bus.wake)
        return [bus, Retries(intakes), bell]
    url = settings.broker_url
    topology = Topology(settings.broker_name, [taker.name for taker in takers])
    publisher = Publisher(database, leases, url, topology, done)
    bell.wakes(publisher.wake)
    queues = Leases(database, "queues", QUEUES, settings.lease_seconds)
    consumers = Consumers(intakes, queues, url, topology)
    return [publisher, consumers, Retries(intakes), bell]


def event_chores(settings: Settings) -> tuple[Chore, ...]:
    """What purges events and receipts once they are old."""
    return Retention(int(settings.retention_days * _DAY)).chores()
