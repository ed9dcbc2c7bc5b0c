"""A made-up API for tests: one resource, `ticket`, that each test states as it needs."""

from __future__ import annotations

from typing import Any

from tmf.spec.bundle import load_api
from tmf.spec.model import Api, Resource

Json = dict[str, Any]

COMMON = "common.yaml#/components/schemas/"
LOCAL = "#/components/schemas/"

PROPERTIES: Json = {
    "name": {"type": "string", "description": "What it is called."},
    "status": {"type": "string", "description": "How far it has come."},
    "severity": {"type": "string", "description": "How bad it is."},
    "openedDate": {"type": "string", "format": "date-time", "description": "When it came."},
    "lastUpdate": {"type": "string", "format": "date-time", "description": "When it changed."},
}


def source(
    facts: Json | None = None,
    properties: Json | None = None,
    schemas: Json | None = None,
    **of_schema: Any,
) -> Json:
    """The API's file as read; `facts` are the resource's x-data, the others its schemas'."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "Tickets", "version": "1.2.3", "description": "Made up."},
        "x-base-paths": ["/tmf-api/tickets/v1"],
        "x-resources": {
            "ticket": {
                "description": "Tickets that customers have opened.",
                "schema": "Ticket",
                "operations": ["list", "create", "retrieve", "patch", "delete"],
                **(facts or {}),
            }
        },
        "paths": {},
        "components": {
            "schemas": {
                "Ticket": {
                    "description": "What a ticket is.",
                    "allOf": [{"$ref": COMMON + "Entity"}],
                    "properties": {**PROPERTIES, **(properties or {})},
                    **of_schema,
                },
                **(schemas or {}),
            }
        },
    }


def ticket_api(*of_source: Any, **named: Any) -> Api:
    """The API as the program understands it; arguments are those of `source`."""
    return load_api("TMF999", source(*of_source, **named))


def ticket(*of_source: Any, **named: Any) -> Resource:
    """Its resource; arguments are those of `source`."""
    return ticket_api(*of_source, **named).resources["ticket"]
