"""Conditions as they are kept: a record for each, with its reports and the alarms made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256

from tmf.declare import Document, DutyContext, Event, ReactionContext, encode, parse_instant
from tmf.tmf642_alarm.effects import strike_out
from tmf.tmf642_alarm.reports import (
    Episode,
    Report,
    alarm_of,
    compact,
    episodes,
    is_cleared,
    report_of,
)
from tmf.tmf642_alarm.rulebook import rulebook

QUIET = "quiet"
"""The duty of clearing what has flapped and is quiet now."""

_CONDITION = "condition"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLEARING = ("alarmRaisedTime", "alarmClearedTime", "clearSystemId", "clearUserId")


@dataclass(slots=True)
class Condition:
    """What is known: reports, alarms by the start of their episodes, as it looked at `asof`.

    Nothing is known any more of what happened up to `forgotten`.
    """

    reports: list[Report] = field(default_factory=list)
    alarms: list[tuple[int, str]] = field(default_factory=list)
    asof: int = 0
    forgotten: int = 0


def key_of(alarm: Document) -> str | None:
    """What names the condition that an alarm reports; None if nothing does."""
    named = (alarm.get("alarmedObject") or {}).get("id")
    if not isinstance(named, str) or not named:
        return None
    parts = [named, alarm.get("probableCause"), alarm.get("specificProblem")]
    return sha256(encode(parts)).hexdigest()[:40]


def take_in(context: ReactionContext, document: Document) -> str:
    """A report comes in: it makes an alarm, or changes those that there are. The alarm's id."""
    key = key_of(document)
    if key is None:
        return str(context.store("alarm", document)["id"])
    report = report_of(document)
    alarm = alarm_of(Episode((report,), report.time if report.cleared else None))
    first = Condition([report], [(report.time, document["id"])], _now(context))
    if context.records(_CONDITION).add(key, _written(first)):
        return str(context.store("alarm", {**alarm, "id": document["id"]})["id"])
    condition = _locked(context, key)
    _look_after(context, condition)
    if report.time <= condition.forgotten and condition.alarms:
        return condition.alarms[0][1]
    before = _episodes(context, condition)
    condition.reports.append(report)
    after = _settle(context, key, condition, before, document["id"])
    return next(alarm for one, alarm in after if report in one.reports)


def known_to_be(context: ReactionContext, event: Event) -> None:
    """An alarm is there that came by another way: its condition is known from then on."""
    key = key_of(event.document)
    if key is None:
        return
    report = report_of(event.document)
    first = Condition([report], [(report.time, event.id)], _now(context))
    context.records(_CONDITION).keep(key, _written(first))


def quiet(duty: DutyContext) -> Callable[[ReactionContext], None]:
    """A condition that has flapped may be quiet by now."""
    return partial(_quiet, key=duty.subject)


def _quiet(context: ReactionContext, key: str) -> None:
    condition = _locked(context, key)
    _look_after(context, condition)
    if condition.reports:  # not if the alarm was deleted meanwhile
        _settle(context, key, condition, _episodes(context, condition))


def _locked(context: ReactionContext, key: str) -> Condition:
    return _read(context.records(_CONDITION).get(key, lock=True) or {})


def _look_after(context: ReactionContext, condition: Condition) -> None:
    """Take note of what was done to the last alarm itself: cleared by hand, or deleted."""
    if not condition.alarms:
        return
    start, identity = condition.alarms[-1]
    alarm = context.lock("alarm", identity)
    last = _episodes(context, condition)[-1]
    if alarm is None:
        condition.alarms.pop()
        gone = set(map(id, last.reports))
        condition.reports = [one for one in condition.reports if id(one) not in gone]
    elif is_cleared(alarm) and not last.over and start >= last.start:
        said = {name: alarm[name] for name in _CLEARING if name in alarm}
        said |= {"state": "cleared", "perceivedSeverity": "cleared"}
        condition.reports.append(report_of(said, final=True))


def _episodes(context: ReactionContext, condition: Condition) -> list[Episode]:
    return episodes(condition.reports, rulebook(context.settings).flapping, condition.asof)


def _settle(
    context: ReactionContext,
    key: str,
    condition: Condition,
    before: Sequence[Episode],
    identity: str | None = None,
) -> list[tuple[Episode, str]]:
    """Make the alarms be what the reports say; each episode with its alarm.

    A new alarm gets the `identity`, if there is one.
    """
    flapping, now = rulebook(context.settings).flapping, _now(context)
    condition.reports, forgotten = compact(condition.reports, flapping, now)
    condition.forgotten = max(condition.forgotten, forgotten)
    found = episodes(condition.reports, flapping, now)
    kept = [one for one in condition.alarms if one[0] >= found[0].start or len(found) == 1]
    after: list[tuple[Episode, str]] = []
    for number, episode in enumerate(found):
        end = found[number + 1].start if number + 1 < len(found) else None
        since = episode.start if number else -1
        own = [one for one in kept if one[0] >= since and (end is None or one[0] < end)]
        after.append((episode, _settled(context, episode, own, before, identity)))
    condition.alarms = [(episode.start, alarm) for episode, alarm in after]
    condition.asof = now
    context.records(_CONDITION).put(key, _written(condition))
    held = found[-1].held_until
    if held is not None:
        context.schedule(QUIET, key, (_EPOCH + timedelta(microseconds=held)).isoformat())
    return after


def _settled(
    context: ReactionContext,
    episode: Episode,
    own: Sequence[tuple[int, str]],
    before: Sequence[Episode],
    identity: str | None,
) -> str:
    """The one alarm of an episode; others that turned out to be the same are deleted."""
    wanted = alarm_of(episode)
    there = [
        (start, alarm) for start, one in own if (alarm := context.lock("alarm", one)) is not None
    ]
    fitting = [one for one in there if episode.over or not is_cleared(one[1])]
    for one in there:
        if one not in fitting[:1]:
            context.delete("alarm", one[1]["id"])
            strike_out(context, one[1]["id"])
    if not fitting:
        named = {} if identity is None else {"id": identity}
        return str(context.store("alarm", {**wanted, **named})["id"])
    start, alarm = fitting[0]
    earlier = [one for one in before if one.start <= start]
    context.patch("alarm", alarm["id"], _change(earlier[-1:], wanted), own=True)
    return str(alarm["id"])


def _change(before: Sequence[Episode], wanted: Document) -> Document:
    """The patch by which an alarm follows its reports; what people did to it stays."""
    was = alarm_of(before[0]) if before else {}
    gone = dict.fromkeys(was.keys() - wanted.keys())
    return {**gone, **{name: value for name, value in wanted.items() if was.get(name) != value}}


def _now(context: ReactionContext) -> int:
    return parse_instant(context.now) or 0


def _written(condition: Condition) -> Document:
    reports = [
        {
            "time": one.time,
            "cleared": one.cleared,
            "times": one.times,
            "final": one.final,
            "document": one.document,
        }
        for one in condition.reports
    ]
    alarms = [list(one) for one in condition.alarms]
    return {
        "reports": reports,
        "alarms": alarms,
        "asof": condition.asof,
        "forgotten": condition.forgotten,
    }


def _read(kept: Document) -> Condition:
    return Condition(
        [
            Report(
                int(one["time"]), one["cleared"], one["document"], int(one["times"]), one["final"]
            )
            for one in kept.get("reports", ())
        ],
        [(int(start), str(identity)) for start, identity in kept.get("alarms", ())],
        int(kept.get("asof", 0)),
        int(kept.get("forgotten", 0)),
    )
