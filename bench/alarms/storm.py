"""Storms: alarms posted as fast as they are taken, until all that follows from them is done."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import aiohttp

from bench.alarms.inventory import LINES, access, element, line
from bench.client import HOST, BenchError
from bench.events.stage import scalar
from tmf.tmf630_guidelines.documents import encode

COLLECTION = "/tmf-api/alarm/v4/alarm"

_CONNECTIONS = 64
_PATIENCE = 900.0
_LEFT = (
    "SELECT (SELECT count(*) FROM outbox WHERE published IS NULL) "
    "+ (SELECT count(*) FROM record WHERE api = 'TMF642' AND kind IN ('mark', 'pending')) "
    "+ (SELECT count(*) FROM outbox WHERE resource = 'alarm' "
    "AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.event_id = outbox.event_id "
    "AND inbox.taker = 'reactions.TMF642'))"
)
"""What is left to be done: events, marks."""


class Storm(NamedTuple):
    """How long it took, in seconds, until all were answered, and until all was done."""

    alarms: int
    answered: float
    settled: float

    @property
    def sustained(self) -> float:
        """Alarms a second, with all that follows from them."""
        return self.alarms / self.settled


def alarms_of(elements: int, seed: int = 4) -> list[bytes]:
    """The alarms of so many failed elements, one for all that is on each, in any order."""
    bodies = []
    for number in range(elements):
        named = [element(number)]
        named += [line(number, place) for place in range(LINES)]
        named += [access(number, place) for place in range(LINES - 1)]
        bodies += [alarm({"id": one}) for one in named]
    random.Random(seed).shuffle(bodies)  # noqa: S311
    return bodies


def plain(count: int) -> list[bytes]:
    """As many alarms that nothing follows from: what is alarmed has no id."""
    return [alarm({"@referredType": "Card", "name": f"card {one}"}) for one in range(count)]


def alarm(named: dict[str, Any]) -> bytes:
    """The body of a report."""
    return encode(
        {
            "alarmType": "communicationsAlarm",
            "perceivedSeverity": "critical",
            "probableCause": "lossOfSignal",
            "alarmedObject": named,
            "sourceSystemId": "access-ems",
            "reportingSystemId": "umbrella-manager",
            "state": "raised",
            "ackState": "unacknowledged",
            "alarmRaisedTime": "2026-11-01T03:00:00Z",
            "alarmReportingTime": "2026-11-01T03:00:01Z",
            "alarmDetails": "light has gone",
            "serviceAffecting": True,
        }
    )


def blow(port: int, url: str, bodies: Sequence[bytes]) -> Storm:
    """Post them all over many connections, and wait until nothing is left to be done."""
    begun = time.monotonic()
    asyncio.run(_post_all(port, bodies))
    answered = time.monotonic() - begun
    while scalar(url, _LEFT):
        if time.monotonic() - begun > _PATIENCE:
            raise BenchError(f"the storm is not over after {_PATIENCE:g} s")
        time.sleep(0.1)
    return Storm(len(bodies), answered, time.monotonic() - begun)


async def _post_all(port: int, bodies: Sequence[bytes]) -> None:
    left = iter(bodies)
    headers = {"Content-Type": "application/json"}

    async def post(session: aiohttp.ClientSession) -> None:
        for body in left:
            async with session.post(COLLECTION, data=body, headers=headers) as answer:
                await answer.read()
                if answer.status != 201:
                    raise BenchError(f"an alarm is answered {answer.status}")

    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(f"http://{HOST}:{port}", connector=connector) as session:
        await asyncio.gather(*(post(session) for _ in range(_CONNECTIONS)))
