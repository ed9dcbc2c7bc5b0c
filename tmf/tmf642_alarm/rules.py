"""Rules of the alarm."""

from __future__ import annotations

from tmf.declare import Circumstances, Document


def changes_are_dated(
    new: Document, old: Document | None, circumstances: Circumstances
) -> Document:
    """The alarmChangedTime tells when an alarm last changed, unless its sender says so itself."""
    if old is not None and new.get("alarmChangedTime") == old.get("alarmChangedTime"):
        return {**new, "alarmChangedTime": circumstances.now}
    return new
