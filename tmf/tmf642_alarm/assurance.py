"""How well a realm's customers were served: from the record of what alarms did to services."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tmf.declare import Document, Period, ReactionContext, joined, length, parse_instant

_MINUTE = 60_000_000


@dataclass(slots=True)
class Served:
    """A party: in what role, and when which of its services were out."""

    name: str
    role: str
    outages: dict[str, list[Period]] = field(default_factory=lambda: defaultdict(list))

    def minutes(self, span: Period) -> float:
        """Minutes of a span in which anything of its was out."""
        together = [one for outages in self.outages.values() for one in outages]
        return length(joined(together, span)) / _MINUTE

    def availability(self, span: Period) -> float:
        """The share of a span, in percent, in which nothing of its was out."""
        return 100 * (1 - self.minutes(span) * _MINUTE / (span[1] - span[0]))


@dataclass(slots=True)
class Assurance:
    """What is to be said of a span of time. Times to acknowledge and to repair are in seconds;
    elements are counted by how often they were reported.
    """

    span: Period
    served: dict[tuple[str, str], Served] = field(default_factory=dict)
    to_acknowledge: list[float] = field(default_factory=list)
    to_repair: list[float] = field(default_factory=list)
    reports: Counter[str] = field(default_factory=Counter)
    alarms: int = 0


def assurance(context: ReactionContext, start: str, end: str) -> Assurance:
    """What is to be said of the time from one instant (RFC 3339) to another."""
    span = (_instant(start), min(_instant(end), _instant(context.now)))
    found = Assurance(span)
    for record in outages(context, start, end):
        _note_outage(found, record)
    for alarm in context.find(
        "TMF642.alarm", f"alarmRaisedTime.gte={start}&alarmRaisedTime.lt={end}"
    ):
        _note_alarm(found, alarm)
    return found


def outages(context: ReactionContext, start: str, end: str) -> Iterator[Document]:
    """The outages on record that touch the time from one instant to another."""
    begun = f"effect=outage&startTime.lt={end}"
    yield from context.find("TMF642.serviceImpact", f"{begun}&endTime.gt={start}")
    yield from context.find("TMF642.serviceImpact", f"{begun}&state=active")


def period_of(record: Document, now: int) -> Period:
    """From when to when an outage on record lasted; until now if it still does."""
    end = record.get("endTime")
    return _instant(record["startTime"]), now if end is None else _instant(end)


def _note_outage(found: Assurance, record: Document) -> None:
    period = period_of(record, found.span[1])
    for party in record.get("relatedParty") or ():
        key = (str(party.get("id")), str(party.get("role") or ""))
        one = found.served.setdefault(key, Served(str(party.get("name") or key[0]), key[1]))
        one.outages[record["service"]["id"]].append(period)


def _note_alarm(found: Assurance, alarm: Document) -> None:
    raised = _instant(alarm["alarmRaisedTime"])
    found.alarms += 1
    named = (alarm.get("alarmedObject") or {}).get("id")
    if named:
        found.reports[str(named)] += int(alarm.get("count", 1))
    for attribute, times in (
        ("ackTime", found.to_acknowledge),
        ("alarmClearedTime", found.to_repair),
    ):
        if isinstance(alarm.get(attribute), str):
            times.append(max(0, _instant(alarm[attribute]) - raised) / 1e6)


def mean(times: Iterable[float]) -> float | None:
    """The mean, if there is anything."""
    all_of = list(times)
    return sum(all_of) / len(all_of) if all_of else None


def _instant(text: str) -> int:
    return parse_instant(text) or 0
