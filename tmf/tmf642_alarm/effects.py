"""What alarms do to services: told by the alarm, and kept on record for each service.

A serviceImpact says from when to when an alarm harmed a service, and whose that is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from tmf.declare import Document, ReactionContext, parse_instant
from tmf.tmf642_alarm.correlation import Known
from tmf.tmf642_alarm.inventory import Inventory
from tmf.tmf642_alarm.tasks import some_of

IMPACT = "serviceImpact"

NEAREST = 100
"""Services that an alarm itself lists; it counts all."""


class Effects:
    """Writes down what alarms do to services, in one transaction."""

    def __init__(self, context: ReactionContext, inventory: Inventory) -> None:
        self._context = context
        self._inventory = inventory
        self._records: dict[str, list[Document]] = {}

    def load(self, alarms: Iterable[Known]) -> None:
        """Have what is on record of these alarms at hand."""
        noted = [alarm.id for alarm in alarms if alarm.noted]
        self._records |= {one: [] for one in noted}
        found = self._context.naming(f"TMF642.{IMPACT}", ("alarm", "id"), noted)
        locked = self._context.lock_all(IMPACT, [one["id"] for one in found])
        for _, record in sorted(locked.items()):
            self._records[record["alarm"]["id"]].append(record)

    def harmed(self, one: str) -> list[Document]:
        """The services in use that rest on an object, or are it, the nearest first."""
        return [service for service, _ in self._inventory.in_use(one)]

    def listed(self, alarm: Known, document: Document) -> Document:
        """What has to change in the services that an alarm lists. Without any in the inventory,
        what its source says stays.
        """
        services = [] if alarm.cleared is not None else self.harmed(alarm.object)
        if not services and "affectedServiceCount" not in document:
            return {}
        wanted: Document = {"affectedService": None, "affectedServiceCount": None}
        if services:
            listed = [service_ref(one) for one in services[:NEAREST]]
            wanted = {"affectedService": listed, "affectedServiceCount": len(services)}
        return {name: one for name, one in wanted.items() if document.get(name) != one}

    def note(self, alarm: Known, document: Document, *, counts: bool) -> None:
        """Bring the record of an alarm up to date, which is at hand; without `counts` there is to
        be none.
        """
        there = self._records[alarm.id] if alarm.noted else []
        if not counts:
            for record in there:
                self._context.delete(IMPACT, record["id"])
        elif alarm.cleared is None:
            self._note_standing(alarm, document, there)
        elif alarm.noted:
            self._note_cleared(alarm, document, there)
        else:
            for service in self.harmed(alarm.object):
                over = {"state": "released", "endTime": cleared_time(document)}
                self._context.store(IMPACT, {**_record(alarm, document, service), **over})

    def end(self, alarm: Known) -> None:
        """The alarm itself is no more: it harms nobody any longer."""
        for record in records_of(self._context, alarm.id):
            if record["state"] == "active":
                self._release(record, self._context.now)

    def _note_standing(self, alarm: Known, document: Document, there: list[Document]) -> None:
        active = {one["service"]["id"]: one for one in there if one["state"] == "active"}
        released = {one["service"]["id"] for one in there if one["state"] != "active"}
        harmed = {one["id"]: one for one in self.harmed(alarm.object)}
        for identity, service in harmed.items():
            record = _record(alarm, document, service)
            if identity in released:  # it was harmed before, and has been in order since
                since = active.get(identity, {}).get("startTime", self._context.now)
                record["startTime"] = since
            if identity in active:
                self._update(active[identity], record)
            else:
                self._context.store(IMPACT, record)
        for identity, record in active.items():
            if identity not in harmed:
                self._release(record, self._context.now)

    def _update(self, there: Document, wanted: Document) -> None:
        changing = some_of(wanted, "effect", "relatedParty", "startTime")
        patch = {name: value for name, value in changing.items() if there.get(name) != value}
        if patch:
            self._context.patch(IMPACT, there["id"], patch, own=True)

    def _note_cleared(self, alarm: Known, document: Document, there: list[Document]) -> None:
        times = Counter(one["service"]["id"] for one in there)
        self._inventory.rested_on_by(times)
        for record in there:
            identity = record["service"]["id"]
            service = self._inventory.service(identity)
            patch: Document = {"state": "released", "effect": alarm.effect}
            if times[identity] == 1 and service is not None and service.get("state") == "active":
                start = _record(alarm, document, service)["startTime"]
                end = cleared_time(document)
                patch |= {"startTime": start, "endTime": _later(start, end)}
            else:
                patch["endTime"] = _end_of(record, document)
            self._context.patch(IMPACT, record["id"], patch, own=True)

    def _release(self, record: Document, moment: str) -> None:
        end = _later(record["startTime"], moment)
        self._context.patch(IMPACT, record["id"], {"state": "released", "endTime": end}, own=True)


def records_of(context: ReactionContext, alarm: str) -> list[Document]:
    """What is on record of an alarm."""
    return list(context.find(f"TMF642.{IMPACT}", f"alarm.id={quote(alarm, safe='')}"))


def strike_out(context: ReactionContext, alarm: str) -> None:
    """Nothing of what is on record of an alarm was so: another tells it."""
    for record in records_of(context, alarm):
        context.delete(IMPACT, record["id"])


def service_ref(service: Document) -> Document:
    """A link to a service."""
    return {**some_of(service, "id", "href", "name"), "@referredType": "Service"}


def _record(alarm: Known, document: Document, service: Document) -> Document:
    owners = some_of(service, "relatedParty", "relatedEntity")
    return {
        "state": "active",
        "effect": alarm.effect,
        "startTime": _later(document["alarmRaisedTime"], service.get("startDate")),
        "alarm": {"id": alarm.id, "href": document["href"], "@referredType": "Alarm"},
        "service": service_ref(service),
        **{name: stated for name, stated in owners.items() if stated},
    }


def _end_of(record: Document, document: Document) -> str:
    """When what is on record was over, now that its alarm is cleared: it may have been before."""
    cleared = cleared_time(document)
    end = record.get("endTime")
    if end is None or _instant(end) > _instant(cleared):
        end = cleared
    return _later(record["startTime"], end)


def cleared_time(document: Document) -> str:
    """When an alarm was cleared; one that was loaded need not say so."""
    return str(document.get("alarmClearedTime") or document["alarmRaisedTime"])


def _later(moment: str, other: Any) -> str:
    """The later of two instants, of which the other may be missing."""
    return str(other) if isinstance(other, str) and _instant(other) > _instant(moment) else moment


def _instant(text: str) -> int:
    return parse_instant(text) or 0
