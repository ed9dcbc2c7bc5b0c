"""Reports of one condition, and the episodes that they tell of.

A condition is one thing that can be wrong with one object: the same alarmed object, probable cause
and specific problem. Systems report it as often as they like, late and out of order. What is known
of it follows from the reports and their own time stamps alone, whichever came first. An episode
goes from a raise to the clear after it, and is one alarm. Times are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tmf.declare import Document, encode, parse_instant

MOST = 50
"""Reports of a condition that are kept: of what is older only its outcome is."""

_EARLY = 10
"""Of these, so many are the first ones of an episode."""

_SEVERITIES = ("cleared", "indeterminate", "warning", "minor", "major", "critical")

_OF_CLEARED = ("alarmClearedTime", "clearUserId", "clearSystemId", "lastSeverity")

_STATED = ("alarmChangedTime", "alarmReportingTime", "alarmRaisedTime")


@dataclass(frozen=True, slots=True)
class Flapping:
    """A condition flaps that was raised anew `cycles` times `within` some seconds. It then counts
    as cleared when it has been quiet for `quiet` seconds, and not before.
    """

    cycles: int = 3
    within: float = 600.0
    quiet: float = 60.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a system said once, or `times` times; `final` if a person has cleared the alarm."""

    time: int
    cleared: bool
    document: Document
    times: int = 1
    final: bool = False

    @property
    def order(self) -> tuple[int, bool, bytes]:
        """Reports are put in this order, whichever came first."""
        return self.time, self.cleared, encode(self.document)


@dataclass(frozen=True, slots=True)
class Episode:
    """From a raise to its clear; `held_until` then, if it flaps and may be raised again."""

    reports: tuple[Report, ...]
    closed: int | None
    flapping: bool = False
    held_until: int | None = None

    @property
    def start(self) -> int:
        """The time of the first report."""
        return self.reports[0].time

    @property
    def over(self) -> bool:
        """Whether it is cleared."""
        return self.closed is not None and self.held_until is None


def severity_of(document: Document) -> str:
    """How bad a document says it is, in lower case."""
    return str(document.get("perceivedSeverity", "")).lower()


def severity_rank(severity: str) -> int:
    """The worse, the higher; what is not known is like `indeterminate`."""
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else 1


def is_cleared(document: Document) -> bool:
    """Whether an alarm, or a report, is cleared."""
    return document.get("state") == "cleared"


def report_of(document: Document, *, final: bool = False) -> Report:
    """A document as a report: when it is from, by its own time stamps."""
    cleared = is_cleared(document)
    name = _time_name(document, cleared=cleared)
    said = {one: value for one, value in document.items() if one not in ("id", "href")}
    return Report(parse_instant(str(said.get(name))) or 0, cleared, said, final=final)


def _time_name(document: Document, *, cleared: bool) -> str:
    names = (("alarmClearedTime",) if cleared else ()) + _STATED
    return next((name for name in names if name in document), "alarmRaisedTime")


@dataclass(slots=True)
class _Folding:
    flapping: Flapping
    starts: list[int] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    closed: int | None = None
    final: bool = False
    flaps: bool = False

    def clear(self, report: Report) -> None:
        self.reports.append(report)
        self.final |= report.final
        if self.closed is None:
            self.closed = report.time

    def raise_(self, report: Report) -> Episode | None:
        """Take in a raise; the episode that ended before it."""
        ended = None
        anew = not self.reports or self.closed is not None
        if self.reports and self.closed is not None:
            held = self.flaps and not self.final
            if not (held and report.time - self.closed < self.flapping.quiet * 1e6):
                ended = self.episode(report.time)
                self.reports, self.flaps = [], False
            self.closed, self.final = None, False
        self.reports.append(report)
        if anew:
            self.starts.append(report.time)
            since = report.time - self.flapping.within * 1e6
            recent = sum(start > since for start in self.starts)
            self.flaps = self.flaps or recent >= self.flapping.cycles
        return ended

    def episode(self, now: int | None) -> Episode:
        """What there is so far; `now` None if it is over in any case."""
        held = None
        if self.closed is not None and self.flaps and not self.final and now is not None:
            quiet = self.closed + int(self.flapping.quiet * 1e6)
            held = quiet if now < quiet else None
        return Episode(tuple(self.reports), self.closed, self.flaps, held)


