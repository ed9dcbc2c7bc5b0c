"""TMF622 Product Ordering: what may be ordered, what it costs, and how it comes about.

Orders also make, change and end the products of the inventory (TMF637).
"""

from __future__ import annotations

from tmf.declare import Extension
from tmf.tmf622_ordering import following, installing
from tmf.tmf622_ordering.cancelling import BEGIN, CANCEL, asked_for, stop
from tmf.tmf622_ordering.rules import REFUSE_UNKNOWN, items_can_be_had, items_have_their_own_ids

_CHANGES = ("StateChangeEvent", "AttributeValueChangeEvent")

ORDERING = Extension(
    api="TMF622",
    rules={"productOrder": (items_have_their_own_ids, items_can_be_had)},
    settings=(REFUSE_UNKNOWN,),
    reactions={
        "ProductOrderCreateEvent": (following.accepted,),
        "CancelProductOrderCreateEvent": (asked_for,),
        **{f"ProductOrder{change}": (following.order_changed,) for change in _CHANGES},
        "ProductCreateEvent": (following.product_made,),
        **{f"Product{change}": (following.product_changed,) for change in _CHANGES},
        "ServiceAttributeValueChangeEvent": (following.service_changed,),
    },
    duties={BEGIN: following.begin, CANCEL: stop},
)

PRODUCTS = Extension(
    api="TMF637",
    reactions={
        **{f"ProductOrder{change}": (installing.order_changed,) for change in _CHANGES},
        **{f"Service{change}": (installing.service_changed,) for change in _CHANGES},
        "ServiceDeleteEvent": (installing.service_changed,),
    },
    duties={installing.SETTLE: installing.settle},
)
