"""Credits for promises of availability that were not kept: by product and calendar month.

What a product promises are its characteristics `availability`, in percent of a month, and
`availabilityCredit`, the share of the month's recurring charges, in percent, that is given back
once the promise is broken. Whether it was is told by the outages on record (TMF642.serviceImpact)
of the services that are there for the product; overlapping ones count once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from tmf.declare import (
    Document,
    Period,
    ReactionContext,
    amount_of,
    joined,
    length,
    parse_instant,
    round_money,
)
from tmf.tmf678_billing.periods import MONTHLY, day_of, instant_of
from tmf.tmf678_billing.prices import Amount, decimal_of
from tmf.tmf678_billing.rating import rated, store_rate

PROMISE, SHARE = "availability", "availabilityCredit"

_CREDITED = "credited"
"""The kind of record that says up to which month a product was looked at."""

_DEFAULT_SHARE = Decimal(10)
_TOLD = 5
_MINUTE = 60_000_000


@dataclass(frozen=True, slots=True)
class _Missed:
    """A month in which a product was available for less than was promised, both in percent."""

    start: date
    end: date
    promised: Decimal
    measured: Decimal
    minutes: Decimal
    alarms: tuple[str, ...]


def credit_missed(context: ReactionContext, account: str, product: str, upto: date) -> None:
    """Credit each month of a product that has ended by a day and was not looked at before."""
    document = context.read("TMF637.product", product) or {}
    promised = _number(document, PROMISE)
    if promised is None or not document.get("startDate"):
        return
    records = context.records(_CREDITED)
    kept = records.get(product) or {}
    begun = day_of(document["startDate"])
    month = date.fromisoformat(kept["upto"]) if kept else begun
    while (end := MONTHLY.span(date(2000, 1, 1), month)[1]) <= upto:
        missed = _missed(context, document, promised, month, end)
        if missed is not None:
            _credit(context, account, document, missed, instant_of(upto))
        month = end
        records.put(product, {"upto": month.isoformat()})


def _missed(
    context: ReactionContext, product: Document, promised: Decimal, start: date, end: date
) -> _Missed | None:
    span = (_instant(instant_of(start)), _instant(instant_of(end)))
    if product.get("terminationDate"):
        span = (span[0], max(span[0] + 1, min(span[1], _instant(product["terminationDate"]))))
    found = list(_outages(context, product["id"], instant_of(start), instant_of(end)))
    now = _instant(context.now)
    down = length(joined((_period(one, now) for one in found), span))
    measured = 100 * (1 - Decimal(down) / (span[1] - span[0]))
    if measured >= promised:
        return None
    alarms = tuple(sorted({str(one["alarm"]["id"]) for one in found}))
    minutes = (Decimal(down) / _MINUTE).quantize(Decimal("0.1"))
    return _Missed(start, end, promised, measured.quantize(Decimal("0.001")), minutes, alarms)


def _outages(context: ReactionContext, product: str, start: str, end: str) -> Iterator[Document]:
    query = f"relatedEntity.id={quote(product, safe='')}&effect=outage&startTime.lt={end}"
    for one in context.find("TMF642.serviceImpact", query):
        if one.get("endTime") is None or _instant(one["endTime"]) > _instant(start):
            yield one


def _credit(
    context: ReactionContext, account: str, product: Document, missed: _Missed, moment: str
) -> None:
    share = _number(product, SHARE)
    share = _DEFAULT_SHARE if share is None else min(max(share, Decimal(0)), Decimal(100))
    month = f"{missed.start:%Y-%m}"
    told = ", ".join(missed.alarms[:_TOLD]) + (" and others" if missed.alarms[_TOLD:] else "")
    for (currency, tax_rate), (net, gross) in sorted(
        _charged(context, product["id"], missed.start, missed.end).items(), key=repr
    ):
        back = Amount(
            -round_money(net * share / 100, currency),
            -round_money(gross * share / 100, currency),
            currency,
            tax_rate,
        )
        if not back.net and not back.gross:
            continue
        rate = rated(product["id"], account, f"Availability credit for {month}", back, moment)
        covered = (instant_of(missed.start), instant_of(missed.end))
        stated: dict[str, Any] = {
            "promisedAvailability": f"{missed.promised} %",
            "measuredAvailability": f"{missed.measured} %",
            "outageMinutes": missed.minutes,
            "creditedShare": f"{share} %",
        }
        rate |= {
            "type": "credit",
            "description": f"{missed.measured} % available in {month}, {missed.promised} % "
            f"promised: out for {missed.minutes} min. {share} % of the month's charges. "
            f"Alarms: {told}.",
            "periodCoverage": {"startDateTime": covered[0], "endDateTime": covered[1]},
            "characteristic": [{"name": name, "value": value} for name, value in stated.items()],
        }
        store_rate(context, rate)


def _charged(
    context: ReactionContext, product: str, start: date, end: date
) -> dict[tuple[Any, Any], tuple[Decimal, Decimal]]:
    """What was charged for the days of a month, net and gross, by currency and rate of tax."""
    found: dict[tuple[Any, Any], tuple[Decimal, Decimal]] = defaultdict(
        lambda: (Decimal(), Decimal())
    )
    for rate in context.find(
        "TMF678.appliedCustomerBillingRate", f"product.id={quote(product, safe='')}"
    ):
        covered = rate.get("periodCoverage") or {}
        if rate.get("type") not in ("recurringCharge", "recurringCredit") or not covered:
            continue
        first, after = (day_of(covered[name]) for name in ("startDateTime", "endDateTime"))
        days = (min(after, end) - max(first, start)).days
        if days <= 0 or after <= first:
            continue
        part = Decimal(days) / (after - first).days
        tax: Document = next(iter(rate.get("appliedTax") or ()), {})
        key = ((rate.get("taxExcludedAmount") or {}).get("unit"), amount_of(tax.get("taxRate")))
        net, gross = found[key]
        found[key] = (
            net + part * decimal_of((rate.get("taxExcludedAmount") or {}).get("value")),
            gross + part * decimal_of((rate.get("taxIncludedAmount") or {}).get("value")),
        )
    return dict(found)


def _number(product: Document, name: str) -> Decimal | None:
    for one in product.get("productCharacteristic") or ():
        if one.get("name") == name:
            return amount_of(one.get("value"))
    return None


def _period(record: Document, now: int) -> Period:
    end = record.get("endTime")
    return _instant(record["startTime"]), now if end is None else _instant(end)


def _instant(text: str) -> int:
    return parse_instant(text) or 0
