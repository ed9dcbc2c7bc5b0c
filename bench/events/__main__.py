"""`python -m bench.events`: the bus and the hub, each beside the least that could do it."""

from __future__ import annotations

import argparse
import os
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

from bench import report
from bench.database import bench_databases
from bench.events import burdens, delivery, latency, relay
from bench.events.burdens import Burden
from bench.events.stage import Stage
from bench.figures import Spread
from bench.machine import facts
from bench.progress import say
from bench.running import to_the_end
from tests.databases import Unavailable
from tests.rabbitmq import clean_up
from tests.reaper import reaper
from tests.services import Means, find_postgresql, find_rabbitmq
from tmf.app import takers_of
from tmf.program import build_program
from tmf.settings import Settings

SMALL = (10_000, 100_000)
FULL = (50_000, 1_000_000)


def _measure(stage: Stage) -> str:
    rows = [["what", "figure", "goal"]]
    if stage.broker is None:
        say("no RabbitMQ here: its parts are left out")
    else:
        ours, bare, ratio = relay.measure(stage)
        rows.append(_ratio("relay to RabbitMQ", "a bare pika loop", ours, bare, ratio, "0.5"))
    ours, bare, ratio = delivery.measure(stage)
    rows.append(_ratio("deliveries to a listener", "a bare aiohttp loop", ours, bare, ratio, "0.3"))
    rows += _burden(f"{burdens.LISTENERS} matching listeners and none", burdens.listeners(stage))
    rows += _burden(f"{stage.waiting:,} events waiting and none", burdens.backlog(stage))
    rows.append(_latency("one process", latency.embedded(stage)))
    if stage.broker is not None:
        rows.append(_latency("RabbitMQ, `tmf serve` and `tmf work`", latency.brokered(stage)))
    return report.table(rows[0], rows[1:])


def _ratio(
    what: str, other: str, ours: Spread, bare: Spread, ratio: Spread, goal: str
) -> list[str]:
    figure = f"{report.shown(ratio, 2)}: {ours.middle:,.0f} and {bare.middle:,.0f} a second"
    return [f"{what}, times the speed of {other}", figure, f"at least {goal}"]


def _burden(what: str, burden: Burden) -> list[list[str]]:
    return [
        [f"POST, {what}: times as long, one at a time", report.shown(burden.alone, 2), "1.2"],
        [f"POST, {what}: times as long, 64 at once", report.shown(burden.at_once, 2), "1.2"],
    ]


def _latency(what: str, found: tuple[float, float]) -> list[str]:
    return [
        f"from the 201 to an idle listener, {what}",
        f"p50 {found[0]:.1f} ms, p99 {found[1]:.1f} ms",
        "",
    ]


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.events", description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"{FULL[1]:,} events waiting")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--postgresql", metavar="URL", help="server (default: as the tests find)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there")
    given = parser.parse_args()
    events, waiting = FULL if given.full else SMALL
    for name in Settings.model_fields:  # the caller's settings are not what is measured
        os.environ.pop(f"TMF_{name.upper()}", None)
    with ExitStack() as stack:
        stack.callback(reaper.close)
        means = Means(stack, os.environ.get("TMF_TEST_INSTALL") == "1")
        broker = None
        with suppress(Unavailable):
            broker = find_rabbitmq(means).url
        server = given.postgresql or find_postgresql(means).url
        databases = stack.enter_context(bench_databases(server))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tmf-bench-")))
        name = f"tmf_bench_{os.getpid()}"
        stage = Stage(databases, folder, given.rounds, events, waiting, broker, name)
        if broker is not None:
            stack.callback(clean_up, broker, name, takers())
        command = "python -m bench.events" + (" --full" if given.full else "")
        notes = [f"- {note}" for note in facts(databases.create("facts"))]
        begun = (
            f"Given by `{command}`: medians of {given.rounds} rounds, the least and the most in "
            "brackets."
        )
        text = "\n\n".join([begun, "\n".join(notes), _measure(stage)]) + "\n"
        print(f"\n{text}")
        if given.write:
            report.write_part(given.write, "events", text)


def takers() -> list[str]:
    """Those who have queues on the broker."""
    program = build_program(Settings(database_url="sqlite://"))
    names = [taker.name for taker in takers_of(program, lambda: None)]
    program.close()
    return [*names, "hub"]


def main() -> None:
    """The command."""
    to_the_end(_main)


if __name__ == "__main__":
    main()
