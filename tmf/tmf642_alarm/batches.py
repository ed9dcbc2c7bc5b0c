"""One batch of marked alarms and services: what explains what now, and whom it harms."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tmf.declare import Document, ReactionContext
from tmf.tmf642_alarm.correlation import Correlation, Known, known
from tmf.tmf642_alarm.effects import Effects
from tmf.tmf642_alarm.memory import Memory
from tmf.tmf642_alarm.pending import Found
from tmf.tmf642_alarm.rulebook import rulebook
from tmf.tmf642_alarm.sight import Sight
from tmf.tmf642_alarm.tasks import ref

LISTED = 100
"""Alarms that a root cause lists; it counts all."""

FOUND_OUT = frozenset(
    {
        "parentAlarm",
        "correlatedAlarm",
        "correlatedAlarmCount",
        "isRootCause",
        "affectedService",
        "affectedServiceCount",
    }
)
"""Attributes that are written here: their changes lead to nothing new."""


class Batch:
    """The work on one batch, within one transaction. `changes` names the last one in which
    services had changed.
    """

    def __init__(
        self, context: ReactionContext, memory: Memory, sight: Sight, changes: str
    ) -> None:
        self._context = context
        self._rules = rulebook(context.settings)
        self._memory = memory
        self._inventory = sight.inventory(context, self._rules.relationships, changes)
        self._effects = Effects(context, self._inventory)
        self._left: set[str] = set()

    def correlate(self, alarms: Collection[str], services: Collection[str]) -> Found:
        """Find out what is different now that these have changed."""
        if not alarms and not services:
            return Found(set(), set())
        before = self._before(alarms)
        touched = self._take_note(alarms)
        now = [alarm for one in touched if (alarm := self._memory.get(one)) is not None]
        was = [before[one] for one in touched if one in before]
        objects = {alarm.object for alarm in (*now, *was)} | set(services)
        members = {one for alarm in was for one in alarm.members}
        anew = touched | self._harmed_through(services)
        return Found(anew, (self._left | members | self._regroup(objects, members)) - anew)

    def write(self, found: Found) -> None:
        """Write into these alarms what is known of them, and on record whom they harm."""
        alarms = found.anew | found.moved
        self._memory.load(alarms)
        known_ones = [alarm for one in alarms if (alarm := self._memory.get(one)) is not None]
        self._memory.load([alarm.parent for alarm in known_ones if alarm.parent])
        self._memory.load_on({alarm.object for alarm in known_ones})
        harming = {
            alarm.id: alarm
            for alarm in known_ones
            if alarm.id in found.anew or alarm.noted != self._counts(alarm)
        }
        objects = {alarm.object for alarm in harming.values()}
        self._inventory.resting_on(objects)
        self._inventory.look_up(objects)
        self._effects.load(harming.values())
        documents = self._context.lock_all("alarm", [alarm.id for alarm in known_ones])
        with self._context.together():
            for alarm in sorted(known_ones, key=lambda one: one.id):
                if alarm.id in documents:
                    self._write(alarm, documents[alarm.id], anew=alarm.id in harming)

    def _before(self, alarms: Collection[str]) -> dict[str, Known]:
        """The alarms as they were remembered, with all that stands on the same objects."""
        self._memory.load(alarms)
        found = [alarm for one in alarms if (alarm := self._memory.get(one)) is not None]
        self._memory.load_on({alarm.object for alarm in found})
        return {alarm.id: replace(alarm) for alarm in found}

    def _take_note(self, alarms: Collection[str]) -> set[str]:
        """Remember the alarms as they are now; the ids of those of which something is new."""
        documents = {one["id"]: one for one in self._context.read_all("TMF642.alarm", alarms)}
        found = {
            one: new
            for one, document in documents.items()
            if (new := known(document, self._rules.effects)) is not None
        }
        self._memory.load_on({alarm.object for alarm in found.values()})
        touched = set()
        for identity in alarms:
            old, new = self._memory.get(identity), found.get(identity)
            if new is not None and (old is None or not new.same_fault(old)):
                self._memory.put(new if old is None else new.following(old))
                touched.add(identity)
            elif new is None and old is not None:
                self._forget(old)
                touched.add(identity)
        return touched

    def _forget(self, alarm: Known) -> None:
        """An alarm was deleted."""
        if alarm.parent is not None:
            self._memory.load([alarm.parent])
            self._left |= self._leave(alarm.parent, alarm.id)
        if alarm.noted:
            self._effects.end(alarm)
        self._memory.forget(alarm)

    def _harmed_through(self, services: Collection[str]) -> set[str]:
        """Standing alarms that may harm other services than before, now that these changed."""
        if not services:
            return set()
        below = self._inventory.rested_on_by(services)
        objects = {place for places in below.values() for place in places} | set(services)
        self._memory.load_on(objects)
        found = self._context.naming("TMF642.serviceImpact", ("service", "id"), services)
        noted = {str(one["alarm"]["id"]) for one in found if one["state"] == "active"}
        self._memory.load(noted)
        known_ones = [alarm for one in noted if (alarm := self._memory.get(one)) is not None]
        there = [alarm for one in objects for alarm in self._memory.on(one)]
        return {alarm.id for alarm in (*known_ones, *there) if alarm.cleared is None}

    def _regroup(self, objects: Collection[str], members: Collection[str]) -> set[str]:
        """Find the root causes anew of these members of groups, and of all that is on the objects
        or rests on them; the ids of the alarms whose groups have changed.
        """
        resting = self._inventory.resting_on(objects)
        places = {one for found in resting.values() for one in found} | set(objects)
        self._memory.load_on(places)
        self._memory.load(members)
        found = [alarm for one in places for alarm in self._memory.on(one)]
        found += [alarm for one in members if (alarm := self._memory.get(one)) is not None]
        candidates = {alarm.id: alarm for alarm in found}
        below = self._inventory.rested_on_by({one.object for one in candidates.values()})
        further = {place for reached in below.values() for place in reached}
        self._memory.load_on(further)
        below |= self._inventory.rested_on_by({one for one in further if self._memory.on(one)})
        correlation = Correlation(self._rules.correlation, below, self._memory.on)
        roots = {one: correlation.root(alarm).id for one, alarm in candidates.items()}
        self._memory.load([alarm.parent for alarm in candidates.values() if alarm.parent])
        changed: set[str] = set()
        for identity in sorted(roots):
            changed |= self._put_below(identity, roots[identity])
        return changed

    def _put_below(self, identity: str, root: str) -> set[str]:
        """Move an alarm to the group of its root cause; the ids of those whose groups change."""
        alarm = self._memory.get(identity)
        parent = None if root == identity else root
        if alarm is None or alarm.parent == parent:
            return set()
        self._memory.put(replace(alarm, parent=parent))
        changed = {identity}
        if alarm.parent is not None:
            changed |= self._leave(alarm.parent, identity)
        if parent is not None and (above := self._memory.get(parent)) is not None:
            self._memory.put(replace(above, members=[*above.members, identity]))
            changed.add(parent)
        return changed

    def _leave(self, group: str, identity: str) -> set[str]:
        root = self._memory.get(group)
        if root is None:
            return set()
        left = [one for one in root.members if one != identity]
        self._memory.put(replace(root, members=left))
        return {group}

    def _counts(self, alarm: Known) -> bool:
        """Whether what it does to services is on record: not if its root cause did it before."""
        root = None if alarm.parent is None else self._memory.get(alarm.parent)
        return alarm.effect is not None and (root is None or alarm.raised < root.raised)

    def _write(self, alarm: Known, document: Document, *, anew: bool) -> None:
        """Write one; `anew` if it does to services what it did not do before."""
        counts = self._counts(alarm)
        patch = _links(alarm, document)
        if anew:
            patch |= self._effects.listed(alarm, document)
        if anew and (alarm.noted or counts):
            self._effects.note(alarm, document, counts=counts)
        listed = alarm.members[:LISTED]
        self._memory.put(replace(alarm, linked=alarm.parent, listed=listed, noted=counts))
        if patch:
            self._context.patch("alarm", alarm.id, patch, own=True)


def _links(alarm: Known, document: Document) -> Document:
    """What has to change in an alarm's links to others. Links that people made stay."""
    patch: Document = {}
    if alarm.parent != alarm.linked:
        others = [one for one in document.get("parentAlarm") or () if one["id"] != alarm.linked]
        patch["parentAlarm"] = [*others, *([ref(alarm.parent)] if alarm.parent else ())]
    listed = alarm.members[:LISTED]
    if not listed and not alarm.listed:
        return patch
    ours = {*alarm.listed, *listed}
    others = [one for one in document.get("correlatedAlarm") or () if one["id"] not in ours]
    count = len(others) + len(alarm.members)
    if listed != alarm.listed or count != document.get("correlatedAlarmCount"):
        patch["correlatedAlarm"] = [*others, *map(ref, listed)]
        patch["correlatedAlarmCount"] = count
        patch["isRootCause"] = count > 0
    return patch
