"""The demo's second scene: a line card fails in the night, and whom that hurts is known at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

from tmf.demo.stage import Stage

CARD = "olt-harbour-1-card-7"
"""The line card that Anna's fibre line is on; see `provisioning.json`."""

NEIGHBOURS = 12
"""Others on the card, each with a line and an internet access. With the lines of Anna and of a
customer of the demo's catalogue, the card itself, and one report that comes twice, that makes 30
alarms.
"""

OUTAGE = timedelta(hours=2)


class Outage(Stage):
    """Plays the outage, from the first alarm to the credit on the bill."""

    def play(self) -> None:
        """All of it; DemoError if the server does something else than it should."""
        self.chapter("6. A line card fails at three in the morning.")
        lines = self._lines()
        raised = self._now()
        card = self._report(CARD, "equipmentMalfunction", "critical", raised)
        reported = [
            self._report(one, cause, "major", raised)
            for line, access in lines
            for one, cause in ((line, "lossOfSignal"), (access, "serviceDown"))
        ]
        self._report(CARD, "equipmentMalfunction", "critical", self._now())
        place = f"TMF642/alarm/{card}"
        self.tell(f"   {len(reported) + 2} alarms arrive within a second.")
        root = self.wait_for(
            lambda: (
                (found := self.read(place)).get("correlatedAlarmCount") == len(reported)
                and found.get("affectedServiceCount") == len(reported)
                and found
            ),
            "the root cause to be found",
        )
        self.tell(
            f"   One root cause remains: {root['probableCause']} at {CARD}, reported "
            f"{root['count']} times. It explains the {root['correlatedAlarmCount']} others."
        )
        self._tell_impact(card)

        self.chapter("7. Two hours later the card is replaced, and all is well again.")
        self._advance(OUTAGE.total_seconds())
        for identity in (card, *reported):
            self._clear(identity)
        self.until(place, "cleared")
        hers = "relatedParty.id=party-story&effect=outage"
        self.wait_for(
            lambda: not self.read(f"TMF642/serviceImpact?{hers}&state=active&limit=1"),
            "the services to be released",
        )
        for one in self.read(f"TMF642/serviceImpact?{hers}"):
            self.tell(f"   {one['service']['name']}: out {one['startTime']} to {one['endTime']}")

        self.chapter("8. The month ends. Anna was promised 99.9 %: the bill gives some back.")
        self._to_next_month()
        task = self.create("TMF678/customerBillOnDemand", {"billingAccount": {"id": "story"}})
        done = self.until(f"TMF678/customerBillOnDemand/{task['id']}", "done")
        self._tell_credit(done["customerBill"]["id"])

    def _lines(self) -> list[tuple[str, str]]:
        """The services on the card, each line with the internet access on it."""
        for number in range(1, NEIGHBOURS + 1):
            self._neighbour(number)
        card = quote(CARD)
        lines = self.read(f"TMF638/service?supportingResource.id={card}&state=active&limit=100")
        found = []
        for line in lines:
            above = self.read(f"TMF638/service?supportingService.id={quote(line['id'])}")
            found.append((line["id"], above[0]["id"]))
        return found

    def _neighbour(self, number: int) -> None:
        party = {"id": f"party-neighbour-{number}", "name": f"Harbour Road {number}"}
        owner = [{**party, "role": "customer", "@referredType": "Individual"}]
        line = {
            "id": f"neighbour-{number}-line",
            "name": f"Fibre line, Harbour Road {number}",
            "category": "RFS",
            "state": "active",
            "serviceSpecification": {"id": "rfs-fibre-line", "name": "Fibre line"},
            "supportingResource": [{"id": CARD}],
            "relatedParty": owner,
        }
        access = {
            **line,
            "id": f"neighbour-{number}-access",
            "name": f"Internet access, Harbour Road {number}",
            "category": "CFS",
            "serviceSpecification": {"id": "cfs-internet-access", "name": "Internet access"},
            "supportingService": [{"id": line["id"]}],
        }
        del access["supportingResource"]
        self.create("TMF638/service", line)
        self.create("TMF638/service", access)

    def _report(self, named: str, cause: str, severity: str, moment: str) -> str:
        alarm = {
            "alarmType": "equipmentAlarm" if named == CARD else "communicationsAlarm",
            "perceivedSeverity": severity,
            "probableCause": cause,
            "alarmedObject": {"id": named},
            "sourceSystemId": "access-ems",
            "state": "raised",
            "alarmRaisedTime": moment,
        }
        return str(self.create("TMF642/alarm", alarm)["id"])

    def _clear(self, identity: str) -> None:
        patch = {"state": "cleared", "alarmClearedTime": self._now()}
        self.portal.ask("PATCH", self.path(f"TMF642/alarm/{identity}"), patch)

    def _tell_impact(self, card: str) -> None:
        impact = self.portal.ask("GET", f"/admin/v1/impact/{card}?limit=100")
        parties = sorted(impact["parties"], key=lambda one: not one["offers"])
        self.tell(
            f"   It hurts {impact['serviceCount']} services of {impact['partyCount']} customers:"
        )
        for party in parties[:4]:
            offers = f", {', '.join(party['offers'])}" if party["offers"] else ""
            self.tell(f"     {party['name']}: {party['services']} services{offers}")
        self.tell(f"     and {len(parties) - 4} more")

    def _tell_credit(self, bill: str) -> None:
        rates = self.read(f"TMF678/appliedCustomerBillingRate?bill.id={quote(bill)}&type=credit")
        for rate in rates:
            amount = rate["taxIncludedAmount"]
            self.tell(f"   {rate['name']}: {amount['value']} {amount['unit']}")
            self.tell(f"     {rate['description']}")
        self.wait_for(lambda: rates, "a credit on the bill")
        self.tell(f"   The bill: {self.portal.address}/files/bill/{bill}.pdf")

    def _now(self) -> str:
        return str(self.portal.ask("GET", "/admin/v1/clock")["now"])

    def _advance(self, seconds: float) -> None:
        self.portal.ask("POST", "/admin/v1/clock", {"advanceSeconds": seconds})

    def _to_next_month(self) -> None:
        now = datetime.fromisoformat(self._now())
        later = (now.replace(day=1, hour=0, minute=1) + timedelta(days=32)).replace(day=1)
        self.portal.ask("POST", "/admin/v1/clock", {"now": later.isoformat()})
