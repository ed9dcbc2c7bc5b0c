"""Alarm streams that come in any order, twice, or late: what is known in the end is the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.fault.chance import LONG, SEED
from tmf.declare import DutyContext, ReactionContext
from tmf.events.work import Task
from tmf.program import Program, build_program
from tmf.rest.telling import Cause
from tmf.settings import Settings
from tmf.store import schema
from tmf.tmf642_alarm.conditions import quiet, take_in
from tmf.tmf642_alarm.following import follow, follow_up, mark_alarm

START = datetime(2030, 1, 1, tzinfo=UTC)
CARDS, SERVICES = 2, 6
ALARM = "TMF642.alarm"


@pytest.fixture(scope="module")
def program(module_database_url: str) -> Iterator[Program]:
    settings = Settings(
        database_url=module_database_url, log_level="error", clock=START + timedelta(hours=2)
    )
    program = build_program(settings)
    schema.prepare(program.database)
    yield program
    program.close()


def at(minute: float) -> str:
    return (START + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


def new_inventory(draw: random.Random) -> list[dict[str, Any]]:
    """Services that rest on cards and on each other, now and then in a circle."""
    services = []
    for number in range(SERVICES):
        service: dict[str, Any] = {
            "id": f"s{number}",
            "state": "active" if draw.random() < 0.8 else "inactive",
            "serviceSpecification": {"id": "x"},
            "startDate": at(-1000),
            "relatedParty": [{"id": f"p{number}", "@referredType": "Individual"}],
        }
        if number < 2 or draw.random() < 0.3:
            service["supportingResource"] = [{"id": f"card{draw.randrange(CARDS)}"}]
        below = draw.choice([other for other in range(SERVICES) if other != number])
        service["supportingService"] = [{"id": f"s{below}"}] if draw.random() < 0.5 else []
        if draw.random() < 0.3:
            link = {"id": f"s{draw.randrange(SERVICES)}"}
            service["serviceRelationship"] = [{"relationshipType": "reliesOn", "service": link}]
        services.append(service)
    return services


def new_reports(draw: random.Random) -> list[dict[str, Any]]:
    """Raises and clears of several conditions, each at a time of its own."""
    objects = [*(f"card{n}" for n in range(CARDS)), *(f"s{n}" for n in range(SERVICES))]
    conditions = [
        (draw.choice(objects), draw.choice(["lossOfSignal", "powerProblem"])) for _ in range(5)
    ]
    minutes = sorted(quarter / 4 for quarter in draw.sample(range(draw.choice([60, 240])), 16))
    reports = []
    for minute in minutes:
        named, cause = draw.choice(conditions)
        report = {
            "alarmType": "equipmentAlarm",
            "perceivedSeverity": draw.choice(["minor", "major", "critical"]),
            "probableCause": cause,
            "alarmedObject": {"id": named},
            "sourceSystemId": "ems",
            "state": "raised",
            "alarmRaisedTime": at(minute),
        }
        if draw.random() < 0.4:
            report |= {"state": "cleared", "alarmClearedTime": at(minute)}
        reports.append(report)
    return [*reports, *draw.choices(reports, k=3)]  # some are sent twice


def play(
    program: Program,
    realm: str,
    services: list[dict[str, Any]],
    reports: list[dict[str, Any]],
    draw: random.Random,
) -> Any:
    """Let the reports come in this order, now and then followed up; what is known in the end."""
    (api,) = (api for api in program.apis if api.name == "TMF642")
    acting, resource = program.acting(api), api.resources["alarm"]

    def fill(context: ReactionContext) -> None:
        for service in services:
            context.create("service", service)

    program.within("TMF638", realm, fill, write=True)

    seen: set[str] = set()

    def follow() -> None:
        def mark(context: ReactionContext) -> None:
            for identity in seen:
                mark_alarm(context, identity)

        program.within("TMF642", realm, mark, write=True)
        at_once = partial(follow_up, pause=0)
        while program.within("TMF642", realm, at_once, write=True) is not None:
            pass

    for report in reports:
        cause = Cause(realm)
        with program.database.session(write=True) as session:
            judged = program.changes.judged(session, resource, cause, report)
            acting.take_in(take_in, resource, session, cause, judged)
        found = program.within("TMF642", realm, lambda context: [*context.find(ALARM, "")])
        seen |= {one["id"] for one in found}
        if draw.random() < 0.4:
            follow()
    follow()
    return program.within("TMF642", realm, known_of)


def known_of(context: ReactionContext) -> Any:
    """All that is known of alarms, without the ids, which are made in the order of arrival."""
    alarms = list(context.find(ALARM, ""))
    names = {
        one["id"]: "/".join(
            (one["alarmedObject"]["id"], one["probableCause"], one["alarmRaisedTime"])
        )
        for one in alarms
    }
    assert len(set(names.values())) == len(alarms)
    links = ("parentAlarm", "correlatedAlarm")
    told = {
        names[one["id"]]: {
            **{name: value for name, value in one.items() if name not in ("id", "href", *links)},
            **{name: sorted(names[to["id"]] for to in one.get(name) or ()) for name in links},
            "isRootCause": one.get("isRootCause", False),
            "correlatedAlarmCount": one.get("correlatedAlarmCount", 0),
        }
        for one in alarms
    }
    return told, outages_of(context)


def outages_of(context: ReactionContext) -> dict[str, list[tuple[str, str, str]]]:
    """For each service, by what and from when to when it was harmed, overlaps put together."""
    found: dict[str, list[tuple[str, str]]] = {}
    for one in context.find("TMF642.serviceImpact", "effect=outage"):
        found.setdefault(one["service"]["id"], []).append(
            (one["startTime"], one.get("endTime", "standing"))
        )
    whole: dict[str, list[Any]] = {}
    for service, parts in found.items():
        joined: list[list[str]] = []
        for start, end in sorted(parts):
            if joined and start <= joined[-1][1]:
                joined[-1][1] = max(joined[-1][1], end)
            elif start < end:
                joined.append([start, end])
        whole[service] = joined
    return {service: parts for service, parts in whole.items() if parts}


@pytest.mark.parametrize("number", range(200 if LONG else 12))
def test_any_order_of_the_same_reports_ends_in_the_same_state(
    program: Program, number: int
) -> None:
    draw = random.Random(SEED + number)  # noqa: S311
    services, reports = new_inventory(draw), new_reports(draw)
    expected = play(program, f"r{number}-first", services, reports, draw)
    for turn in range(2):
        draw.shuffle(reports)
        alarms, outages = play(program, f"r{number}-{turn}", services, reports, draw)
        assert alarms == expected[0]
        assert outages == expected[1]


def test_what_cannot_be_followed_up_is_set_aside_and_the_others_go_on(program: Program) -> None:
    realm = "aside"
    draw = random.Random(SEED)  # noqa: S311
    services, reports = new_inventory(draw), new_reports(draw)
    play(program, realm, services, reports, draw)
    (api,) = (api for api in program.apis if api.name == "TMF642")

    def spoil(context: ReactionContext) -> list[str]:
        ids = [one["id"] for one in context.find(ALARM, "")]
        context.records("alarm").put(ids[0], {"unknown": 1})
        for identity in ids:
            mark_alarm(context, identity)
        return ids

    ids = program.within("TMF642", realm, spoil, write=True)
    task = Task("1", realm, "TMF642.follow", "marks", 0)
    follow(DutyContext(program.database, program.acting(api), task, lambda: None))

    def left(context: ReactionContext) -> tuple[list[str], int]:
        aside = context.records("setAside").first(100).values()
        waiting = {**context.records("mark").first(1), **context.records("pending").first(1)}
        return [one["alarm"] for one in aside], len(waiting)

    aside, waiting = program.within("TMF642", realm, left)
    assert ids[0] in aside  # and those that cannot be judged without it
    assert waiting == 0


def test_an_alarm_that_is_deleted_while_it_is_held_stops_nothing(
    program: Program, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('{"flapping": {"cycles": 1, "within": 600, "quiet": 3600}}')
    (api,) = (api for api in program.apis if api.name == "TMF642")
    acting = replace(program.acting(api), settings={"alarm_rules": rules})
    resource = api.resources["alarm"]
    realm, report = "held", {**new_reports(random.Random(SEED))[0], "state": "raised"}  # noqa: S311
    for change in ({}, {"state": "cleared", "alarmClearedTime": at(119)}):
        with program.database.session(write=True) as session:
            sent = {**report, "alarmRaisedTime": at(118), **change}
            judged = program.changes.judged(session, resource, Cause(realm), sent)
            alarm = acting.take_in(take_in, resource, session, Cause(realm), judged).id

    def held(context: ReactionContext) -> list[str]:
        assert (context.read(ALARM, alarm) or {})["state"] == "raised"
        assert context.delete("alarm", alarm)
        return [key for key, _ in context.records("condition").starting("")]

    (key,) = program.within("TMF642", realm, held, write=True)
    task = Task("1", realm, "TMF642.quiet", key, 0)
    end = quiet(DutyContext(program.database, acting, task, lambda: None))
    with program.database.session(write=True) as session:
        end(acting.within(session, realm))
    assert program.within("TMF642", realm, lambda context: [*context.find(ALARM, "")]) == []
