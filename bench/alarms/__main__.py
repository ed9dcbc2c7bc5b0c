"""`python -m bench.alarms`: an alarm storm over two inventories, beside plain alarms."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from bench import report
from bench.alarms.inventory import BIG, LINES, element, elements_of, fill
from bench.alarms.storm import COLLECTION, Storm, alarm, alarms_of, blow, plain
from bench.client import BenchError, Client
from bench.database import Databases, bench_databases
from bench.events.stage import Stage, scalar
from bench.machine import facts
from bench.progress import say
from bench.running import to_the_end
from tests.reaper import reaper
from tests.services import Means, find_postgresql
from tmf.settings import Settings

SERVICES = 10_000, 100_000
FULL = 10_000, 1_000_000
ELEMENTS = 50
"""Elements that fail in the smaller inventory, and in both where their costs are compared."""

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


def _measure(stage: Stage, sizes: tuple[int, int]) -> str:
    answer, listed = _impact(stage)
    small = _over(stage, sizes[0], ELEMENTS)
    same = _over(stage, sizes[1], ELEMENTS)
    rows = [["what", "figure", "goal"]]
    for one in (small, same):
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
    growth = small.storm.sustained / same.storm.sustained
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
    parser = argparse.ArgumentParser(prog="python -m bench.alarms", description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"{FULL[1]:,} services")
    parser.add_argument("--postgresql", metavar="URL", help="server (default: as the tests find)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there")
    given = parser.parse_args()
    for name in Settings.model_fields:  # the caller's settings are not what is measured
        os.environ.pop(f"TMF_{name.upper()}", None)
    with ExitStack() as stack:
        stack.callback(reaper.close)
        means = Means(stack, os.environ.get("TMF_TEST_INSTALL") == "1")
        server = given.postgresql or find_postgresql(means).url
        databases: Databases = stack.enter_context(bench_databases(server))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tmf-bench-")))
        stage = Stage(databases, folder, 1, 0, 0, None, "")
        command = "python -m bench.alarms" + (" --full" if given.full else "")
        notes = [f"- {note}" for note in facts(databases.create("facts"))]
        begun = f"Given by `{command}`: one `tmf serve` over PostgreSQL, 64 connections, one round."
        measured = _measure(stage, FULL if given.full else SERVICES)
        text = "\n\n".join([begun, "\n".join(notes), measured]) + "\n"
        print(f"\n{text}")
        if given.write:
            report.write_part(given.write, "alarms", text)


def main() -> None:
    """The command."""
    to_the_end(_main)


if __name__ == "__main__":
    main()
