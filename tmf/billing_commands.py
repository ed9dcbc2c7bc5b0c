"""`tmf bill-run`: bills for all accounts that are due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import click

from tmf.declare import ReactionContext
from tmf.program import Program
from tmf.surroundings import opened_program
from tmf.tmf678_billing.billing import Result, bill_cycle
from tmf.tmf678_billing.ledgers import accounts

T = TypeVar("T")


class DryRun(Exception):  # noqa: N818 - it is how a transaction is undone, not an error
    """Nothing of it is to be kept."""


class BillRun:
    """Bills accounts one by one, each in a transaction of its own: whoever dies, and however many
    do it at once, an account is billed once for a cycle.
    """

    def __init__(self, program: Program, realm: str, *, dry: bool = False) -> None:
        self._program = program
        self._realm = realm
        self._dry = dry

    def accounts(self) -> list[str]:
        """All accounts, in a fixed order."""

        def all_of(context: ReactionContext) -> list[str]:
            known = {one["id"] for one in context.find("TMF666.billingAccount", "")}
            return sorted(known | set(accounts(context)))

        return self._within(all_of, write=False)

    def bill(self, account: str, as_of: date) -> Result:
        """Bill one account."""
        found: list[Result] = []

        def act(context: ReactionContext) -> None:
            found.append(bill_cycle(context, account, as_of))
            if self._dry:
                raise DryRun

        with suppress(DryRun):
            self._within(act)
        return found[0]

    def park(self, account: str, why: str | None) -> None:
        """Remember that an account cannot be billed, and why; None if it can."""

        def act(context: ReactionContext) -> None:
            records = context.records("parked")
            if why is None:
                records.drop(account)
            else:
                records.put(account, {"why": why, "since": context.now})

        self._within(act)

    def parked(self) -> list[tuple[str, str]]:
        """The accounts that could not be billed, and why."""

        def act(context: ReactionContext) -> list[tuple[str, str]]:
            return [(key, str(kept["why"])) for key, kept in context.records("parked").starting("")]

        return self._within(act, write=False)

    def _within(self, act: Callable[[ReactionContext], T], *, write: bool = True) -> T:
        return self._program.within("TMF678", self._realm, act, write=write)


@click.command("bill-run")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Bill the cycles that have ended by this day (default: today).",
)
@click.option("--dry-run", is_flag=True, help="Say what would be billed, and keep nothing.")
@click.option("--realm", default="default", show_default=True, help="Realm to bill.")
def bill_run(as_of: datetime | None, dry_run: bool, realm: str) -> None:
    """Bill every account whose cycle has ended, once for each cycle.

    May be run again at any time, also by several at once: what is billed stays as it is, and what
    was interrupted is continued. Accounts that cannot be billed are parked and listed, and tried
    again by the next run; then it ends with status 1.
    """
    day = (as_of or datetime.now(UTC)).date()
    with opened_program() as program:
        run = BillRun(program, realm, dry=dry_run)
        bills, amounts = 0, dict[str, Decimal]()
        known = dict(run.parked())
        failed: list[tuple[str, str]] = []
        with click.progressbar(run.accounts(), label="Billing", show_pos=True) as waiting:
            for account, result in _billed(run, waiting, day, failed):
                if account in known and not dry_run:
                    run.park(account, None)
                if result.bill is not None:
                    bills += 1
                    unit = result.currency or "?"
                    amounts[unit] = amounts.get(unit, Decimal(0)) + result.amount
        for account, why in failed:
            if not dry_run:
                run.park(account, why)
    total = ", ".join(f"{amount} {unit}" for unit, amount in sorted(amounts.items())) or "nothing"
    click.echo(f"{'Would bill' if dry_run else 'Billed'} {bills} accounts as of {day}: {total}.")
    for account, why in failed:
        click.echo(f"Parked: account {account}: {why}", err=True)
    if failed:
        raise SystemExit(1)


def _billed(
    run: BillRun, waiting: Any, day: date, failed: list[tuple[str, str]]
) -> Iterator[tuple[str, Result]]:
    for account in waiting:
        try:
            yield account, run.bill(account, day)
        except Exception as error:  # one account in trouble must not keep the others waiting
            failed.append((account, f"{type(error).__name__}: {error}"))
