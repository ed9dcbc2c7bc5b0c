"""Reactions of the accounts (TMF666): who orders has an account that pays."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from tmf.declare import Document, Event, ReactionContext


def ordered(context: ReactionContext, event: Event) -> None:
    """An order came in: the accounts that it names are there, or its customer's one is."""
    order = event.document
    parties = [one for one in order.get("relatedParty") or () if one.get("id")]
    named = list(_named(order))
    for account in named:
        if context.read("TMF666.billingAccount", account["id"]) is None:
            _open(context, parties, account)
    customer = next((one for one in parties if one.get("role") in (None, "customer")), None)
    if not named and customer is not None and not _has_one(context, customer["id"]):
        _open(context, [customer], {})


def _named(body: Document) -> Iterator[Document]:
    if (body.get("billingAccount") or {}).get("id"):
        yield body["billingAccount"]
    for item in body.get("productOrderItem") or ():
        yield from _named(item)


def _has_one(context: ReactionContext, party: str) -> bool:
    found = context.find("TMF666.billingAccount", f"relatedParty.id={quote(party)}")
    return next(found, None) is not None


def _open(context: ReactionContext, parties: list[Document], named: Document) -> None:
    owner = next((one.get("name") for one in parties if one.get("name")), None)
    account: Document = {
        "name": named.get("name") or f"Account of {owner or 'a customer'}",
        "state": "active",
        # The standard wants a name here, which it does not in an order.
        "relatedParty": [{"name": str(one["id"]), **one} for one in parties],
    }
    if named.get("id"):
        account["id"] = named["id"]
    context.store("billingAccount", account)
