"""Whom an alarm hurts: what operators see of it (`/admin/v1/impact/{id}`, `tmf impact`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tmf.declare import Document, GuidelineError, ReactionContext
from tmf.tmf642_alarm.correlation import known
from tmf.tmf642_alarm.effects import records_of
from tmf.tmf642_alarm.inventory import Inventory
from tmf.tmf642_alarm.rulebook import rulebook
from tmf.tmf642_alarm.tasks import some_of

_SHOWN = (
    "id",
    "href",
    "state",
    "perceivedSeverity",
    "probableCause",
    "alarmRaisedTime",
    "alarmClearedTime",
    "alarmedObject",
    "isRootCause",
)
_NAMED = ("id", "href", "name")


@dataclass(slots=True)
class _Party:
    named: Document
    services: int = 0
    products: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Hurt:
    """What is hurt: each service in short, with whose it is and what it is there for."""

    services: Sequence[Document]
    parties: Sequence[Sequence[Document]]
    products: Sequence[Sequence[str]]


def impact(context: ReactionContext, identity: str, given: Mapping[str, str]) -> Document:
    """The services and parties behind an alarm: of one that stands, by the inventory as it is
    now; of one that is cleared, as is on record. 404 without such an alarm.
    """
    alarm = context.read("TMF642.alarm", identity)
    if alarm is None:
        raise GuidelineError("notFound", f"there is no alarm {identity}")
    rules = rulebook(context.settings)
    fault = known(alarm, rules.effects)
    live = fault is None or fault.cleared is None
    if fault is None:
        hurt = _Hurt((), (), ())
    elif live:
        hurt = _by_inventory(Inventory(context, rules.relationships), fault.object)
    else:
        hurt = _on_record(records_of(context, identity))
    parties = _parties(hurt)
    start, most = int(given.get("offset", 0)), int(given.get("limit", 100))
    effect = None if fault is None else fault.effect
    return {
        "alarm": some_of(alarm, *_SHOWN),
        "live": live,
        "effect": effect,
        "serviceCount": len(hurt.services),
        "partyCount": len(parties),
        "services": list(hurt.services[start : start + most]),
        "parties": _shown(context, parties[start : start + most], effect),
    }


def _by_inventory(inventory: Inventory, one: str) -> _Hurt:
    services = inventory.in_use(one)
    return _Hurt(
        [{**some_of(service, *_NAMED), "steps": steps} for service, steps in services],
        [service.get("relatedParty") or () for service, _ in services],
        [_products(service) for service, _ in services],
    )


def _on_record(records: Iterable[Document]) -> _Hurt:
    found = list(records)
    times = ("startTime", "endTime")
    return _Hurt(
        [{**some_of(one["service"], *_NAMED), **some_of(one, *times)} for one in found],
        [one.get("relatedParty") or () for one in found],
        [_products(one) for one in found],
    )


def _products(document: Document) -> list[str]:
    return [
        str(one["id"])
        for one in document.get("relatedEntity") or ()
        if one.get("role") == "product" and one.get("id")
    ]


def _parties(hurt: _Hurt) -> list[_Party]:
    found: dict[tuple[str, str], _Party] = {}
    for parties, products in zip(hurt.parties, hurt.products, strict=True):
        for party in parties:
            if not party.get("id"):
                continue
            key = (str(party["id"]), str(party.get("role") or ""))
            one = found.setdefault(key, _Party(party))
            one.services += 1
            one.products.update(products)
    return [found[key] for key in sorted(found, key=lambda key: (-found[key].services, key))]


def _shown(context: ReactionContext, parties: Sequence[_Party], effect: Any) -> list[Document]:
    offers = _offers(context, {product for one in parties for product in one.products})
    customers = _customers(context, sorted({str(one.named["id"]) for one in parties}))
    shown = []
    for one in parties:
        entry = some_of(one.named, "id", "name", "role")
        names = sorted({offers[product] for product in one.products if product in offers})
        entry |= {"services": one.services, "offers": names, "effect": effect}
        if (customer := customers.get(str(one.named["id"]))) is not None:
            entry["customer"] = {"id": customer["id"], "href": customer["href"]}
            entry.setdefault("name", customer.get("name", customer["id"]))
        shown.append(entry)
    return shown


def _offers(context: ReactionContext, products: Iterable[str]) -> dict[str, str]:
    found = context.read_all("TMF637.product", sorted(products))
    named = {}
    for product in found:
        offer = product.get("productOffering") or {}
        if name := offer.get("name") or product.get("name") or offer.get("id"):
            named[product["id"]] = str(name)
    return named


def _customers(context: ReactionContext, parties: Sequence[str]) -> dict[str, Document]:
    """The customers that parties are, by the party's id; a reference may also name the customer
    itself.
    """
    engaged = context.naming("TMF629.customer", ("engagedParty", "id"), parties)
    found = {str(one["engagedParty"]["id"]): one for one in engaged}
    for customer in context.read_all("TMF629.customer", parties):
        found.setdefault(customer["id"], customer)
    return found
