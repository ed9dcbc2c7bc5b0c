"""Reactions that charge: what a product costs from the moment it is active, and no longer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import quote

from tmf.declare import Document, Event, ReactionContext, exact
from tmf.tmf678_billing.charging import Charge
from tmf.tmf678_billing.cycles import cycle_of
from tmf.tmf678_billing.ledgers import account_of, keep, ledger_of, lock_account, move
from tmf.tmf678_billing.periods import day_of, instant_of
from tmf.tmf678_billing.prices import Amount, money, one_time_prices, recurring_prices

_RUNNING = frozenset({"active", "pendingTerminate"})


class NoAccountYetError(LookupError):
    """Nobody pays for the product yet: its account is still being made. It is tried again."""


def product_changed(context: ReactionContext, event: Event) -> None:
    """A product started, stopped, or costs something else."""
    product = event.document
    runs = product.get("status") in _RUNNING
    known = account_of(context, event.id)
    if known is None and not runs:
        return
    account = payer(context, product) or known
    if account is None:
        if product.get("relatedParty") or product.get("billingAccount"):
            raise NoAccountYetError(f"nobody pays for product {event.id}")
        return  # there is nobody to bill
    lock_account(context, known or account)
    with exact():
        if known is None:
            _first(context, account, product, event)
        else:
            _later(context, known, account, product, event, runs=runs)


def _first(context: ReactionContext, account: str, product: Document, event: Event) -> None:
    """The product is active for the first time: what it costs once, and the first period."""
    day = day_of(product.get("startDate") or event.time)
    for name, amount, source in one_time_prices(product):
        rate = rated(product["id"], account, name, amount, event.time)
        store_rate(context, {**rate, "type": "oneTimeCharge", **_of_price(source)})
    ledger = ledger_of(context, account, product["id"])
    cycle = cycle_of(context, account).anchor(day)
    after, charges = ledger.starting(day, _prices(context, product), cycle)
    write(context, account, product["id"], charges, event.time)
    keep(context, account, product["id"], after)


def _later(
    context: ReactionContext,
    known: str,
    account: str,
    product: Document,
    event: Event,
    *,
    runs: bool,
) -> None:
    """The product is charged already: it stops, goes on, or changes."""
    day = day_of(event.time)
    ledger = ledger_of(context, known, product["id"])
    prices = _prices(context, product) if runs else []
    same = [line.price for line in ledger.lines] == prices and known == account
    if runs == ledger.running and (same or not runs):
        return
    after, charges = ledger.stopping(day)
    write(context, known, product["id"], charges, event.time)
    if known != account:
        lock_account(context, account)
        move(context, product["id"], known, account)
    if runs:
        cycle = cycle_of(context, account).anchor(day)
        after, charges = after.starting(day, prices, cycle)
        write(context, account, product["id"], charges, event.time)
    keep(context, account, product["id"], after)


def payer(context: ReactionContext, product: Document) -> str | None:
    """The billing account of a product: the one that it names, else its customer's."""
    named = (product.get("billingAccount") or {}).get("id")
    if named:
        return str(named)
    for party in product.get("relatedParty") or ():
        if party.get("role") not in (None, "customer"):
            continue
        query = f"relatedParty.id={quote(str(party.get('id')))}"
        for account in context.find("TMF666.billingAccount", query):
            return str(account["id"])
    return None


def _prices(context: ReactionContext, product: Document) -> list[Any]:
    listed = partial(context.read, "TMF620.productOfferingPrice")
    return recurring_prices(product, listed)


def write(
    context: ReactionContext, account: str, product: str, charges: Iterable[Charge], moment: str
) -> None:
    """Store charges as rates that are not billed yet; those of nothing are left out."""
    for charge in charges:
        if not charge.net and not charge.gross:
            continue
        price = charge.price
        amount = Amount(charge.net, charge.gross, price.currency, price.tax_rate)
        rate = rated(product, account, price.name, amount, moment)
        kind = "recurringCredit" if charge.back else "recurringCharge"
        covered = _covered(charge.start, charge.end)
        store_rate(
            context, {**rate, "type": kind, "periodCoverage": covered, **_of_price(price.source)}
        )


def _covered(start: date, end: date) -> Document:
    """A period; its end is the first moment that is not in it."""
    return {"startDateTime": instant_of(start), "endDateTime": instant_of(end)}


def rated(product: str, account: str, name: str, amount: Amount, moment: str) -> Document:
    """An AppliedCustomerBillingRate that is not billed yet, without its type."""
    rate: Document = {
        "name": name,
        "date": moment,
        "isBilled": False,
        "billingAccount": {"id": account},
        "product": {"id": product},
        "taxExcludedAmount": money(amount.net, amount.currency),
        "taxIncludedAmount": money(amount.gross, amount.currency),
    }
    if amount.gross != amount.net or amount.tax_rate is not None:
        tax: Document = {"taxAmount": money(amount.gross - amount.net, amount.currency)}
        if amount.tax_rate is not None:
            tax["taxRate"] = amount.tax_rate
        rate["appliedTax"] = [{"taxCategory": "VAT", **tax}]
    return rate


def store_rate(context: ReactionContext, rate: Document) -> None:
    """Store a rate."""
    context.store("appliedCustomerBillingRate", rate)


def _of_price(source: str | None) -> Document:
    """The catalogue price that a rate comes from."""
    if source is None:
        return {}
    return {"characteristic": [{"name": "productOfferingPrice", "value": source}]}
