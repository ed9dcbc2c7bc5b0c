"""Which alarm explains which: the root cause of each, by the rules and the inventory.

An alarm is explained by another that a rule speaks of, if it was raised while that one stood, or
a little before, and does not outlast it. It says nothing of when each was heard of: alarms are
grouped the same whichever came first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tmf.declare import Document, parse_instant
from tmf.tmf642_alarm.reports import is_cleared
from tmf.tmf642_alarm.rulebook import Rule

_FOREVER = float("inf")
_SAID = (
    "alarmType",
    "probableCause",
    "specificProblem",
    "alarmedObjectType",
    "sourceSystemId",
    "reportingSystemId",
)


@dataclass(slots=True)
class Known:
    """What is known of an alarm, and what was made of it.

    `effect` is that on services, if any; `parent` the root cause, `members` those that it is the
    root cause of; `linked` and `listed` are what of these the alarm itself tells. `noted` whether
    its effect on services is on record.
    """

    id: str
    object: str
    raised: int
    cleared: int | None
    effect: str | None
    said: Document
    parent: str | None = None
    members: list[str] = field(default_factory=list)
    linked: str | None = None
    listed: list[str] = field(default_factory=list)
    noted: bool = False

    @property
    def end(self) -> float:
        """When it was cleared, if it was."""
        return _FOREVER if self.cleared is None else self.cleared

    @property
    def order(self) -> tuple[Any, ...]:
        """Of two that could explain each other, the first one does."""
        told = (str(self.said.get(name, "")) for name in ("probableCause", "specificProblem"))
        return self.raised, self.object, *told, self.id

    def following(self, old: Known) -> Known:
        """It, with what was made of the alarm when it was still known to be another way."""
        return replace(
            self,
            parent=old.parent,
            members=old.members,
            linked=old.linked,
            listed=old.listed,
            noted=old.noted,
        )

    def same_fault(self, other: Known) -> bool:
        """Whether nothing has changed that matters to what it explains and harms."""
        return (self.object, self.raised, self.cleared, self.effect, self.said) == (
            other.object,
            other.raised,
            other.cleared,
            other.effect,
            other.said,
        )


def known(alarm: Document, effects: Mapping[str, str]) -> Known | None:
    """An alarm as far as it matters here; None if it names no object or time."""
    named = (alarm.get("alarmedObject") or {}).get("id")
    raised = parse_instant(str(alarm.get("alarmRaisedTime")))
    if not isinstance(named, str) or not named or raised is None:
        return None
    severity = alarm.get("lastSeverity" if is_cleared(alarm) else "perceivedSeverity")
    harmless = alarm.get("serviceAffecting") is False
    return Known(
        str(alarm["id"]),
        named,
        raised,
        (parse_instant(str(alarm.get("alarmClearedTime"))) or raised)
        if is_cleared(alarm)
        else None,
        None if harmless else effects.get(str(severity or "critical").lower()),
        {name: alarm[name] for name in _SAID if name in alarm},
    )


class Correlation:
    """Finds root causes. `below` tells what each object rests on, and how far away it is, `on`
    which alarms are on an object.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        below: Mapping[str, Mapping[str, int]],
        on: Callable[[str], Sequence[Known]],
    ) -> None:
        self._rules = rules
        self._below = below
        self._on = on
        self._next: dict[str, Known | None] = {}

    def root(self, alarm: Known) -> Known:
        """The alarm that explains it in the end: itself if none does.

        Of alarms that explain each other in a circle, the first one explains all.
        """
        path = [alarm]
        while (above := self._above(path[-1])) is not None:
            if above in path:
                return min(path[path.index(above) :], key=lambda one: one.order)
            path.append(above)
        return path[-1]

    def _above(self, alarm: Known) -> Known | None:
        if alarm.id not in self._next:
            found = min(self._explaining(alarm), key=lambda one: one[0], default=None)
            self._next[alarm.id] = None if found is None else found[1]
        return self._next[alarm.id]

    def _explaining(self, alarm: Known) -> Iterable[tuple[tuple[Any, ...], Known]]:
        """Those that explain it, with what makes one come before another: the nearest does."""
        for rule in self._rules:
            places = self._below[alarm.object] if rule.relation == "restsOn" else {alarm.object: 0}
            for place, distance in places.items():
                for other in self._on(place):
                    if other.id != alarm.id and _explains(rule, other, alarm):
                        yield (distance, *other.order), other


def _explains(rule: Rule, root: Known, symptom: Known) -> bool:
    window = rule.window * 1e6
    return (
        rule.explains(root.said, symptom.said)
        and root.raised <= symptom.raised + window
        and symptom.raised <= root.end
        and symptom.end <= root.end + window
    )