def episodes(reports: Iterable[Report], flapping: Flapping, now: int) -> list[Episode]:
    """The episodes that reports tell of, as it looks at a time."""
    return list(_episodes(sorted(reports, key=lambda one: one.order), flapping, now))


def _episodes(reports: Sequence[Report], flapping: Flapping, now: int) -> Iterator[Episode]:
    folding = _Folding(flapping)
    for report in reports:
        if report.cleared:
            folding.clear(report)
        elif (ended := folding.raise_(report)) is not None:
            yield replace(ended, held_until=None)
    if folding.reports:
        yield folding.episode(now)


def alarm_of(episode: Episode) -> Document:
    """The alarm that an episode is, without an id."""
    alarm: Document = {}
    for report in episode.reports:
        alarm.update(report.document)
    raises = [report for report in episode.reports if not report.cleared]
    alarm["alarmRaisedTime"] = _earliest(episode.reports)
    alarm["count"] = sum(report.times for report in raises) or 1
    last = episode.reports[-1]
    if len(episode.reports) > 1 or last.times > 1:
        name = _time_name(last.document, cleared=last.cleared)
        alarm["alarmChangedTime"] = last.document[name]
        alarm["severityTrend"] = _trend(raises)
    if episode.flapping:
        alarm["flapping"] = True
    if raises:
        alarm["perceivedSeverity"] = raises[-1].document["perceivedSeverity"]
    if episode.over:
        _clear(alarm, episode, raises)
    elif raises:
        alarm["state"] = raises[-1].document["state"] if alarm["count"] == 1 else "updated"
        for name in _OF_CLEARED if len(episode.reports) > 1 else ():
            alarm.pop(name, None)
    return alarm


def _clear(alarm: Document, episode: Episode, raises: Sequence[Report]) -> None:
    closing = next(one for one in episode.reports if one.cleared and one.time == episode.closed)
    alarm["alarmClearedTime"] = closing.document[_time_name(closing.document, cleared=True)]
    if raises:
        alarm["lastSeverity"] = alarm["perceivedSeverity"]
    alarm["state"] = alarm["perceivedSeverity"] = "cleared"


def _earliest(reports: Iterable[Report]) -> Any:
    stated = [one.document["alarmRaisedTime"] for one in reports]
    return min(stated, key=lambda text: (parse_instant(text) or 0, text))


def _trend(raises: Sequence[Report]) -> str:
    """How the last change of severity went (X.733, trend indication)."""
    ranks = [severity_rank(severity_of(one.document)) for one in raises]
    for earlier, later in zip(ranks[-2::-1], ranks[:0:-1], strict=True):
        if earlier != later:
            return "moreSevere" if later > earlier else "lessSevere"
    return "noChange"


def compact(reports: Sequence[Report], flapping: Flapping, now: int) -> tuple[list[Report], int]:
    """The reports to keep, in order, and up to when nothing is known any more (0: all is).

    Of an episode with many reports, those in the middle become one; what has ended goes first.
    """
    kept, forgotten = sorted(reports, key=lambda one: one.order), 0
    while len(kept) > MOST:
        first, *others = episodes(kept, flapping, now)
        if others:
            kept = kept[len(first.reports) :]
            forgotten = first.reports[-1].time
            continue
        one, other = kept[_EARLY : _EARLY + 2]
        if one.cleared or other.cleared:
            del kept[_EARLY if one.cleared else _EARLY + 1]
        else:
            earlier = _earliest((one, other))
            both = {**one.document, **other.document, "alarmRaisedTime": earlier}
            kept[_EARLY : _EARLY + 2] = [
                replace(other, document=both, times=one.times + other.times)
            ]
    return kept, forgotten
