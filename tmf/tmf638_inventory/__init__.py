"""TMF638 Service Inventory: what keeps it sound, and what provides the services of products."""

from __future__ import annotations

from tmf.declare import Extension
from tmf.tmf638_inventory import planning
from tmf.tmf638_inventory.configuration import SETTING, provisioning
from tmf.tmf638_inventory.rules import no_service_supports_itself
from tmf.tmf638_inventory.steps import provision
from tmf.tmf638_inventory.told import PROVISION

_CHANGES = ("StateChangeEvent", "AttributeValueChangeEvent")

INVENTORY = Extension(
    api="TMF638",
    rules={"service": (no_service_supports_itself,)},
    settings=(SETTING,),
    check=provisioning,
    reactions={
        "ProductCreateEvent": (planning.product_changed,),
        **{f"Product{change}": (planning.product_changed,) for change in _CHANGES},
        **{f"ProductOrder{change}": (planning.order_changed,) for change in _CHANGES},
        **{f"Service{change}": (planning.service_changed,) for change in _CHANGES},
        "ServiceDeleteEvent": (planning.service_changed,),
    },
    duties={PROVISION: provision},
)
