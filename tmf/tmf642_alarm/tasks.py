"""What each alarm task does to one alarm: a merge patch, or why it is not done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tmf.declare import Document

Act: TypeAlias = Callable[[Document, Document, str], Document | str]
"""(task, alarm, now) -> the patch of the alarm, or the reason why nothing is done to it."""


@dataclass(frozen=True, slots=True)
class PatternTask:
    """A task for the alarms that fit patterns; `result` names the attribute that lists them."""

    act: Act
    result: str


def acknowledge(task: Document, alarm: Document, now: str) -> Document | str:
    """Somebody takes the alarm on."""
    if alarm.get("ackState") == "acknowledged":
        return "it is acknowledged already"
    return {"ackState": "acknowledged", **some_of(task, "ackSystemId", "ackUserId"), **_dated(now)}


def withdraw(task: Document, alarm: Document, now: str) -> Document | str:
    """Somebody gives the alarm back."""
    if alarm.get("ackState") != "acknowledged":
        return "it is not acknowledged"
    return {
        "ackState": "unacknowledged",
        **some_of(task, "ackSystemId", "ackUserId"),
        **_dated(now),
    }


def clear(task: Document, alarm: Document, now: str) -> Document | str:
    """The fault is over, at the time that the task names."""
    if alarm.get("state") == "cleared":
        return "it is cleared already"
    return {
        "state": "cleared",
        "perceivedSeverity": "cleared",
        "alarmClearedTime": task["alarmClearedTime"],
        **some_of(task, "clearSystemId", "clearUserId"),
        **_dated(now),
    }


def comment(task: Document, alarm: Document, now: str) -> Document | str:
    """A remark is added to those that are there."""
    remark = {"time": now, **task["comment"]}
    return {"comment": [*(alarm.get("comment") or ()), remark], **_dated(now)}


PATTERN_TASKS: Mapping[str, PatternTask] = {
    "ackAlarms": PatternTask(acknowledge, "ackedAlarm"),
    "unAckAlarms": PatternTask(withdraw, "unAckedAlarm"),
    "clearAlarms": PatternTask(clear, "clearedAlarm"),
    "commentAlarms": PatternTask(comment, "commentedAlarm"),
}


def group(task: Document, alarm: Document, now: str) -> Document | str:
    """The alarm is put below the parent."""
    parent = task["parentAlarm"]["id"]
    above = _ids(alarm, "parentAlarm")
    if parent in above:
        return "it is in the group already"
    return {"parentAlarm": [*(alarm.get("parentAlarm") or ()), ref(parent)], **_dated(now)}


def ungroup(task: Document, alarm: Document, now: str) -> Document | str:
    """The alarm is taken from below the parent."""
    parent = task["parentAlarm"]["id"]
    if parent not in _ids(alarm, "parentAlarm"):
        return "it is not in the group"
    left = [one for one in alarm["parentAlarm"] if one.get("id") != parent]
    return {"parentAlarm": left, **_dated(now)}


def with_members(parent: Document, joined: Sequence[str], now: str) -> Document:
    """The patch of a parent below which alarms were put."""
    there = set(_ids(parent, "correlatedAlarm"))
    new = [ref(identity) for identity in joined if identity not in there]
    return {
        "correlatedAlarm": [*(parent.get("correlatedAlarm") or ()), *new],
        "isRootCause": True,
        **_dated(now),
    }


def without_members(parent: Document, left: Sequence[str], now: str) -> Document:
    """The patch of a parent from below which alarms were taken."""
    gone = set(left)
    stay = [one for one in parent.get("correlatedAlarm") or () if one.get("id") not in gone]
    return {"correlatedAlarm": stay, "isRootCause": bool(stay), **_dated(now)}


GROUP_TASKS: Mapping[str, tuple[Act, Callable[[Document, Sequence[str], str], Document], str]] = {
    "groupAlarms": (group, with_members, "groupedAlarm"),
    "unGroupAlarms": (ungroup, without_members, "unGroupedAlarm"),
}


def ref(identity: str) -> Document:
    """A link to an alarm."""
    return {"id": identity, "@referredType": "Alarm"}


def _ids(alarm: Document, attribute: str) -> list[str]:
    return [str(one.get("id")) for one in alarm.get(attribute) or ()]


def some_of(document: Document, *names: str) -> Document:
    """Some of a document's attributes, those that it has."""
    return {name: document[name] for name in names if name in document}


def _dated(now: str) -> Document:
    return {"alarmChangedTime": now}
