"""`python -m bench.alarms`: an alarm storm over two inventories, beside plain alarms."""

from __future__ import annotations

import time
from typing import NamedTuple

from bench import report
from bench.alarms.inventory import BIG, LINES, element, elements_of, fill
from bench.alarms.storm import COLLECTION, Storm, alarm, alarms_of, blow, plain
from bench.client import BenchError, Client
from bench.events.stage import Stage, scalar
from bench.progress import say
from bench.running import to_the_end
from bench.staging import Command, staged

SERVICES = 10_000, 100_000
FULL = 10_000, 1_000_000
COMMAND = Command("alarms", __doc__, f"{FULL[1]:,} services")
ELEMENTS = 50
"""Elements that fail: all that the smaller inventory has."""
FULL_ELEMENTS = 100
"""Elements that fail in the larger one, in full: 20,000 alarms."""

_ROOTS = (
    "SELECT count(*) FROM record WHERE api = 'TMF642' AND kind = 'alarm' "
    """AND body LIKE '%"members":["%'"""
)

_IMPACT = "/admin/v1/impact"
_ROUNDS = 5
_PATIENCE = 120.0


class Found(NamedTuple):
    """What was found over one inventory."""

    services: int
    plain: Storm
    storm: Storm


def _over(stage: Stage, services: int, elements: int) -> Found:
    url = stage.databases.create(f"inventory{chr(ord('a') + len(str(services)))}")
    fill(url, services)
    bodies = alarms_of(elements)
    with stage.server(url) as server:
        say(f"{len(bodies):,} plain alarms over {services:,} services")
        quiet = blow(server.port, url, plain(len(bodies)))
        say(f"a storm of {len(bodies):,} alarms over {services:,} services")
        found = Found(services, quiet, blow(server.port, url, bodies))
    roots = scalar(url, _ROOTS)
    if roots != elements:
        raise BenchError(f"{roots} root causes were found, of {elements}")
    return found


def _impact(stage: Stage) -> tuple[float, float]:
    """Seconds for an answer that tells of 10,000 services, and from the POST to the whole list."""
    url = stage.databases.create("impact")
    fill(url, 2 * LINES, big=True)
    with stage.server(url) as server, Client(server.port) as client:
        begun = time.monotonic()
        body = alarm({"id": element(elements_of(2 * LINES))})
        identity = client.post(COLLECTION, body).document["id"]
        answers = []
        for _ in range(_ROUNDS):
            asked = time.monotonic()
            document = client.get(f"{_IMPACT}/{identity}?limit=100").document
            answers.append(time.monotonic() - asked)
            if document["serviceCount"] != 2 * BIG:
                raise BenchError(f"the impact tells of {document['serviceCount']} services")
        while (
            client.get(f"{COLLECTION}/{identity}").document.get("affectedServiceCount") != 2 * BIG
        ):
            if time.monotonic() - begun > _PATIENCE:
                raise BenchError("the alarm never lists its services")
            time.sleep(0.05)
        return sorted(answers)[_ROUNDS // 2], time.monotonic() - begun


def _measure(stage: Stage, sizes: tuple[int, int], failing: int) -> str:
    answer, listed = _impact(stage)
    small = _over(stage, sizes[0], ELEMENTS)
    large = _over(stage, sizes[1], failing)
    rows = [["what", "figure", "goal"]]
    for one in (small, large):
        share = one.storm.sustained / one.plain.sustained
        rows.append(
            [
                f"{one.storm.alarms:,} alarms over {one.services:,} services, with causes and "
                "impact, times the speed of plain ones",
                f"{share:.2f}: {one.storm.sustained:,.0f} and {one.plain.sustained:,.0f} a second",
                "at least 0.5",
            ]
        )
        rows.append(
            [
                f"the same, until all are answered, over {one.services:,} services",
                f"{one.storm.alarms / one.storm.answered:,.0f} and "
                f"{one.plain.alarms / one.plain.answered:,.0f} a second",
                "",
            ]
        )
    growth = small.storm.sustained / large.storm.sustained
    rows.append(
        [
            f"cost of an alarm at {sizes[1]:,} services, times that at {sizes[0]:,}",
            f"{growth:.2f}",
            "at most 2",
        ]
    )
    rows.append(["the impact of one alarm on 10,000 services, asked for", f"{answer:.2f} s", "1 s"])
    rows.append(["from its POST until it lists and counts them", f"{listed:.2f} s", ""])
    return report.table(rows[0], rows[1:])


def _main() -> None:
    given = COMMAND.options().parse_args()
    with staged(given, brokered=False) as here:
        sizes, failing = (FULL, FULL_ELEMENTS) if given.full else (SERVICES, ELEMENTS)
        measured = _measure(here, sizes, failing)
        how = "one `tmf serve` over PostgreSQL, 64 connections of one aiohttp client, one round."
        COMMAND.tell(given, here, how, measured)


def main() -> None:
    """The command."""
    to_the_end(_main)


if __name__ == "__main__":
    main()
