"""`python -m bench.story`: orders a second from POST to charge, and how a bill run grows."""

from __future__ import annotations

import cProfile
import pstats
from datetime import date
from io import StringIO

from bench import report
from bench.copying import copy
from bench.events.stage import Stage
from bench.progress import say
from bench.running import to_the_end
from bench.staging import Command, staged
from bench.story import bills
from bench.story.orders import per_second
from tmf.billing_commands import BillRun
from tmf.program import build_program
from tmf.settings import Settings

ACCOUNTS = 1_000, 10_000
FULL = 10_000, 100_000
COMMAND = Command("story", __doc__, f"{FULL[1]:,} accounts")
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
    given = COMMAND.options().parse_args()
    how = (
        f"orders of one line each ({ORDERS} of them, 8 clients), from the first POST until every "
        "one is completed, its service active and its first month charged; one round."
    )
    with staged(given) as here:
        rows = _orders(here)
        billed, profile = _bills(here, FULL if given.full else ACCOUNTS)
        table = report.table(["what", "figure", "goal"], [*rows, *billed])
        shown = f"Where the time of {_PROFILED} bills goes:\n\n```text\n{profile}\n```"
        COMMAND.tell(given, here, how, table, shown)


def main() -> None:
    """The command."""
    to_the_end(_main)


if __name__ == "__main__":
    main()
