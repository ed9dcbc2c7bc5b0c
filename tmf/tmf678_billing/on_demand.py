"""The task customerBillOnDemand: a bill for one account, now."""

from __future__ import annotations

from urllib.parse import quote

from tmf.declare import Document, Event, ReactionContext
from tmf.tmf678_billing.billing import MixedCurrenciesError, bill_now

_TASK = "customerBillOnDemand"


def wanted(context: ReactionContext, event: Event) -> None:
    """Somebody wants a bill."""
    task = context.lock(_TASK, event.id)
    if task is None or task.get("state") != "inProgress":
        return
    account = _account(context, task)
    if account is None:
        _end(context, event.id, "rejected", "there is no such account")
        return
    try:
        result = bill_now(context, account)
    except MixedCurrenciesError as error:
        _end(context, event.id, "terminatedWithError", str(error))
        return
    if result.bill is None:
        _end(context, event.id, "rejected", result.why)
        return
    bill = {"id": result.bill, "@referredType": "CustomerBill"}
    context.patch(_TASK, event.id, {"state": "done", "customerBill": bill}, own=True)


def _end(context: ReactionContext, task: str, state: str, why: str) -> None:
    context.patch(_TASK, task, {"state": state, "message": why}, own=True)


def _account(context: ReactionContext, task: Document) -> str | None:
    """The account that the task names, or that of the party that it names."""
    named = (task.get("billingAccount") or {}).get("id")
    if named:
        found = context.read("TMF666.billingAccount", named)
        return None if found is None else str(named)
    party = (task.get("relatedParty") or {}).get("id")
    if not party:
        return None
    query = f"relatedParty.id={quote(str(party))}"
    for account in context.find("TMF666.billingAccount", query):
        return str(account["id"])
    return None
