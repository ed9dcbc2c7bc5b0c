"""The prices that a product says it has, as billing reckons with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tmf.declare import Document, amount_of, round_money
from tmf.tmf678_billing.charging import ZERO, Alteration, Price
from tmf.tmf678_billing.periods import MONTHLY, rhythm_of

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Amount:
    """Money before and after tax."""

    net: Decimal
    gross: Decimal
    currency: str | None
    tax_rate: Decimal | None


def kind_of(price: Document) -> str:
    """`recurring`, `onetime` or `usage`, however it is spelt; otherwise something else."""
    text = "".join(filter(str.isalpha, str(price.get("priceType") or "").lower()))
    for kind in ("onetime", "recurring", "usage"):
        if text.startswith(kind):
            return kind
    return "onetime" if text in ("nonrecurring", "oneoff") else text


def recurring_prices(product: Document, listed: Callable[[str], Document | None]) -> list[Price]:
    """What the product costs again and again; `listed` looks a catalogue price up."""
    return list(_recurring(product, listed))


def _recurring(product: Document, listed: Callable[[str], Document | None]) -> Iterator[Price]:
    seen: dict[str, int] = {}
    for stated in product.get("productPrice") or ():
        amount = amount_in(stated.get("price"))
        if kind_of(stated) != "recurring" or amount is None:
            continue
        source = (stated.get("productOfferingPrice") or {}).get("id")
        of_catalogue = (listed(source) if source else None) or {}
        name = str(stated.get("name") or "recurring charge")
        seen[name] = seen.get(name, 0) + 1
        yield Price(
            name=name if seen[name] == 1 else f"{name} ({seen[name]})",
            rhythm=rhythm_of(stated.get("recurringChargePeriod")) or MONTHLY,
            net=amount.net,
            gross=amount.gross,
            currency=amount.currency,
            tax_rate=amount.tax_rate,
            arrears=bool(of_catalogue.get("inArrears") or stated.get("inArrears")),
            alterations=tuple(_alterations(stated, amount)),
            source=source,
        )


def one_time_prices(product: Document) -> Iterator[tuple[str, Amount, str | None]]:
    """What the product costs once: name, amount with its alterations, catalogue price."""
    for stated in product.get("productPrice") or ():
        amount = amount_in(stated.get("price"))
        if kind_of(stated) != "onetime" or amount is None:
            continue
        changes = list(_alterations(stated, amount))
        net = amount.net + sum((one.net for one in changes), ZERO)
        gross = amount.gross + sum((one.gross for one in changes), ZERO)
        altered = Amount(net, gross, amount.currency, amount.tax_rate)
        source = (stated.get("productOfferingPrice") or {}).get("id")
        yield str(stated.get("name") or "one-time charge"), altered, source


def usage_prices(product: Document) -> Iterator[tuple[Document, Amount]]:
    """What a unit of usage costs: the price, and the amount, which may be of fractions of coins."""
    for stated in product.get("productPrice") or ():
        amount = amount_in(stated.get("price"), rounded=False)
        if kind_of(stated) == "usage" and amount is not None:
            yield stated, amount


def _alterations(stated: Document, base: Amount) -> Iterator[Alteration]:
    """In the order of their priority, each upon what the ones before left."""
    net, gross = base.net, base.gross
    listed = stated.get("productPriceAlteration") or ()
    for one in sorted(listed, key=lambda each: each.get("priority") or 0):
        if kind_of(one) != kind_of(stated):
            continue
        price = one.get("price") or {}
        change = amount_in(price, rate=base.tax_rate)
        percentage = amount_of(price.get("percentage"))
        if change is not None:
            altered = Alteration(change.net, change.gross, one.get("applicationDuration"))
        elif percentage is not None:
            altered = Alteration(
                round_money(net * percentage / HUNDRED, base.currency),
                round_money(gross * percentage / HUNDRED, base.currency),
                one.get("applicationDuration"),
            )
        else:
            continue
        net, gross = net + altered.net, gross + altered.gross
        yield altered


def amount_in(price: Any, *, rate: Decimal | None = None, rounded: bool = True) -> Amount | None:
    """What a Price states, the amount after tax told from the one before it or the other way."""
    if not isinstance(price, dict):
        return None
    net, currency = _money(price.get("dutyFreeAmount"))
    gross, other = _money(price.get("taxIncludedAmount"))
    stated = amount_of(price.get("taxRate"))
    rate = rate if stated is None else stated
    factor = 1 + (rate or ZERO) / HUNDRED
    currency = currency or other

    def coins(amount: Decimal) -> Decimal:
        return round_money(amount, currency) if rounded else amount

    if net is None and gross is None:
        return None
    if net is None and gross is not None:
        net = coins(gross / factor) if factor else gross
    if gross is None and net is not None:
        gross = coins(net * factor)
    if net is None or gross is None:
        return None
    return Amount(net, gross, currency, rate)


def decimal_of(value: Any) -> Decimal:
    """A document's number as an amount; nothing if it is none."""
    found = amount_of(value)
    return ZERO if found is None else found


def money(value: Decimal, currency: str | None) -> Document:
    """An amount as Money."""
    return {"value": value} if currency is None else {"unit": currency, "value": value}


def _money(money: Any) -> tuple[Decimal | None, str | None]:
    if not isinstance(money, dict):
        return None, None
    return amount_of(money.get("value")), money.get("unit")
