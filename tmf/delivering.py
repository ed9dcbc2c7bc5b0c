"""What delivers events to listeners: matching, the deliverer, retention. Composed here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from tmf.events.bell import Bell
from tmf.events.clock import Clock
from tmf.events.leases import Leases
from tmf.events.running import Runner
from tmf.events.takers import Taker
from tmf.events.upkeep import Chore
from tmf.hub.deliverer import AT_ONCE, Deliverer
from tmf.hub.figures import HubFigures
from tmf.hub.matching import Matcher
from tmf.hub.outcomes import Outcomes
from tmf.hub.posting import Poster
from tmf.hub.retention import DeliveryRetention
from tmf.hub.schedule import RetrySchedule
from tmf.settings import Settings, split_list
from tmf.spec.model import Api
from tmf.store.database import Database
from tmf.store.deliveries import PARTS

_CHANNEL = "tmf_deliveries"
_DAY = 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Delivering:
    """The hub's part in a process: it takes events, runs beside requests, and tidies up."""

    taker: Taker
    runners: Sequence[Runner]
    chores: Sequence[Chore]


def delivering_of(
    settings: Settings, database: Database, clock: Clock, apis: Iterable[Api], figures: HubFigures
) -> Delivering:
    """The hub as the settings want it; what it does is counted in `figures`."""
    schedule = RetrySchedule(tuple(map(float, split_list(settings.hub_retry_schedule))))
    leases = Leases(database, "hub", PARTS, settings.lease_seconds)
    open_poster = partial(
        Poster,
        clock,
        connections=AT_ONCE,
        allow_private=settings.hub_allow_private_callbacks,
    )
    deliverer = Deliverer(
        database, clock, Outcomes(schedule, figures), leases, open_poster, settings.hub_in_flight
    )
    # Who matches an event need not be who delivers it.
    bell = Bell(database, alone=lambda: leases.all_held, channel=_CHANNEL)
    bell.wakes(deliverer.wake)
    chores = DeliveryRetention(int(settings.retention_days * _DAY)).chores()
    return Delivering(Matcher(apis, clock).taker(bell.ring), (deliverer, bell), chores)
