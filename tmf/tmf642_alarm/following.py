"""Following what happens: alarms and services that changed are marked, then worked on in batches.

One process at a time works on a realm's marks, a batch in a transaction: whoever dies leaves no
half-made group, and another goes on.
"""

from __future__ import annotations

from uuid import uuid4

from tmf.declare import DutyContext, Event, ReactionContext
from tmf.tmf642_alarm.batches import Batch
from tmf.tmf642_alarm.memory import any_alarms

FOLLOW = "follow"
"""The duty of working on the marks."""

BATCH = 200
"""Marks that are worked on in one transaction."""

_MARK, _TURN = "mark", "turn"

_ALARM, _SERVICE = "alarm", "service"


def alarm_changed(context: ReactionContext, event: Event) -> None:
    """An alarm came, changed or went: it is looked at soon, if it is about anything."""
    if (event.document.get("alarmedObject") or {}).get("id"):
        mark_alarm(context, event.id)


def service_changed(context: ReactionContext, event: Event) -> None:
    """A service came, changed or went: so may have what alarms do, if there are any."""
    if any_alarms(context):
        _mark(context, _SERVICE, event.id)


def mark_alarm(context: ReactionContext, identity: str) -> None:
    """Have an alarm looked at."""
    _mark(context, _ALARM, identity)


def _mark(context: ReactionContext, what: str, identity: str) -> None:
    context.records(_MARK).put(f"{uuid4()}", {what: identity})
    context.call_for(FOLLOW, "marks")


def follow(duty: DutyContext) -> None:
    """Work on all marks, unless another does: it then sees ours too."""
    while duty.within(follow_up):
        duty.go_on()


def follow_up(context: ReactionContext) -> bool:
    """Work on some marks; False if there are none, or it is another's turn."""
    marks = context.records(_MARK)
    if not marks.first(1):
        return False
    turns = context.records(_TURN)
    turns.add(_MARK, {})
    if turns.get(_MARK, lock=True, wait=False) is None:
        return False
    batch = marks.first(BATCH)
    Batch(context).work_on(
        {one[_ALARM] for one in batch.values() if _ALARM in one},
        {one[_SERVICE] for one in batch.values() if _SERVICE in one},
    )
    marks.drop_all(list(batch))
    return True
