"""Bills: one for each account and cycle, made of all rates that are not billed yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from tmf.declare import Document, ReactionContext, exact
from tmf.tmf678_billing.charging import ZERO
from tmf.tmf678_billing.credits import credit_missed
from tmf.tmf678_billing.cycles import Cycle, cycle_of
from tmf.tmf678_billing.ledgers import keep, ledgers_of, lock_account
from tmf.tmf678_billing.numbers import next_number
from tmf.tmf678_billing.payments import settle_with_credit
from tmf.tmf678_billing.periods import day_of, instant_of
from tmf.tmf678_billing.prices import decimal_of, money
from tmf.tmf678_billing.rating import write

MADE = "bill"
"""The kind of record that says which cycles of which accounts have been billed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an account: the bill's id, or why there is none."""

    bill: str | None
    amount: Decimal = ZERO
    currency: str | None = None
    why: str = ""


def bill_cycle(context: ReactionContext, account: str, as_of: date) -> Result:
    """Bill the last cycle of an account that has ended by a day, unless it is billed already."""
    with exact():
        lock_account(context, account)
        cycle = cycle_of(context, account)
        start, end = cycle.ended(as_of)
        if not context.records(MADE).add(f"{account}/{end.isoformat()}", {}):
            return Result(None, why="billed already")
        charge_up_to(context, account, end)
        return _bill(context, account, cycle, (start, end), end, as_of, "onCycle")


def bill_now(context: ReactionContext, account: str) -> Result:
    """Bill an account at once, whatever its cycle."""
    with exact():
        lock_account(context, account)
        cycle = cycle_of(context, account)
        today = day_of(context.now)
        charge_up_to(context, account, today)
        period = (cycle.anchor(today), today + timedelta(days=1))
        return _bill(context, account, cycle, period, today, today, "offCycle")


def charge_up_to(context: ReactionContext, account: str, day: date) -> None:
    """Charge what the account's products cost up to a day, or ahead from it."""
    for product, ledger in ledgers_of(context, account):
        after, charges = ledger.reaching(day)
        write(context, account, product, charges, instant_of(day))
        if after != ledger:
            keep(context, account, product, after)
        credit_missed(context, account, product, day)


def _bill(
    context: ReactionContext,
    account: str,
    cycle: Cycle,
    period: tuple[date, date],
    day: date,
    as_of: date,
    run: str,
) -> Result:
    rates = unbilled(context, account, as_of)
    currencies = {(rate.get("taxIncludedAmount") or {}).get("unit") for rate in rates}
    if len(currencies) > 1:
        raise MixedCurrenciesError(f"its rates are in {', '.join(sorted(map(str, currencies)))}")
    if not rates:
        return Result(None, why="nothing to bill")
    (currency,) = currencies
    total = _sum(rates, "taxIncludedAmount")
    if total <= 0:
        return Result(None, total, currency, "its credit waits for the next bill")
    bill = context.store(
        "customerBill", _document(context, account, cycle, period, day, run, rates)
    )
    identity = str(bill["id"])
    billed = {"isBilled": True, "bill": {"id": identity, "@referredType": "CustomerBill"}}
    context.lock_all("appliedCustomerBillingRate", [rate["id"] for rate in rates])
    with context.together():
        for rate in rates:
            context.patch("appliedCustomerBillingRate", rate["id"], billed, own=True)
    _send(context, identity, day)
    settle_with_credit(context, account)
    return Result(identity, total, currency)


def _send(context: ReactionContext, identity: str, day: date) -> None:
    """Give a bill that is complete its number, and what can be printed."""
    number = next_number(context, day)
    document = [
        {"mimeType": mime, "url": f"/files/bill/{identity}.{kind}", "name": f"Bill {number}"}
        for kind, mime in (("pdf", "application/pdf"), ("html", "text/html"))
    ]
    sent = {"state": "sent", "billNo": number, "billDocument": document}
    context.patch("customerBill", identity, sent, own=True)


class MixedCurrenciesError(ValueError):
    """An account's rates are in several currencies: no bill can add them up."""


def _document(
    context: ReactionContext,
    account: str,
    cycle: Cycle,
    period: tuple[date, date],
    day: date,
    run: str,
    rates: Sequence[Document],
) -> Document:
    currency = (rates[0].get("taxIncludedAmount") or {}).get("unit")
    net, gross = _sum(rates, "taxExcludedAmount"), _sum(rates, "taxIncludedAmount")
    owner = context.read("TMF666.billingAccount", account) or {}
    bill: Document = {
        "state": "new",
        "category": "normal",
        "runType": run,
        "billDate": instant_of(day),
        "nextBillDate": instant_of(cycle.next_bill(day)),
        "paymentDueDate": instant_of(day + timedelta(days=cycle.due)),
        "billingAccount": {"id": account, **_named(owner)},
        "billingPeriod": {
            "startDateTime": instant_of(period[0]),
            "endDateTime": instant_of(period[1]),
        },
        "taxExcludedAmount": money(net, currency),
        "taxIncludedAmount": money(gross, currency),
        "amountDue": money(gross, currency),
        "remainingAmount": money(gross, currency),
        "taxItem": _taxes(rates, currency),
    }
    if owner.get("relatedParty"):
        bill["relatedParty"] = owner["relatedParty"]
    return bill


def _named(owner: Document) -> Document:
    return {"name": owner["name"]} if isinstance(owner.get("name"), str) else {}


def unbilled(context: ReactionContext, account: str, as_of: date) -> list[Document]:
    """The rates of an account up to a day that are on no bill yet."""
    query = f"billingAccount.id={quote(account)}&isBilled=false"
    return [
        one
        for one in context.find("TMF678.appliedCustomerBillingRate", query)
        if (one.get("billingAccount") or {}).get("id") == account
        and not one.get("isBilled")
        and (one.get("date") is None or day_of(one["date"]) <= as_of)
    ]


def _sum(rates: Sequence[Document], attribute: str) -> Decimal:
    return sum((decimal_of((rate.get(attribute) or {}).get("value")) for rate in rates), ZERO)


def _taxes(rates: Sequence[Document], currency: Any) -> list[Document]:
    """One entry for each category and rate of tax."""
    sums: dict[tuple[Any, Any], Decimal] = defaultdict(Decimal)
    for rate in rates:
        for tax in rate.get("appliedTax") or ():
            sums[tax.get("taxCategory"), tax.get("taxRate")] += decimal_of(
                (tax.get("taxAmount") or {}).get("value")
            )
    return [
        {
            "taxCategory": category,
            **({} if rate is None else {"taxRate": rate}),
            "taxAmount": money(amount, currency),
        }
        for (category, rate), amount in sums.items()
    ]
