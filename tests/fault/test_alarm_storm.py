"""An alarm storm while processes are killed.

The promises: no alarm that was accepted is lost, none is there twice, no group is left half-made,
and what is on record of services is what the alarms say.
"""

from __future__ import annotations

import signal
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import requests

from tests.e2e.client import Client
from tests.e2e.waiting import until
from tests.fault.chance import LONG, new_draw
from tests.fault.houses import House
from tmf.apis import APIS

CARDS, LINES = (6, 40) if LONG else (3, 10)
KILLS = 30 if LONG else 3
RAISED = "2030-01-01T00:00:00Z"


def fill(tmf: Client) -> None:
    """Cards, each with lines, each with an access that rests on it."""
    for card in range(CARDS):
        for line in range(LINES):
            name = f"{card}-{line}"
            common = {
                "state": "active",
                "startDate": "2020-01-01T00:00:00Z",
                "serviceSpecification": {"id": "x"},
                "relatedParty": [{"id": f"party-{name}", "@referredType": "Individual"}],
            }
            resource = [{"id": f"card-{card}"}]
            tmf.create(
                "TMF638/service", {**common, "id": f"line-{name}", "supportingResource": resource}
            )
            tmf.create(
                "TMF638/service",
                {**common, "id": f"access-{name}", "supportingService": [{"id": f"line-{name}"}]},
            )


def reports() -> list[str]:
    """What is alarmed: each card, and all that rests on it."""
    found = [f"card-{card}" for card in range(CARDS)]
    for card in range(CARDS):
        for line in range(LINES):
            found += [f"line-{card}-{line}", f"access-{card}-{line}"]
    return found


def alarm(named: str) -> dict[str, Any]:
    return {
        "alarmType": "equipmentAlarm",
        "perceivedSeverity": "critical",
        "probableCause": "lossOfSignal",
        "alarmedObject": {"id": named},
        "sourceSystemId": "ems",
        "state": "raised",
        "alarmRaisedTime": RAISED,
    }


def sent_until_accepted(servers: list[Any], named: str) -> None:
    """Report one alarm, again and again until a server says that it has it."""
    for _ in count():
        try:
            with Client(servers[-1].url) as tmf:
                if tmf.post("TMF642/alarm", alarm(named)).status_code == 201:
                    return
        except requests.RequestException:
            pass


def test_a_storm_during_kills_loses_no_alarm_and_leaves_no_group_half_made(house: House) -> None:
    house.program = (sys.executable, "-m", "tmf")
    taking = [name for name, known in APIS if known is not None and known.reactions]
    house.takers = [*(f"reactions.{name}" for name in taking), "hub"]
    draw = new_draw()
    servers = [house.start()[0]]
    workers = [house.work()] if house.broker_url is not None else []
    with Client(servers[0].url) as tmf:
        fill(tmf)
    storm = reports()
    draw.shuffle(storm)
    with ThreadPoolExecutor(4) as pool:
        sending = [pool.submit(sent_until_accepted, servers, named) for named in storm]
        for kill in range(1, KILLS + 1):
            wanted = kill * len(storm) // (KILLS + 1)
            until(lambda wanted=wanted: sum(one.done() for one in sending) >= wanted, "the storm")  # type: ignore[misc]
            if workers and draw.random() < 0.5:
                workers[-1].process.send_signal(signal.SIGKILL)
                assert workers[-1].ended(within=30)
                workers.append(house.work())
            else:
                servers[-1].process.send_signal(signal.SIGKILL)
                assert servers[-1].ended(within=30)
                servers.append(house.serve())
        for one in sending:
            one.result(timeout=120)
    with Client(servers[-1].url) as tmf:
        until(lambda: is_settled(house), "all to be followed up")
        check(tmf)


def is_settled(house: House) -> bool:
    """Whether nothing is left to be done about alarms.

    Counted in the order in which the work passes on, so that none moves on uncounted.
    """
    if house.count("outbox WHERE published IS NULL"):
        return False
    taken = house.count(
        "inbox JOIN outbox ON outbox.event_id = inbox.event_id "
        "WHERE inbox.taker = 'reactions.TMF642' AND outbox.resource = 'alarm'"
    )
    if taken < house.count("outbox WHERE resource = 'alarm'"):
        return False
    return house.count("record WHERE api = 'TMF642' AND kind IN ('mark', 'pending')") == 0


def check(tmf: Client) -> None:
    """Every group is whole, and every service is on record once."""
    alarms = tmf.read("TMF642/alarm?limit=1000")
    by_object = Counter(one["alarmedObject"]["id"] for one in alarms)
    assert by_object == Counter(reports())
    roots = {one["id"]: one for one in alarms if one.get("isRootCause")}
    assert len(roots) == CARDS
    members: Counter[str] = Counter()
    for one in alarms:
        if one["id"] in roots:
            assert not one.get("parentAlarm")
            assert one["correlatedAlarmCount"] == 2 * LINES
            assert one["affectedServiceCount"] == 2 * LINES
            continue
        (parent,) = one["parentAlarm"]
        card = one["alarmedObject"]["id"].split("-")[1]
        assert roots[parent["id"]]["alarmedObject"]["id"] == f"card-{card}"
        members[parent["id"]] += 1
    assert set(members.values()) == {2 * LINES}
    impacts = tmf.read("TMF642/serviceImpact?limit=1000")
    assert Counter(one["service"]["id"] for one in impacts) == Counter(
        named for named in reports() if not named.startswith("card")
    )
    assert {one["alarm"]["id"] for one in impacts} == roots.keys()
