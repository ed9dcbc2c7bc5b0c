"""The catalogue that every service holds: product offerings of 2 to 4 KB, made by number.

The same number gives the same offering on every run. How often the values that are searched for
occur is set by the number of offerings: `name` and the first `category` of an offering are shared
by 100, `version` and the last `place` by 10; a quarter is `Launched`, three quarters are sold on
the web.
"""

# ruff: noqa: S311 (made-up data keeps no secret)

from __future__ import annotations

import uuid
from dataclasses import dataclass
from random import Random
from typing import Any

Document = dict[str, Any]

SHARED = 100
"""Offerings that share a name, and offerings on one shelf (category)."""

RARE = 10
"""Offerings that share a version, and offerings for one district (place)."""

_FIRST_MILLISECOND = 1_767_225_600_000  # 2026-01-01, for ids in the order of creation
_STATES = ("Launched", "Active", "Active", "Retired", "In design", "In test", "Active", "Launched")
_SPEEDS = (50, 100, 250, 500, 1000, 2000)
_LINES = ("Fibre", "Cable", "Mobile", "Business line", "Television", "Voice")
_SEGMENTS = ("Consumer", "Small business", "Enterprise", "Public sector", "Wholesale")
_CHANNELS = ("shop", "callCentre", "partner", "doorToDoor")
_CHARGES = ("recurring", "oneTime", "recurring", "usage")
_WORDS = [
    *("unlimited", "calls", "within", "the", "country", "and", "a", "router", "that", "is", "set"),
    *("up", "with", "free", "exchange", "for", "as", "long", "the", "contract", "runs", "in"),
    *("every", "district", "our", "network", "has", "reached", "including", "installation", "by"),
    *("technician", "at", "an", "hour", "of", "your", "choice", "month", "to", "change", "mind"),
]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`count` offerings, numbered from 0; higher numbers give offerings that it does not hold."""

    count: int

    def identity(self, number: int) -> str:
        """The id of an offering: a UUIDv7 whose time grows with the number."""
        tail = Random(number).getrandbits(62)
        return str(
            uuid.UUID(int=(_FIRST_MILLISECOND + number) << 80 | 0x7 << 76 | 0b10 << 62 | tail)
        )

    def name(self, number: int) -> str:
        """The name that it shares with about 100 others."""
        group = number % max(1, self.count // SHARED)
        return f"{_LINES[group % 6]} {_SPEEDS[group % 5]} no. {group}"

    def version(self, number: int) -> str:
        """The version that it shares with about 10 others."""
        return f"2.{number * 7919 % max(1, self.count // RARE)}"

    def shelf(self, number: int) -> str:
        """The id of the category that it shares with about 100 others."""
        return f"shelf-{number * 7907 % max(1, self.count // SHARED)}"

    def district(self, number: int) -> str:
        """The id of the place that it shares with about 10 others."""
        return f"district-{number * 7901 % max(1, self.count // RARE)}"

    def offering(self, number: int) -> Document:
        """The offering as a service stores it: without `href`."""
        draw = Random(number)
        speed = draw.choice(_SPEEDS)
        return {
            "id": self.identity(number),
            "@type": "ProductOffering",
            "name": self.name(number),
            "description": _sentence(draw, draw.randint(10, 120)),
            "lifecycleStatus": draw.choice(_STATES),
            "version": self.version(number),
            "isBundle": False,
            "isSellable": draw.random() < 0.9,
            "lastUpdate": f"2026-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}"
            f"T{draw.randint(0, 23):02d}:{draw.randint(0, 59):02d}:00.000Z",
            "validFor": {
                "startDateTime": "2026-01-01T00:00:00Z",
                "endDateTime": f"20{draw.randint(27, 35)}-12-31T23:59:59Z",
            },
            "category": [
                {"id": self.shelf(number), "name": f"Shelf of {speed}", "version": "1.0"},
                {"id": f"group-{draw.randint(0, 9)}", "name": "Group", "version": "1.0"},
            ],
            "channel": _channels(draw),
            "marketSegment": [_ref("segment", name) for name in draw.sample(_SEGMENTS, 2)],
            "place": [
                _ref("region", f"Region {draw.randint(1, 16)}", "GeographicArea"),
                {"id": self.district(number), "@referredType": "GeographicArea"},
            ],
            "productSpecification": {
                "id": f"spec-{draw.randint(1, 500)}",
                "name": f"Access line {speed}",
                "version": "3.1",
            },
            "prodSpecCharValueUse": _characteristics(draw, speed),
            "productOfferingPrice": [_price(draw, kind) for kind in _CHARGES[: draw.randint(1, 4)]],
            "productOfferingTerm": [_term(months) for months in draw.sample((1, 12, 24, 36), 2)],
            "serviceLevelAgreement": {"id": f"sla-{draw.randint(1, 8)}", "name": "Repair in time"},
        }

    def posted(self, number: int) -> Document:
        """What a client sends to create an offering: the server sets its id and lastUpdate."""
        document = self.offering(self.count + number)
        del document["id"], document["lastUpdate"]
        return document


def _sentence(draw: Random, words: int) -> str:
    return " ".join(draw.choices(_WORDS, k=words)).capitalize() + "."


def _ref(kind: str, name: str, referred: str = "") -> Document:
    ref = {"id": f"{kind}-{name.lower().replace(' ', '-')}", "name": name}
    return {**ref, "@referredType": referred} if referred else ref


def _channels(draw: Random) -> list[Document]:
    chosen = draw.sample(_CHANNELS, 2) + (["web"] if draw.random() < 0.75 else [])
    return [{"id": name, "name": f"Sold by {name}"} for name in chosen]


def _characteristics(draw: Random, speed: int) -> list[Document]:
    return [
        _characteristic("downstreamSpeed", [{"value": speed, "unitOfMeasure": "Mbit/s"}]),
        _characteristic("upstreamSpeed", [{"value": speed // 2, "unitOfMeasure": "Mbit/s"}]),
        _characteristic("router", [{"value": f"model {draw.randint(1, 40)}"}]),
        _characteristic("staticAddress", [{"value": False}, {"value": True}]),
    ]


def _characteristic(name: str, values: list[Document]) -> Document:
    values[0]["isDefault"] = True
    return {
        "id": name,
        "name": name,
        "valueType": "string" if name == "router" else "number",
        "minCardinality": 1,
        "maxCardinality": len(values),
        "productSpecCharacteristicValue": values,
    }


def _price(draw: Random, kind: str) -> Document:
    cents = draw.randint(500, 9999)
    price: Document = {
        "id": f"price-{kind}-{cents}",
        "name": f"{kind} charge",
        "priceType": kind,
        "price": {
            "taxRate": 23.0,
            "dutyFreeAmount": {"unit": "EUR", "value": cents / 100},
            "taxIncludedAmount": {"unit": "EUR", "value": round(cents * 1.23) / 100},
        },
    }
    if kind == "recurring":
        price.update(recurringChargePeriod="month", recurringChargePeriodLength=1)
    return price


def _term(months: int) -> Document:
    return {
        "name": f"{months} months",
        "description": f"Runs for {months} months and then from month to month",
        "duration": {"amount": months, "units": "month"},
    }
