"""Following what happens: alarms and services that changed are marked, then worked on in batches.

First the alarms' groups are found anew, which is remembered; then it is written into those alarms
that it changes, and on record whom they harm. One process at a time works on a realm's marks, a
batch in a transaction: whoever dies leaves no half-made group, and another goes on.
"""

from __future__ import annotations

import time
from functools import partial
from uuid import uuid4

import structlog

from tmf.declare import DutyContext, Event, GuidelineError, ReactionContext
from tmf.tmf642_alarm.batches import FOUND_OUT, Batch
from tmf.tmf642_alarm.memory import any_alarms
from tmf.tmf642_alarm.pending import PENDING, Pending
from tmf.tmf642_alarm.sight import Sight

FOLLOW = "follow"
"""The duty of working on the marks."""

BATCH = 300
"""Marks that are worked on in one transaction, and alarms that are written."""

PAUSE = 1.0
"""Seconds from one time that alarms are written to the next: in a storm, those of one failure come
by and by, and their root cause is not to be written for each of them.
"""

PATIENCE = 5.0
"""Seconds after which they are written in any case, however many more come."""

FAULTS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, GuidelineError)
"""What may come of a document that is not as expected: it must not keep all others waiting."""

_NAP = 0.1
_MARK, _TURN = "mark", "turn"

_ALARM, _SERVICE = "alarm", "service"

log = structlog.get_logger("tmf.alarm")


def alarm_changed(context: ReactionContext, event: Event) -> None:
    """An alarm came, changed or went: it is looked at soon, if it is about anything."""
    if event.changed and FOUND_OUT.issuperset(event.changed):
        return
    if (event.document.get("alarmedObject") or {}).get("id"):
        mark_alarm(context, event.id)


def service_changed(context: ReactionContext, event: Event) -> None:
    """A service came, changed or went: so may have what alarms do, if there are any.

    Asked in the order in which these come about: what is worked on right now is still marked.
    """
    if context.records(_MARK).first(1) or any_alarms(context):
        _mark(context, _SERVICE, event.id)


def mark_alarm(context: ReactionContext, identity: str) -> None:
    """Have an alarm looked at."""
    _mark(context, _ALARM, identity)


def _mark(context: ReactionContext, what: str, identity: str) -> None:
    context.records(_MARK).put(f"{uuid4()}", {what: identity})
    context.call_for(FOLLOW, "marks")


def follow(duty: DutyContext) -> None:
    """Work on all that is marked, unless another does: it then sees ours too."""
    most, sight = BATCH, Sight()
    while True:
        try:
            pause = duty.within(partial(follow_up, most=most, sight=sight))
        except FAULTS as error:
            sight = Sight()
            if most == 1:
                log.exception("an alarm or service cannot be followed up", realm=duty.realm)
                duty.within(partial(set_aside, why=f"{type(error).__name__}: {error}"))
            most = BATCH if most == 1 else 1
            continue
        if pause is None:
            return
        duty.go_on()
        time.sleep(pause)


def follow_up(
    context: ReactionContext,
    pause: float = PAUSE,
    most: int = BATCH,
    sight: Sight | None = None,
) -> float | None:
    """Work on some marks; seconds until there is more to do. None if there is nothing, or it is
    another's turn. What is in `sight` need not be looked up again.
    """
    marks, turns, pending = context.records(_MARK), context.records(_TURN), Pending(context)
    if not marks.first(1) and not pending.any():
        return None
    turns.add(_MARK, {})
    turn = turns.get(_MARK, lock=True, wait=False)
    if turn is None:
        return None
    batch = marks.first(most)
    services = {one[_SERVICE] for one in batch.values() if _SERVICE in one}
    name = f"{uuid4()}"
    changes = name if services else str(turn.get("changes", ""))
    sight = sight or Sight()
    memory = sight.memory(context, str(turn.get("batch", "")), name)
    work = Batch(context, memory, sight, changes)
    found = work.correlate({one[_ALARM] for one in batch.values() if _ALARM in one}, services)
    marks.drop_all(list(batch))
    pending.add(found)
    now = time.time()
    waited = {"written": float(turn.get("written", 0)), "since": float(turn.get("since") or now)}
    more = len(batch) == most
    alone = most == 1  # so that it is known what is at fault
    young = now - waited["since"] < PATIENCE and (more or now - waited["written"] < pause)
    waits = young or (alone and more)
    if not waits:
        ready, left = pending.take(most)
        work.write(ready)
        waited = waited if left else {"written": now}
    memory.keep()
    turns.put(_MARK, {**waited, "changes": changes, "batch": name})
    return min(pause, _NAP) if waits and not more else 0.0


def set_aside(context: ReactionContext, why: str) -> None:
    """Leave out the next one to be worked on: it would keep all others waiting."""
    aside, marks = context.records("setAside"), context.records(_MARK)
    for key, one in marks.first(1).items():
        aside.put(key, {**one, "kind": _MARK, "why": why})
        marks.drop(key)
        return
    ready, _ = Pending(context).take(1)
    for identity in ready.anew | ready.moved:
        aside.put(identity, {"kind": PENDING, "why": why})
