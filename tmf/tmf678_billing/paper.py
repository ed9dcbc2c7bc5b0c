"""A bill for people: what its page and its PDF show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tmf.declare import Document, ReactionContext, amount_of, templates_in

_templates = templates_in(Path(__file__).parent)
_SPELT = {"EUR": "€", "GBP": "£", "USD": "$"}


@dataclass(frozen=True, slots=True)
class BillLine:
    """One rate: what for, for which time, and what it comes to."""

    what: str
    product: str
    period: str
    tax: str
    net: str
    gross: str


@dataclass(frozen=True, slots=True)
class BillView:
    """All that is shown. Amounts are texts with their currency, days are `2030-02-01`."""

    number: str
    date: str
    due: str
    period: str
    state: str
    customer: str
    account: str
    lines: Sequence[BillLine]
    taxes: Sequence[tuple[str, str]]
    net: str
    gross: str
    paid: Sequence[tuple[str, str]]
    remaining: str


def view_of(context: ReactionContext, identity: str) -> BillView | None:
    """A bill as people are shown it; None if there is none."""
    bill = context.read("TMF678.customerBill", identity)
    if bill is None:
        return None
    query = f"bill.id={quote(identity)}"
    found = context.find("TMF678.appliedCustomerBillingRate", query)
    rates = [one for one in found if (one.get("bill") or {}).get("id") == identity]
    names = {
        product: (context.read("TMF637.product", product) or {}).get("name") or product
        for product in {(one.get("product") or {}).get("id") for one in rates}
        if product is not None
    }
    parties = bill.get("relatedParty") or ()
    account = bill.get("billingAccount") or {}
    return BillView(
        number=str(bill.get("billNo") or identity),
        date=_day(bill.get("billDate")),
        due=_day(bill.get("paymentDueDate")),
        period=_period(bill.get("billingPeriod")),
        state=str(bill.get("state")),
        customer=next((str(one["name"]) for one in parties if one.get("name")), ""),
        account=str(account.get("name") or account.get("id") or ""),
        lines=[_line(rate, names) for rate in sorted(rates, key=lambda one: str(one.get("date")))],
        taxes=[(_tax(one), _money(one.get("taxAmount"))) for one in bill.get("taxItem") or ()],
        net=_money(bill.get("taxExcludedAmount")),
        gross=_money(bill.get("taxIncludedAmount")),
        paid=[
            (str((one.get("payment") or {}).get("id")), _money(one.get("appliedAmount")))
            for one in bill.get("appliedPayment") or ()
        ],
        remaining=_money(bill.get("remainingAmount")),
    )


def page(view: BillView) -> bytes:
    """The bill as a page of HTML that needs nothing from anywhere."""
    return _templates.get_template("bill.html").render(bill=view).encode()


def bill_paper(context: ReactionContext, identity: str, kind: str) -> tuple[bytes, str] | None:
    """A bill as a file of a kind (`pdf`, `html`) with its media type; None if there is none."""
    view = view_of(context, identity) if kind in ("pdf", "html") else None
    if view is None:
        return None
    if kind == "html":
        return page(view), "text/html; charset=utf-8"
    from tmf.tmf678_billing.pdf import rendered  # noqa: PLC0415 (its library takes 30 MB)

    return rendered(view), "application/pdf"


def _line(rate: Document, names: dict[str, str]) -> BillLine:
    taxes = rate.get("appliedTax") or ()
    return BillLine(
        what=str(rate.get("name") or rate.get("type") or ""),
        product=names.get(str((rate.get("product") or {}).get("id")), ""),
        period=_period(rate.get("periodCoverage")) or _day(rate.get("date")),
        tax=", ".join(f"{_number(one['taxRate'])} %" for one in taxes if "taxRate" in one),
        net=_money(rate.get("taxExcludedAmount")),
        gross=_money(rate.get("taxIncludedAmount")),
    )


def _tax(stated: Document) -> str:
    rate = f" {_number(stated['taxRate'])} %" if "taxRate" in stated else ""
    return f"{stated.get('taxCategory') or 'Tax'}{rate}"


def _number(value: Any) -> str:
    number = amount_of(value)
    return "" if number is None else f"{number.normalize():f}"


def _money(stated: Any) -> str:
    if not isinstance(stated, dict):
        return ""
    amount = amount_of(stated.get("value"))
    unit = str(stated.get("unit") or "")
    if amount is None:
        return ""
    digits = max(2, -int(amount.as_tuple().exponent)) if amount % 1 else 2
    return f"{_SPELT.get(unit, unit)} {amount:,.{digits}f}".strip()


def _day(moment: Any) -> str:
    return str(moment)[:10] if moment else ""


def _period(stated: Any) -> str:
    if not isinstance(stated, dict):
        return ""
    return f"{_day(stated.get('startDateTime'))} \N{EN DASH} {_day(stated.get('endDateTime'))}"
