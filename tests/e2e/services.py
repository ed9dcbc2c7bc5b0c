"""Four services to ask questions about: `alpha`, `beta`, `gamma`, `delta`."""

from __future__ import annotations

from typing import Any

from tests.e2e.client import Client

PLACE = "TMF638/service"

_SPECIFICATION = {"id": "4711"}

SERVICES: tuple[dict[str, Any], ...] = (
    {
        "name": "alpha",
        "state": "active",
        "isServiceEnabled": True,
        "startDate": "2030-01-31T07:00:00Z",
        "serviceSpecification": _SPECIFICATION,
        "serviceCharacteristic": [
            {"name": "vlan", "value": 42},
            {"name": "rate", "value": 100},
        ],
        "relatedParty": [
            {"id": "1", "role": "customer", "name": "Smith, John", "@referredType": "Individual"},
            {"id": "2", "role": "user", "name": "Ann", "@referredType": "Individual"},
        ],
        "weight": {"kg": 10.00},
        "tags": ["red", "green"],
    },
    {
        "name": "beta",
        "state": "inactive",
        "isServiceEnabled": False,
        "startDate": "2030-02-01T00:00:00+02:00",
        "serviceSpecification": _SPECIFICATION,
        "serviceCharacteristic": [
            {"name": "vlan", "value": 7},
            {"name": "rate", "value": 42},
        ],
        "relatedParty": [
            {"id": "2", "role": "customer", "name": "Ann", "@referredType": "Individual"},
        ],
        "weight": {"kg": 9},
        "tags": ["blue"],
    },
    {
        "name": "gamma ray",
        "state": "reserved",
        "serviceSpecification": {"id": "4712", "version": "2"},
        "note": [
            {"id": "n1", "author": "Jean", "date": "2026-03-01T12:00:00Z", "text": "a+b=c & more"},
            {"id": "n2", "author": "Luc", "date": "2025-03-01T12:00:00Z", "text": "later"},
        ],
        "weight": {"kg": "12 or so"},
        "@type": "RadiantService",
    },
    {
        "name": "delta",
        "state": "designed",
        "isServiceEnabled": True,
        "startDate": "2030-01-31T08:00+01:00",
        "serviceSpecification": {"id": "4712"},
        "note": [{"author": "Jean", "date": "2024-01-01T00:00:00Z", "text": "100% [done]; (x)"}],
        "serviceCharacteristic": [{"name": "profile", "value": {"up": 20, "down": [50, 60]}}],
        "weight": None,
        "tags": [],
    },
)


def create(tmf: Client, category: str) -> None:
    """The services, told from those of other tests by their category."""
    for service in SERVICES:
        tmf.create(PLACE, {**service, "category": category})


def found(tmf: Client, category: str, query: str) -> set[str]:
    """First letters of the names of the services that a query finds."""
    documents = tmf.read(f"{PLACE}?category={category}&{query}")
    return {document["name"][0] for document in documents}
