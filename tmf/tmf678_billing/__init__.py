"""TMF678 Customer Bill: what products and their usage cost, and the bills that say so.

It also opens the accounts (TMF666) of those who order, and rates usage (TMF635).
"""

from __future__ import annotations

from tmf.declare import Extension
from tmf.tmf678_billing import accounts, on_demand, payments, rating, usage
from tmf.tmf678_billing.paper import bill_paper
from tmf.tmf678_billing.rules import someone_is_billed

_CHANGES = ("CreateEvent", "StateChangeEvent", "AttributeValueChangeEvent")

BILLING = Extension(
    api="TMF678",
    rules={"customerBillOnDemand": (someone_is_billed,)},
    reactions={
        **{f"Product{change}": (rating.product_changed,) for change in _CHANGES},
        "UsageCreateEvent": (usage.rated_usage,),
        "UsageStateChangeEvent": (usage.rated_usage,),
        "PaymentCreateEvent": (payments.paid,),
        "PaymentStateChangeEvent": (payments.paid,),
        "CustomerBillOnDemandCreateEvent": (on_demand.wanted,),
    },
    papers={"bill": bill_paper},
)

ACCOUNTS = Extension(api="TMF666", reactions={"ProductOrderCreateEvent": (accounts.ordered,)})

USAGE = Extension(
    api="TMF635",
    reactions={
        "UsageCreateEvent": (usage.received,),
        "UsageStateChangeEvent": (usage.received,),
    },
)
