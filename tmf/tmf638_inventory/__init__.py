"""TMF638 Service Inventory: what makes the inventory's network of services sound."""

from __future__ import annotations

from tmf.declare import Extension
from tmf.tmf638_inventory.rules import no_service_supports_itself

INVENTORY = Extension(api="TMF638", rules={"service": (no_service_supports_itself,)})
