"""The demo's story, told over the public APIs: from an order to a bill, a fallout and its repair,
and a cancellation with what it undoes.
"""

from __future__ import annotations

from typing import Any

from tmf.demo.stage import Stage

_ANNA = [
    {"id": "party-story", "name": "Anna Story", "role": "customer", "@referredType": "Individual"}
]
_WEB = [{"id": "channel-web", "name": "Web shop", "role": "creation"}]


class Story(Stage):
    """Plays the story of an order."""

    def play(self) -> None:
        """All of it; DemoError if the server does something else than it should."""
        self.tell("1. Anna becomes a customer and orders a fibre line with a static address.")
        self.create("TMF629/customer", _customer())
        order = self._order("story-order", "offer-fibre-500", "offer-static-ip")
        self.until(f"TMF622/productOrder/{order}", "completed")
        self._tell_services(order)

        self.chapter("2. She asks for her bill at once.")
        task = self.create("TMF678/customerBillOnDemand", {"billingAccount": {"id": "story"}})
        done = self.until(f"TMF678/customerBillOnDemand/{task['id']}", "done")
        bill = self.read(f"TMF678/customerBill/{done['customerBill']['id']}")
        due = bill["amountDue"]
        self.tell(f"   The bill of {due['value']} {due['unit']}: {self._url(bill)}")

        self.chapter("3. She pays it.")
        self.create("TMF676/payment", _payment(due))
        self.until(f"TMF678/customerBill/{bill['id']}", "settled")

        self.chapter("4. A mobile line falls out: the SIM factory refuses. The order is held.")
        order = self._order("story-fallout", "offer-mobile-5")
        held = self.until(f"TMF622/productOrder/{order}", "held")
        self.tell(f"   Its note says: {held['note'][-1]['text']}")
        self.tell("   Somebody repairs the factory and lets the order go on.")
        self._wait_for_held_services(order)
        path = f"{self.paths['TMF622']}/productOrder/{order}"
        self.portal.ask("PATCH", path, {"state": "inProgress"})
        self.until(f"TMF622/productOrder/{order}", "completed")

        self.chapter("5. Television is ordered, waits for a technician, and is cancelled.")
        order = self._order("story-cancelled", "offer-tv")
        self.wait_for(
            lambda: any(one["state"] == "reserved" for one in self._services(order)),
            "the television service to be prepared",
        )
        sent = {"productOrder": {"id": order}, "cancellationReason": "changed her mind"}
        task = self.create("TMF622/cancelProductOrder", sent)
        self.until(f"TMF622/cancelProductOrder/{task['id']}", "done")
        left = len(self._services(order))
        self.tell(f"   The order is cancelled, and {left or 'none'} of its services is left.")
        self.rest()

    def _order(self, identity: str, *offerings: str) -> str:
        items = [
            {"id": str(number), "action": "add", "quantity": 1, "productOffering": {"id": one}}
            for number, one in enumerate(offerings, 1)
        ]
        order = {
            "id": identity,
            "relatedParty": _ANNA,
            "channel": _WEB,
            "billingAccount": {"id": "story", "name": "Anna's account"},
            "productOrderItem": items,
        }
        return str(self.create("TMF622/productOrder", order)["id"])

    def _services(self, order: str) -> list[Any]:
        found = self.read(f"TMF638/service?serviceOrderItem.serviceOrderId={order}")
        return list(found)

    def _tell_services(self, order: str) -> None:
        for service in self._services(order):
            known = [
                f"{one['name']} {one['value']}"
                for one in service.get("serviceCharacteristic") or ()
                if one["name"] in ("address", "opticalPort", "phoneNumber")
            ]
            about = f" ({', '.join(known)})" if known else ""
            self.tell(f"   {service['category']} {service['name']}: {service['state']}{about}")

    def _wait_for_held_services(self, order: str) -> None:
        self.wait_for(
            lambda: any(
                one.get("provisioning", {}).get("status") == "held" for one in self._services(order)
            ),
            "the service to be held",
        )

    def _url(self, bill: Any) -> str:
        (pdf,) = (one for one in bill["billDocument"] if one["mimeType"] == "application/pdf")
        return f"{self.portal.address}{pdf['url']}"


def _customer() -> Any:
    return {
        "id": "customer-story",
        "name": "Anna Story",
        "status": "active",
        "engagedParty": {"id": "party-story", "name": "Anna Story", "@referredType": "Individual"},
    }


def _payment(due: Any) -> Any:
    return {
        "account": {"id": "story"},
        "totalAmount": due,
        "paymentMethod": {"name": "Bank transfer", "@type": "BankAccountTransfer"},
    }
