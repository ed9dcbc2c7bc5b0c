"""A small catalogue for the tests of orders, and orders judged by it."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from tmf.declare import Circumstances, GuidelineError
from tmf.tmf622_ordering import ORDERING

Json = dict[str, Any]

NOW = "2026-05-01T12:00:00.000Z"

OFFERING = "TMF620.productOffering"
PRICE = "TMF620.productOfferingPrice"
SPECIFICATION = "TMF620.productSpecification"
PRODUCT = "TMF637.product"


class Store:
    """Documents by key and id; knows which were read."""

    def __init__(self, documents: dict[str, dict[str, Json]]) -> None:
        self._documents = documents
        self.read: list[tuple[str, str]] = []

    def __call__(self, key: str, identity: str) -> Json | None:
        self.read.append((key, identity))
        return deepcopy(self._documents.get(key, {}).get(identity))


def offering(**parts: Any) -> Json:
    return {"name": "Offer", "lifecycleStatus": "Launched", **parts}


def bundle(**parts: tuple[int, int] | tuple[int, int, int]) -> Json:
    """An offering of these parts, each with its least, its most, and perhaps its default."""
    names = ("numberRelOfferLowerLimit", "numberRelOfferUpperLimit", "numberRelOfferDefault")
    listed = [
        {
            "id": identity,
            "name": identity.title(),
            "bundledProductOfferingOption": dict(zip(names, limits, strict=False)),
        }
        for identity, limits in parts.items()
    ]
    return offering(isBundle=True, bundledProductOffering=listed)


def item(identity: str, sold: str | None = None, action: str = "add", **parts: Any) -> Json:
    named = {} if sold is None else {"productOffering": {"id": sold}}
    return {"id": identity, "action": action, **named, **parts}


def order(*items: Json, **parts: Any) -> Json:
    return {"state": "acknowledged", "productOrderItem": list(items), **parts}


def values(**chosen: Any) -> Json:
    """A product with these values; a list gives a characteristic several times."""
    return {
        "productCharacteristic": [
            {"name": name, "value": one}
            for name, value in chosen.items()
            for one in (value if isinstance(value, list) else [value])
        ]
    }


def judged(
    new: Json,
    documents: dict[str, dict[str, Json]] | Store,
    old: Json | None = None,
    *,
    refuse_unknown: bool = False,
) -> Json:
    """The order as the server keeps it; the rules change neither document."""
    read = documents if isinstance(documents, Store) else Store(documents)
    before = deepcopy((new, old))
    seen = Circumstances("1", NOW, read, {"order_refuse_unknown_offerings": refuse_unknown})
    result = new
    for rule in ORDERING.rules["productOrder"]:
        result = rule(result, old, seen)
    assert (new, old) == before
    return result


def refused(*arguments: Any, **named: Any) -> tuple[str, str | None]:
    """The code of the refusal, and the path that it names."""
    with pytest.raises(GuidelineError) as refusal:
        judged(*arguments, **named)
    error = refusal.value
    assert error.status == 409
    assert error.message
    assert error.path is None or error.message.startswith(f"{error.path}: ")
    return error.code, error.path


def money(value: str, unit: str = "EUR") -> Json:
    return {"unit": unit, "value": Decimal(value)}
