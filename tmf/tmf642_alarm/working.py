"""Alarm tasks at work: batch by batch, so that a hundred thousand alarms hold nobody up.

How far a task has come stands in the task itself (`lastAlarm`, `alarmsDone`, `alarmsNotDone`), in
the same transaction as what it did: one that was interrupted goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any
from urllib.parse import quote

from tmf.declare import Document, DutyContext, Event, GuidelineError, ReactionContext
from tmf.tmf642_alarm.patterns import fits, query_of
from tmf.tmf642_alarm.tasks import GROUP_TASKS, PATTERN_TASKS, Act, ref

DUTY = "task"

BATCH = 200
"""Alarms that are changed in one transaction."""

LISTED = 1000
"""Alarms that a task lists as done, and as not done; the counts go on."""

_ENDED = frozenset({"done", "terminatedWithError"})


def begin(context: ReactionContext, event: Event) -> None:
    """A task was created: it is in progress, and soon worked on."""
    name = event.resource.rpartition(".")[2]
    task = context.lock(name, event.id)
    if task is None or task["state"] != "acknowledged":
        return
    context.patch(name, event.id, {"state": "inProgress", "alarmsDone": 0, "alarmsNotDone": 0})
    context.schedule(DUTY, f"{name}/{event.id}")


def go_on(duty: DutyContext) -> Callable[[ReactionContext], None]:
    """The next batch of a task."""
    name, _, identity = duty.subject.partition("/")
    return partial(_batch, subject=duty.subject, name=name, identity=identity)


def _batch(context: ReactionContext, *, subject: str, name: str, identity: str) -> None:
    task = context.lock(name, identity)
    if task is None or task["state"] in _ENDED:
        return
    try:
        work = _of_patterns if name in PATTERN_TASKS else _of_group
        progress, finished = work(context, name, task)
    except GuidelineError as error:
        context.patch(name, identity, {"state": "terminatedWithError", "message": str(error)})
        return
    if finished:
        progress |= {"state": "done", "lastAlarm": None}
    context.patch(name, identity, progress)
    if not finished:
        context.schedule(DUTY, subject)


def _of_patterns(
    context: ReactionContext, name: str, task: Document
) -> tuple[dict[str, Any], bool]:
    kind = PATTERN_TASKS[name]
    if not all(task["alarmPattern"]):
        raise GuidelineError("conflict", "an empty alarmPattern would select every alarm")
    last = task.get("lastAlarm", "")
    found = _fitting(context, task["alarmPattern"], last)
    batch = list(islice(found, BATCH))
    _, progress = _act_on(context, task, batch, kind.act, kind.result)
    if batch:
        progress["lastAlarm"] = batch[-1]
    return progress, len(batch) < BATCH


def _fitting(context: ReactionContext, patterns: Sequence[Document], last: str) -> Iterator[str]:
    """The ids of alarms that fit any of the patterns, in order, those after the last one."""
    found: set[str] = set()
    for pattern in patterns:
        wanted = {one: value for one, value in pattern.items() if one not in ("href", "@type")}
        query = "&".join(filter(None, (query_of(wanted), f"id.gt={quote(last)}" if last else "")))
        fitting = (one["id"] for one in context.find("TMF642.alarm", query) if fits(wanted, one))
        found.update(islice(fitting, BATCH))
    return iter(sorted(found))


def _of_group(context: ReactionContext, name: str, task: Document) -> tuple[dict[str, Any], bool]:
    act, joined, result = GROUP_TASKS[name]
    above = task["parentAlarm"].get("id")
    parent = context.lock("alarm", above) if above else None
    if parent is None:
        raise GuidelineError("notFound", f"there is no alarm {above}")
    members = [one.get("id") or "" for one in task["correlatedAlarm"]]
    refused = _above(context, parent) if name == "groupAlarms" else {}
    done, progress = _act_on(context, task, members, act, result, refused)
    if done:
        context.patch("alarm", above, joined(parent, done, context.now))
    return progress, True


def _above(context: ReactionContext, alarm: Document) -> dict[str, str]:
    """The alarm and all above it, none of which can be put below it, and why."""
    found = {alarm["id"]: "it is the parent itself"}
    left = [alarm]
    while left:
        for one in left.pop().get("parentAlarm") or ():
            if one.get("id") and one["id"] not in found:
                found[one["id"]] = "the parent is below it"
                above = context.read("TMF642.alarm", one["id"])
                left += [above] if above else []
    return found


def _act_on(
    context: ReactionContext,
    task: Document,
    identities: Sequence[str],
    act: Act,
    result: str,
    refused: dict[str, str] | None = None,
) -> tuple[list[str], dict[str, Any]]:
    """Change these alarms; those that were changed, and what the task is to tell then."""
    done: list[str] = []
    not_done: list[Document] = []
    for identity in dict.fromkeys(identities):
        why = (refused or {}).get(identity) or _changed(context, task, identity, act)
        if why is None:
            done.append(identity)
        else:
            not_done.append({**ref(identity), "reason": why})
    listed, left = task.get(result) or [], task.get("notDoneAlarm") or []
    progress = {
        result: [*listed, *map(ref, done)][:LISTED],
        "notDoneAlarm": [*left, *not_done][:LISTED],
        "alarmsDone": int(task.get("alarmsDone", 0)) + len(done),
        "alarmsNotDone": int(task.get("alarmsNotDone", 0)) + len(not_done),
    }
    return done, progress


def _changed(context: ReactionContext, task: Document, identity: str, act: Act) -> str | None:
    """Change one alarm; None, or the reason why it was not changed."""
    alarm = context.lock("alarm", identity)
    if alarm is None:
        return "there is no such alarm"
    patch = act(task, alarm, context.now)
    if isinstance(patch, str):
        return patch
    try:
        context.patch("alarm", identity, patch)
    except GuidelineError as error:
        return str(error)
    return None
