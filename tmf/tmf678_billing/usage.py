"""Usage (TMF635) is rated once, by the prices of the product that it is usage of.

A record names its product in `ratedProductUsage.productRef`, or in a characteristic `productId`;
how much it is stands in a characteristic `quantity`, in what in `unit`. One that came rated is
taken as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tmf.declare import (
    Document,
    Event,
    ReactionContext,
    amount_of,
    exact,
    parse_number,
    round_money,
)
from tmf.tmf678_billing.ledgers import account_of, lock_account
from tmf.tmf678_billing.prices import HUNDRED, Amount, money, usage_prices
from tmf.tmf678_billing.rating import payer, rated, store_rate

_OPEN = frozenset({"received", "guided"})


def received(context: ReactionContext, event: Event) -> None:
    """Usage came in: it is rated, or rejected with the reason.

    What names no product yet waits for somebody who knows whose it is.
    """
    usage = context.lock("usage", event.id)
    if usage is None or usage.get("status") not in _OPEN:
        return
    named = product_of(usage)
    if named is None:
        return
    product = context.read("TMF637.product", named)
    if product is None:
        _reject(context, event.id, f"there is no product {named}")
        return
    with exact():
        amount = _priced(usage, product)
    if isinstance(amount, str):
        _reject(context, event.id, amount)
        return
    told = {
        "ratingDate": context.now,
        "productRef": {"id": product["id"], "@referredType": "Product"},
        "taxExcludedRatingAmount": money(amount.net, amount.currency),
        "taxIncludedRatingAmount": money(amount.gross, amount.currency),
        "isBilled": False,
    }
    if amount.tax_rate is not None:
        told["taxRate"] = amount.tax_rate
    context.patch("usage", event.id, {"status": "rated", "ratedProductUsage": [told]})


def rated_usage(context: ReactionContext, event: Event) -> None:
    """Usage is rated: it is charged, once."""
    usage = event.document
    if usage.get("status") != "rated":
        return
    product = context.read("TMF637.product", product_of(usage) or "")
    if product is None:
        return
    account = account_of(context, product["id"]) or payer(context, product)
    if account is None or not context.records("usage").add(event.id, {}):
        return
    lock_account(context, account)
    for part in usage.get("ratedProductUsage") or ():
        amount = _stated(part)
        if amount is not None:
            name = str(usage.get("description") or usage.get("usageType") or "usage")
            moment = usage.get("usageDate") or event.time
            rate = rated(product["id"], account, name, amount, moment)
            of_usage = [{"name": "usage", "value": event.id}]
            store_rate(context, {**rate, "type": "usageCharge", "characteristic": of_usage})


def product_of(usage: Document) -> str | None:
    """The product that a usage record names."""
    for part in usage.get("ratedProductUsage") or ():
        named = (part.get("productRef") or {}).get("id")
        if named:
            return str(named)
    found = _characteristic(usage, "productId")
    return None if found is None else str(found)


def _priced(usage: Document, product: Document) -> Amount | str:
    """What the usage costs, or why nobody knows."""
    quantity = _number(_characteristic(usage, "quantity"))
    if quantity is None or quantity < 0:
        return "it has no characteristic quantity"
    unit = _characteristic(usage, "unit")
    matching = [
        amount
        for price, amount in usage_prices(product)
        if _is_for(price, usage.get("usageType"), unit)
    ]
    if len(matching) != 1:
        return f"{len(matching)} prices of the product fit"
    (one,) = matching
    net = round_money(one.net * quantity, one.currency)
    gross = round_money(net * (1 + (one.tax_rate or Decimal(0)) / HUNDRED), one.currency)
    return Amount(net, gross, one.currency, one.tax_rate)


def _is_for(price: Document, kind: Any, unit: Any) -> bool:
    """Whether a price is for usage of that kind (its name) or in that unit."""
    if unit is not None and price.get("unitOfMeasure") is not None:
        return bool(price["unitOfMeasure"] == unit)
    return kind is not None and price.get("name") == kind


def _stated(part: Document) -> Amount | None:
    net = part.get("taxExcludedRatingAmount") or part.get("taxIncludedRatingAmount") or {}
    gross = part.get("taxIncludedRatingAmount") or net
    amounts: Sequence[Decimal | None] = [amount_of(one.get("value")) for one in (net, gross)]
    if amounts[0] is None or amounts[1] is None:
        return None
    return Amount(amounts[0], amounts[1], net.get("unit"), amount_of(part.get("taxRate")))


def _reject(context: ReactionContext, usage: str, why: str) -> None:
    context.patch("usage", usage, {"status": "rejected", "message": why})


def _characteristic(usage: Document, name: str) -> Any:
    for one in usage.get("usageCharacteristic") or ():
        if one.get("name") == name:
            return one.get("value")
    return None


def _number(value: Any) -> Decimal | None:
    return amount_of(parse_number(value) if isinstance(value, str) else value)
