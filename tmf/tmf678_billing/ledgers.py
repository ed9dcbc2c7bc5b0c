"""Ledgers as they are kept: records of this package, one for each product, by account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from tmf.declare import Document, ReactionContext, Records, amount_of, round_money
from tmf.tmf678_billing.charging import Alteration, Ledger, Line, Price
from tmf.tmf678_billing.periods import Rhythm
from tmf.tmf678_billing.prices import decimal_of

_LEDGER, _ACCOUNT_OF, _ACCOUNT = "ledger", "accountOf", "account"


def lock_account(context: ReactionContext, account: str) -> Document:
    """What is known of an account, kept from others until the transaction ends."""
    records = context.records(_ACCOUNT)
    records.add(account, {})
    return records.get(account, lock=True) or {}


def remember_account(context: ReactionContext, account: str, known: Document) -> None:
    """Keep what is known of a locked account."""
    context.records(_ACCOUNT).put(account, known)


def accounts(context: ReactionContext) -> Iterator[str]:
    """All accounts of which anything is known."""
    for account, _ in context.records(_ACCOUNT).starting(""):
        yield account


def account_of(context: ReactionContext, product: str) -> str | None:
    """The account that pays for a product, if it has a ledger."""
    known = context.records(_ACCOUNT_OF).get(product)
    return None if known is None else str(known["account"])


def ledger_of(context: ReactionContext, account: str, product: str) -> Ledger:
    """The ledger of a product; an empty one if there is none yet."""
    kept = context.records(_LEDGER).get(_key(account, product))
    return Ledger(rounding=round_money) if kept is None else _read(kept)


def keep(context: ReactionContext, account: str, product: str, ledger: Ledger) -> None:
    """Keep a product's ledger."""
    records: Records = context.records(_LEDGER)
    if ledger.running or ledger.lines:
        records.put(_key(account, product), _written(ledger))
    context.records(_ACCOUNT_OF).put(product, {"account": account})


def move(context: ReactionContext, product: str, old: str, new: str) -> None:
    """Another account pays for a product from now on."""
    records = context.records(_LEDGER)
    kept = records.get(_key(old, product))
    records.drop(_key(old, product))
    if kept is not None:
        records.put(_key(new, product), kept)
    context.records(_ACCOUNT_OF).put(product, {"account": new})


def ledgers_of(context: ReactionContext, account: str) -> Iterator[tuple[str, Ledger]]:
    """The products of an account, each with its ledger."""
    prefix = f"{account}/"
    for key, kept in list(context.records(_LEDGER).starting(prefix)):
        if "/" not in key.removeprefix(prefix):
            yield key.removeprefix(prefix), _read(kept)


def _key(account: str, product: str) -> str:
    return f"{account}/{product}"


def _written(ledger: Ledger) -> Document:
    return {
        "running": ledger.running,
        "lines": [
            {
                "price": _price_written(line.price),
                "since": line.since.isoformat(),
                "anchor": line.anchor.isoformat(),
                "upto": line.upto.isoformat(),
            }
            for line in ledger.lines
        ],
    }


def _read(kept: Document) -> Ledger:
    lines = tuple(
        Line(
            _price_read(line["price"]),
            *(date.fromisoformat(line[name]) for name in ("since", "anchor", "upto")),
        )
        for line in kept["lines"]
    )
    return Ledger(lines, kept["running"], round_money)


def _price_written(price: Price) -> Document:
    written: Document = {
        "name": price.name,
        "rhythm": [price.rhythm.unit, price.rhythm.length],
        "net": price.net,
        "gross": price.gross,
        "arrears": price.arrears,
        "alterations": [[one.net, one.gross, one.periods] for one in price.alterations],
    }
    others = {"currency": price.currency, "taxRate": price.tax_rate, "source": price.source}
    return {**written, **{name: value for name, value in others.items() if value is not None}}


def _price_read(kept: Any) -> Price:
    return Price(
        name=kept["name"],
        rhythm=Rhythm(kept["rhythm"][0], int(kept["rhythm"][1])),
        net=decimal_of(kept["net"]),
        gross=decimal_of(kept["gross"]),
        currency=kept.get("currency"),
        tax_rate=amount_of(kept.get("taxRate")),
        arrears=kept["arrears"],
        alterations=tuple(
            Alteration(
                decimal_of(net), decimal_of(gross), None if periods is None else int(periods)
            )
            for net, gross, periods in kept["alterations"]
        ),
        source=kept.get("source"),
    )
