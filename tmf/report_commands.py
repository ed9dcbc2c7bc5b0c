"""`tmf report`: what a manager asks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from statistics import median

import click

from tmf.declare import Document, ReactionContext, amount_of, exact, parse_instant
from tmf.surroundings import opened_program
from tmf.tmf642_alarm.assurance import assurance as told_of
from tmf.tmf642_alarm.assurance import mean
from tmf.tmf678_billing.periods import MONTHLY, day_of, instant_of


@dataclass(slots=True)
class Revenue:
    """What a product earned in a month: what belongs to it, and what was charged for later."""

    recognised: Decimal = Decimal(0)
    deferred: Decimal = Decimal(0)


@dataclass(slots=True)
class Fates:
    """How orders fare: how many are in each state, how long the completed ones took, how many fell
    out.
    """

    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    seconds: list[float] = field(default_factory=list)
    fallen: int = 0

    def note(self, order: Document) -> None:
        """Count an order."""
        self.states[str(order.get("state"))] += 1
        self.fallen += _fell_out(order)
        began, ended = (
            parse_instant(str(order.get(name))) for name in ("orderDate", "completionDate")
        )
        if order.get("state") == "completed" and began is not None and ended is not None:
            self.seconds.append((ended - began) / 1e6)


@click.group()
def report() -> None:
    """What a manager asks: revenue by product, how orders fare, how well customers are served."""


@report.command()
@click.option(
    "--month", required=True, type=click.DateTime(["%Y-%m"]), help="The month, as 2026-11."
)
@click.option("--realm", default="default", show_default=True, help="Realm to report on.")
def revenue(month: datetime, realm: str) -> None:
    """What each product earned in a month, before tax.

    Recognised is what was charged for days of the month, whenever it was charged, and what was
    charged once in it. Deferred is what had been charged by its end for days after it.
    """
    start, end = MONTHLY.span(month.date(), month.date())
    with opened_program() as program:
        found = program.within("TMF678", realm, lambda context: _revenue(context, start, end))
    click.echo(f"{'Product':<40} {'Recognised':>14} {'Deferred':>14}")
    total: dict[str, Revenue] = defaultdict(Revenue)
    for (name, unit), one in sorted(found.items()):
        click.echo(f"{name[:40]:<40} {one.recognised:>14} {one.deferred:>14} {unit}")
        total[unit].recognised += one.recognised
        total[unit].deferred += one.deferred
    for unit, one in sorted(total.items()):
        click.echo(f"{'Total':<40} {one.recognised:>14} {one.deferred:>14} {unit}")


@report.command()
@click.option("--realm", default="default", show_default=True, help="Realm to report on.")
def orders(realm: str) -> None:
    """How orders fare: how many are in which state, how long they took, how many fell out."""
    with opened_program() as program:
        found = program.within("TMF622", realm, _fates)
    if not found.states:
        click.echo("There are no orders.")
        return
    for state, count in sorted(found.states.items(), key=lambda one: -one[1]):
        click.echo(f"{state:<24} {count:>8}")
    times = sorted(found.seconds)
    if times:
        worst = times[min(len(times) - 1, int(len(times) * 0.95))]
        click.echo(f"Lead time: median {_spelt(median(times))}, 95 % within {_spelt(worst)}.")
    count = sum(found.states.values())
    share = 100 * found.fallen / count
    click.echo(f"Fallout: {found.fallen} of {count} orders, {share:.1f} %.")


@report.command()
@click.option(
    "--month", required=True, type=click.DateTime(["%Y-%m"]), help="The month, as 2026-11."
)
@click.option("--most", default=20, show_default=True, help="Lines of each list.")
@click.option("--realm", default="default", show_default=True, help="Realm to report on.")
def assurance(month: datetime, most: int, realm: str) -> None:
    """How well customers were served in a month: availability, time to repair, noisy elements.

    A party was out for as long as any of its services was; who is not listed was never out. Of a
    month that is not over, it is the part until now. Times are of the alarms raised in it.
    """
    start, end = (instant_of(day) for day in MONTHLY.span(month.date(), month.date()))
    with opened_program() as program:
        found = program.within("TMF642", realm, lambda context: told_of(context, start, end))
    if found.span[1] <= found.span[0]:
        raise click.ClickException(f"{month:%Y-%m} has not begun")
    worst = sorted(found.served.values(), key=lambda one: -one.minutes(found.span))
    click.echo(f"{'Party':<32} {'Role':<12} {'Services':>8} {'Minutes out':>12} {'Available':>10}")
    for one in worst[:most]:
        out, available = one.minutes(found.span), one.availability(found.span)
        who, services = f"{one.name[:32]:<32} {one.role[:12]:<12}", len(one.outages)
        click.echo(f"{who} {services:>8} {out:>12.1f} {available:>9.3f} %")
    if len(worst) > most:
        click.echo(f"... and {len(worst) - most} more (--most)")
    click.echo(f"{len(worst)} parties were out at some time. Alarms raised: {found.alarms}.")
    for what, times in (
        ("acknowledge", found.to_acknowledge),
        ("repair", found.to_repair),
    ):
        if (took := mean(times)) is not None:
            click.echo(f"Mean time to {what}: {_spelt(took)}, of {len(times)} alarms.")
    for element, count in found.reports.most_common(min(most, 10)):
        click.echo(f"{count:>8} reports of {element}")


def _fates(context: ReactionContext) -> Fates:
    found = Fates()
    for order in context.find("TMF622.productOrder", ""):
        found.note(order)
    return found


def _revenue(context: ReactionContext, start: date, end: date) -> dict[tuple[str, str], Revenue]:
    found: dict[tuple[str, str], Revenue] = defaultdict(Revenue)
    names: dict[str, str] = {}
    with exact():
        for rate in context.find("TMF678.appliedCustomerBillingRate", ""):
            money = rate.get("taxExcludedAmount") or {}
            amount = amount_of(money.get("value"))
            if amount is None:
                continue
            recognised, deferred = shares(rate, amount, start, end)
            if not recognised and not deferred:
                continue
            product = str((rate.get("product") or {}).get("id") or "")
            if product not in names:
                names[product] = _name(context, product)
            one = found[names[product], str(money.get("unit") or "?")]
            one.recognised += recognised
            one.deferred += deferred
    return found


def _name(context: ReactionContext, product: str) -> str:
    known = context.read("TMF637.product", product) or {}
    return str(known.get("name") or product or "no product")


def shares(rate: Document, amount: Decimal, start: date, end: date) -> tuple[Decimal, Decimal]:
    """What of a rate belongs to the days from start to before end, and what to those after them,
    as far as it was charged by then.

    Days are cut as charges are: what belongs to the days up to one, rounded, less what belongs to
    those up to the other. So the months of a year add up to what was charged for it.
    """
    charged = day_of(str(rate["date"])) if rate.get("date") else start
    covered = rate.get("periodCoverage") or {}
    if not covered.get("startDateTime") or not covered.get("endDateTime"):
        return (amount if start <= charged < end else Decimal(0)), Decimal(0)
    first, after = (day_of(covered[name]) for name in ("startDateTime", "endDateTime"))
    days = max(1, (after - first).days)

    def up_to(day: date) -> Decimal:
        passed = min(max((day - first).days, 0), days)
        return (amount * passed / days).quantize(Decimal(1).scaleb(-2))

    recognised = up_to(end) - up_to(start)
    deferred = up_to(after) - up_to(end) if charged < end else Decimal(0)
    return recognised, deferred


def _fell_out(order: Document) -> bool:
    """Whether fulfilment had to stop for somebody to decide, or did not get all done."""
    held = any(one.get("author") == "fulfilment" for one in order.get("note") or ())
    return held or order.get("state") in ("failed", "partial")


def _spelt(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
