"""The demo's story, told over the public APIs: from an order to a bill, a fallout and its repair,
and a cancellation with what it undoes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from tmf.demo.portal import DemoError, Portal

PATIENCE = 60.0
"""Seconds that a step of the story may take; each takes a second or two."""

PAUSE = 1.0
"""Seconds between two chapters, in which the events of the first arrive and can be read."""

Tell = Callable[[str], None]

_ANNA = [
    {"id": "party-story", "name": "Anna Story", "role": "customer", "@referredType": "Individual"}
]
_WEB = [{"id": "channel-web", "name": "Web shop", "role": "creation"}]


class Story:
    """Plays the story; `tell` prints a line of it. `paths` maps each API to its path."""

    def __init__(
        self, portal: Portal, paths: Mapping[str, str], tell: Tell, pause: float = PAUSE
    ) -> None:
        self._portal = portal
        self._paths = paths
        self._tell = tell
        self._pause = pause

    def play(self) -> None:
        """All of it; DemoError if the server does something else than it should."""
        self._tell("1. Anna becomes a customer and orders a fibre line with a static address.")
        self._create("TMF629/customer", _customer())
        order = self._order("story-order", "offer-fibre-500", "offer-static-ip")
        self._until(f"TMF622/productOrder/{order}", "completed")
        self._tell_services(order)

        self._chapter("2. She asks for her bill at once.")
        task = self._create("TMF678/customerBillOnDemand", {"billingAccount": {"id": "story"}})
        done = self._until(f"TMF678/customerBillOnDemand/{task['id']}", "done")
        bill = self._read(f"TMF678/customerBill/{done['customerBill']['id']}")
        due = bill["amountDue"]
        self._tell(f"   The bill of {due['value']} {due['unit']}: {self._url(bill)}")

        self._chapter("3. She pays it.")
        self._create("TMF676/payment", _payment(due))
        self._until(f"TMF678/customerBill/{bill['id']}", "settled")

        self._chapter("4. A mobile line falls out: the SIM factory refuses. The order is held.")
        order = self._order("story-fallout", "offer-mobile-5")
        held = self._until(f"TMF622/productOrder/{order}", "held")
        self._tell(f"   Its note says: {held['note'][-1]['text']}")
        self._tell("   Somebody repairs the factory and lets the order go on.")
        self._wait_for_held_services(order)
        path = f"{self._paths['TMF622']}/productOrder/{order}"
        self._portal.ask("PATCH", path, {"state": "inProgress"})
        self._until(f"TMF622/productOrder/{order}", "completed")

        self._chapter("5. Television is ordered, waits for a technician, and is cancelled.")
        order = self._order("story-cancelled", "offer-tv")
        self._wait_for(
            lambda: any(one["state"] == "reserved" for one in self._services(order)),
            "the television service to be prepared",
        )
        sent = {"productOrder": {"id": order}, "cancellationReason": "changed her mind"}
        task = self._create("TMF622/cancelProductOrder", sent)
        self._until(f"TMF622/cancelProductOrder/{task['id']}", "done")
        left = len(self._services(order))
        self._tell(f"   The order is cancelled, and {left or 'none'} of its services is left.")
        time.sleep(self._pause)

    def _chapter(self, line: str) -> None:
        time.sleep(self._pause)
        self._tell(line)

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
        return str(self._create("TMF622/productOrder", order)["id"])

    def _services(self, order: str) -> list[Any]:
        found = self._read(f"TMF638/service?serviceOrderItem.serviceOrderId={order}")
        return list(found)

    def _tell_services(self, order: str) -> None:
        for service in self._services(order):
            known = [
                f"{one['name']} {one['value']}"
                for one in service.get("serviceCharacteristic") or ()
                if one["name"] in ("address", "opticalPort", "phoneNumber")
            ]
            about = f" ({', '.join(known)})" if known else ""
            self._tell(f"   {service['category']} {service['name']}: {service['state']}{about}")

    def _wait_for_held_services(self, order: str) -> None:
        self._wait_for(
            lambda: any(
                one.get("provisioning", {}).get("status") == "held" for one in self._services(order)
            ),
            "the service to be held",
        )

    def _create(self, place: str, document: Any) -> Any:
        return self._portal.ask("POST", self._path(place), document)

    def _read(self, place: str) -> Any:
        return self._portal.ask("GET", self._path(place))

    def _path(self, place: str) -> str:
        api, _, rest = place.partition("/")
        return f"{self._paths[api]}/{rest}"

    def _url(self, bill: Any) -> str:
        (pdf,) = (one for one in bill["billDocument"] if one["mimeType"] == "application/pdf")
        return f"{self._portal.address}{pdf['url']}"

    def _until(self, place: str, state: str) -> Any:
        return self._wait_for(
            lambda: (found := self._read(place))["state"] == state and found,
            f"{place} to be {state}",
        )

    @staticmethod
    def _wait_for(look: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not (found := look()):
            if time.monotonic() > deadline:
                raise DemoError(f"{what}: not within {PATIENCE:g} s")
            time.sleep(0.1)
        return found


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
