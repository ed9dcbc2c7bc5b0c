"""Payments settle bills: the oldest first, and what is left over waits for the next one."""

from __future__ import annotations

from urllib.parse import quote

from tmf.declare import Document, Event, ReactionContext, amount_of, exact
from tmf.tmf678_billing.ledgers import lock_account, remember_account
from tmf.tmf678_billing.prices import decimal_of, money

_PAYABLE = frozenset({"sent", "partiallyPaid"})


def paid(context: ReactionContext, event: Event) -> None:
    """A payment was made, or is done now."""
    payment = event.document
    account = (payment.get("account") or {}).get("id")
    total = payment.get("totalAmount") or {}
    amount = amount_of(total.get("value"))
    if payment.get("status") != "done" or account is None or amount is None or amount <= 0:
        return
    if not context.records("payment").add(event.id, {}):
        return
    with exact():
        known = lock_account(context, account)
        credit = {"payment": event.id, "amount": amount, "currency": total.get("unit")}
        remember_account(context, account, {**known, "credit": [*known.get("credit", ()), credit]})
        settle_with_credit(context, account)


def settle_with_credit(context: ReactionContext, account: str) -> None:
    """Pay the bills of a locked account with what was paid and not used yet."""
    known = lock_account(context, account)
    credits = [dict(one) for one in known.get("credit", ())]
    if not credits:
        return
    for bill in _open_bills(context, account):
        for one in credits:
            _apply(context, bill, one)
    left = [one for one in credits if decimal_of(one["amount"]) > 0]
    remember_account(context, account, {**known, "credit": left})


def _open_bills(context: ReactionContext, account: str) -> list[Document]:
    query = f"billingAccount.id={quote(account)}&state=sent,partiallyPaid"
    bills = [
        one
        for one in context.find("TMF678.customerBill", query)
        if (one.get("billingAccount") or {}).get("id") == account and one.get("state") in _PAYABLE
    ]
    return sorted(bills, key=lambda one: (str(one.get("billDate")), one["id"]))


def _apply(context: ReactionContext, bill: Document, credit: Document) -> None:
    remaining = bill.get("remainingAmount") or bill.get("amountDue") or {}
    owed, there = decimal_of(remaining.get("value")), decimal_of(credit["amount"])
    used = min(owed, there)
    if used <= 0 or remaining.get("unit") != credit["currency"]:
        return
    part = {
        "appliedAmount": money(used, credit["currency"]),
        "payment": {"id": credit["payment"], "@referredType": "Payment"},
    }
    patch = {
        "appliedPayment": [*(bill.get("appliedPayment") or ()), part],
        "remainingAmount": money(owed - used, credit["currency"]),
        "state": "settled" if used == owed else "partiallyPaid",
    }
    changed = context.patch("customerBill", bill["id"], patch, own=True)
    bill.update(changed or {})
    credit["amount"] = there - used
