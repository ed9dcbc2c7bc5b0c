"""Rules of the alarm."""

from __future__ import annotations

from tmf.declare import Circumstances, Document, GuidelineError
from tmf.tmf642_alarm.reports import is_cleared, severity_of


def changes_are_dated(
    new: Document, old: Document | None, circumstances: Circumstances
) -> Document:
    """The alarmChangedTime tells when an alarm last changed, unless its sender says so itself.

    What the server finds out about it is no change of the fault.
    """
    if circumstances.own or old is None:
        return new
    if new.get("alarmChangedTime") == old.get("alarmChangedTime"):
        return {**new, "alarmChangedTime": circumstances.now}
    return new


def severity_agrees(new: Document, old: Document | None, circumstances: Circumstances) -> Document:
    """An alarm is `cleared` by its state and by its perceivedSeverity, or by neither.

    Its `lastSeverity` then tells how bad it was.
    """
    if is_cleared(new) == (severity_of(new) == "cleared"):
        return _remembering(new, old)
    if not is_cleared(new):
        cleared = {"state": "cleared", "perceivedSeverity": "cleared"}
        return _remembering({"alarmClearedTime": circumstances.now, **new, **cleared}, old)
    if old is not None and is_cleared(old):
        raise GuidelineError("conflict", "the perceivedSeverity of a cleared alarm is cleared")
    known = {"lastSeverity": new["perceivedSeverity"]} if "perceivedSeverity" in new else {}
    return {**new, **known, "perceivedSeverity": "cleared"}


def acknowledgement_is_dated(
    new: Document, old: Document | None, circumstances: Circumstances
) -> Document:
    """The `ackTime` tells since when somebody has been working on an alarm."""
    if new.get("ackState") != "acknowledged":
        return {name: value for name, value in new.items() if name != "ackTime"}
    if (old or {}).get("ackState") == "acknowledged" or "ackTime" in new:
        return new
    return {**new, "ackTime": circumstances.now}


def _remembering(new: Document, old: Document | None) -> Document:
    if old is None or not is_cleared(new) or is_cleared(old) or "lastSeverity" in new:
        return new
    return {**new, "lastSeverity": old["perceivedSeverity"]}
