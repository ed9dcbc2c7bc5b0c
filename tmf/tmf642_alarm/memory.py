"""What the correlation remembers of alarms: a record for each, and which are on which object."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from hashlib import sha256

from tmf.declare import Document, ReactionContext, parse_instant
from tmf.tmf642_alarm.correlation import Known

_ALARM, _OBJECT = "alarm", "object"
_LONGEST = 200

_KEPT_OF = [one.name for one in fields(Known) if one.name != "id"]

KEPT = 24 * 3600 * 1_000_000
"""Microseconds from its clear on that an alarm may explain others, or be explained."""


class Memory:
    """The alarms that are remembered; `within` a transaction more are read, and `keep` writes what
    has changed.
    """

    def __init__(self) -> None:
        self._known: dict[str, Known | None] = {}
        self._on: dict[str, list[str]] = {}
        self._changed: set[str] = set()
        self._moved: set[str] = set()

    def within(self, context: ReactionContext) -> None:
        """Go on in another transaction: what is at hand is as it is stored."""
        self._alarms = context.records(_ALARM)
        self._objects = context.records(_OBJECT)
        self._now = parse_instant(context.now) or 0
        self._changed.clear()
        self._moved.clear()

    def __len__(self) -> int:
        """How many alarms, or objects that may have some, are at hand."""
        return max(len(self._known), len(self._on))

    def load(self, ids: Collection[str]) -> None:
        """Have these alarms at hand."""
        new = {one for one in ids if one not in self._known}
        self._known.update(dict.fromkeys(new))
        for key, kept in self._alarms.several(new).items():
            self._known[key] = _read(key, kept)

    def load_on(self, objects: Collection[str]) -> None:
        """Have the alarms on these objects at hand."""
        new = {one for one in objects if one not in self._on}
        self._on.update({one: [] for one in new})
        keys = {_key(one): one for one in new}
        for key, kept in self._objects.several(keys).items():
            self._on[keys[key]] = list(kept["alarms"])
        self.load([alarm for one in new for alarm in self._on[one]])

    def get(self, identity: str) -> Known | None:
        """An alarm that is at hand."""
        return self._known.get(identity)

    def on(self, one: str) -> list[Known]:
        """The alarms on an object that is at hand."""
        found = (self._known.get(alarm) for alarm in self._on.get(one, ()))
        return [alarm for alarm in found if alarm is not None]

    def put(self, alarm: Known) -> None:
        """Remember an alarm."""
        old = self._known.get(alarm.id)
        for one in {alarm.object} if old is None else {alarm.object, old.object}:
            if one not in self._on:
                self.load_on([one])
        if old is not None and old.object != alarm.object:
            self._take_from(old)
        self._known[alarm.id] = alarm
        self._changed.add(alarm.id)
        if alarm.id not in self._on[alarm.object]:
            self._on[alarm.object].append(alarm.id)
            self._moved.add(alarm.object)

    def forget(self, alarm: Known) -> None:
        """An alarm is no more."""
        self.load_on([alarm.object])
        self._take_from(alarm)
        self._known[alarm.id] = None
        self._changed.add(alarm.id)

    def keep(self) -> None:
        """Write what has changed; what was cleared long ago explains nothing new any more."""
        for one in self._moved.copy():
            for alarm in self.on(one):
                if alarm.end < self._now - KEPT:
                    self._take_from(alarm)
        alarms = {one: found for one in self._changed if (found := self._known[one]) is not None}
        self._alarms.put_all({key: _written(one) for key, one in alarms.items()})
        self._alarms.drop_all(sorted(self._changed - alarms.keys()))
        full = {one for one in self._moved if self._on[one]}
        self._objects.put_all({_key(one): {"alarms": self._on[one]} for one in full})
        self._objects.drop_all(sorted(map(_key, self._moved - full)))

    def _take_from(self, alarm: Known) -> None:
        left = [one for one in self._on.get(alarm.object, ()) if one != alarm.id]
        self._on[alarm.object] = left
        self._moved.add(alarm.object)


def any_alarms(context: ReactionContext) -> bool:
    """Whether any alarm is remembered."""
    return bool(context.records(_OBJECT).first(1))


def _key(one: str) -> str:
    """The key of an object's record: its id, unless that is too long for a key."""
    return one if len(one) <= _LONGEST else sha256(one.encode()).hexdigest()


def _written(alarm: Known) -> Document:
    return {name: getattr(alarm, name) for name in _KEPT_OF}


def _read(key: str, kept: Document) -> Known:
    cleared = kept["cleared"]
    whole = {**kept, "id": key, "raised": int(kept["raised"])}
    return Known(**{**whole, "cleared": None if cleared is None else int(cleared)})
