"""`python -m bench.story`: orders a second from POST to charge, and how a bill run grows."""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import tempfile
from contextlib import ExitStack, suppress
from datetime import date
from io import StringIO
from pathlib import Path

from bench import report
from bench.copying import copy
from bench.database import bench_databases
from bench.events.__main__ import takers
from bench.events.stage import Stage
from bench.machine import facts
from bench.progress import say
from bench.running import to_the_end
from bench.story import bills
from bench.story.orders import per_second
from tests.databases import Unavailable
from tests.rabbitmq import clean_up
from tests.reaper import reaper
from tests.services import Means, find_postgresql, find_rabbitmq
from tmf.billing_commands import BillRun
from tmf.program import build_program
from tmf.settings import Settings

ACCOUNTS = 1_000, 10_000
FULL = 10_000, 100_000
ORDERS = 300
_PROFILED = 200
_SHOWN = 12


def _orders(stage: Stage) -> list[list[str]]:
    rows: list[tuple[str, float]] = []
    with stage.server(f"sqlite:///{stage.folder}/orders.db") as server:
        rows.append(("SQLite, one process", per_second(server.port, ORDERS)))
    with stage.server(stage.database("orders")) as server:
        rows.append(("PostgreSQL, one process", per_second(server.port, ORDERS)))
    if stage.broker is not None:
        url = stage.database("brokered")
        with stage.server(url, stage.brokered) as server, stage.worker(url):
            rate = per_second(server.port, ORDERS)
            rows.append(("PostgreSQL and RabbitMQ, `tmf serve` and `tmf work`", rate))
    return [[f"orders, {where}", f"{rate:.1f} a second", ""] for where, rate in rows]


def _bills(stage: Stage, sizes: tuple[int, int]) -> tuple[list[list[str]], str]:
    small, large = (
        bills.run(stage.databases.create(f"bills{letter}"), stage.folder, accounts)
        for letter, accounts in zip("ab", sizes, strict=True)
    )
    rows = [
        [
            f"bill run over {one.accounts:,} accounts with {bills.RATES} rates each",
            f"{one.accounts / one.seconds:.0f} bills a second, {one.seconds:.0f} s, "
            f"{one.memory:.0f} MB at most",
            "",
        ]
        for one in (small, large)
    ]
    growth = large.seconds / small.seconds
    what = f"time of the run over {large.accounts:,}, times that over {small.accounts:,}"
    rows.append([what, f"{growth:.1f}", "at most 11"])
    return rows, _profile(stage)


def _profile(stage: Stage) -> str:
    """Where the time of a bill run goes, by functions of ours and of others."""
    url = stage.databases.create("billsprofile")
    bills.run(url, stage.folder, 10)  # to have it set up
    copy(url, "TMF666.billingAccount", bills.accounts_of(_PROFILED, 10), _PROFILED)
    rates = bills.rates_of(_PROFILED, 10)
    copy(url, "TMF678.appliedCustomerBillingRate", rates, _PROFILED * bills.RATES)
    say("profiling")
    program = build_program(Settings(database_url=url, log_level="error"))
    run = BillRun(program, "default")
    profile = cProfile.Profile()
    day = date.fromisoformat(bills.AS_OF)
    profile.enable()
    for account in run.accounts():
        run.bill(account, day)
    profile.disable()
    program.close()
    told = StringIO()
    stats = pstats.Stats(profile, stream=told)
    stats.strip_dirs().sort_stats("tottime").print_stats(_SHOWN)
    lines = [line.rstrip() for line in told.getvalue().splitlines() if line.strip()]
    return "\n".join(lines)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.story", description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"{FULL[1]:,} accounts")
    parser.add_argument("--postgresql", metavar="URL", help="server (default: as the tests find)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there")
    given = parser.parse_args()
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
        stage = Stage(databases, folder, 1, 0, 0, broker, name)
        if broker is not None:
            stack.callback(clean_up, broker, name, takers())
        command = "python -m bench.story" + (" --full" if given.full else "")
        notes = [f"- {note}" for note in facts(databases.create("facts"))]
        begun = (
            f"Given by `{command}`: orders of one line each ({ORDERS} of them, 8 clients), from "
            "the first POST until every one is completed, its service active and its first month "
            "charged; one round."
        )
        rows = _orders(stage)
        billed, profile = _bills(stage, FULL if given.full else ACCOUNTS)
        table = report.table(["what", "figure", "goal"], [*rows, *billed])
        shown = f"Where the time of {_PROFILED} bills goes:\n\n```text\n{profile}\n```"
        text = "\n\n".join([begun, "\n".join(notes), table, shown]) + "\n"
        print(f"\n{text}")
        if given.write:
            report.write_part(given.write, "story", text)


def main() -> None:
    """The command."""
    to_the_end(_main)


if __name__ == "__main__":
    main()
