"""From an alarm to the customer: reports that are put together, causes, impact, assurance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import commands
from tests.e2e.client import Client, unique
from tests.e2e.closed import HARBOUR, Closed, closed_server
from tests.e2e.recipients import recipients
from tests.e2e.waiting import until
from tests.processes import Server, start_server

ALARMS, SERVICES, IMPACTS = "TMF642/alarm", "TMF638/service", "TMF642/serviceImpact"
START = datetime(2030, 1, 10, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("alarms")
    clock = (START + timedelta(hours=4)).isoformat()
    with start_server(module_database_url, folder, TMF_CLOCK=clock) as server:
        yield server


@pytest.fixture(scope="module")
def tmf(server: Server) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


def at(minute: float) -> str:
    return (START + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


def report(tmf: Client, named: str | None, minute: float, **further: Any) -> Any:
    """Post an alarm; what the server makes of it."""
    document = {
        "alarmType": "equipmentAlarm",
        "perceivedSeverity": "major",
        "probableCause": "equipmentMalfunction",
        "alarmedObject": {"id": named} if named else {"@type": "Card"},
        "sourceSystemId": "ems",
        "state": "raised",
        "alarmRaisedTime": at(minute),
        **further,
    }
    return tmf.create(ALARMS, document)


def clear(tmf: Client, named: str, minute: float) -> Any:
    times = {"alarmRaisedTime": at(minute), "alarmClearedTime": at(minute)}
    return report(tmf, named, minute, state="cleared", perceivedSeverity="cleared", **times)


def service(tmf: Client, *, party: str = "party-1", state: str = "active", **further: Any) -> str:
    """A service that has been there for long."""
    document = {
        "id": unique("service"),
        "state": state,
        "startDate": at(-10_000),
        "serviceSpecification": {"id": "line"},
        "relatedParty": [{"id": party, "role": "customer", "@referredType": "Individual"}],
        **further,
    }
    return str(tmf.create(SERVICES, document)["id"])


def on(*resources: str) -> dict[str, Any]:
    return {"supportingResource": [{"id": one} for one in resources]}


def above(*services: str) -> dict[str, Any]:
    return {"supportingService": [{"id": one} for one in services]}


def until_alarm(tmf: Client, identity: str, **wanted: Any) -> Any:
    """The alarm, once it has these values; None is for those that are not there."""

    def found() -> Any:
        alarm = tmf.read(f"{ALARMS}/{identity}")
        return all(alarm.get(name) == value for name, value in wanted.items()) and alarm

    return until(found, f"alarm {identity} to be {wanted}")


def impacts(tmf: Client, identity: str, **criteria: str) -> list[Any]:
    query = "&".join(f"{name}={value}" for name, value in criteria.items())
    return list(tmf.read(f"{IMPACTS}?alarm.id={identity}&limit=100&{query}"))


# --- Raising ---


def test_a_repeated_report_updates_the_standing_alarm(tmf: Client) -> None:
    card = unique("card")
    first = report(tmf, card, 0)
    second = report(tmf, card, 5, perceivedSeverity="critical")

    assert second["id"] == first["id"]
    assert (first["count"], second["count"]) == (1, 2)
    assert second["state"] == "updated"
    assert second["severityTrend"] == "moreSevere"
    assert second["alarmRaisedTime"] == at(0)
    assert second["alarmChangedTime"] == at(5)
    assert len(tmf.ids(f"{ALARMS}?alarmedObject.id={card}")) == 1


def test_another_cause_or_problem_is_another_alarm(tmf: Client) -> None:
    card = unique("card")
    alarms = [
        report(tmf, card, 0),
        report(tmf, card, 0, probableCause="powerProblem"),
        report(tmf, card, 0, specificProblem="fan 2"),
        report(tmf, card, 0, specificProblem="fan 3"),
    ]
    assert len({alarm["id"] for alarm in alarms}) == 4


def test_a_report_whose_object_has_no_id_is_never_put_to_another(tmf: Client) -> None:
    assert report(tmf, None, 0)["id"] != report(tmf, None, 0)["id"]


def test_a_clear_clears_the_standing_alarm_and_a_new_raise_is_a_new_one(tmf: Client) -> None:
    card = unique("card")
    first = report(tmf, card, 0, perceivedSeverity="minor")
    cleared = clear(tmf, card, 7)
    again = report(tmf, card, 9)

    assert cleared["id"] == first["id"]
    assert cleared["state"] == cleared["perceivedSeverity"] == "cleared"
    assert (cleared["alarmClearedTime"], cleared["lastSeverity"]) == (at(7), "minor")
    assert again["id"] != first["id"]
    assert again["state"] == "raised"


def test_a_late_clear_ends_only_what_was_raised_before_it(tmf: Client) -> None:
    card = unique("card")
    report(tmf, card, 0)
    report(tmf, card, 8)
    clear(tmf, card, 4)

    alarms = tmf.read(f"{ALARMS}?alarmedObject.id={card}&sort=alarmRaisedTime")
    assert [(one["alarmRaisedTime"], one["state"]) for one in alarms] == [
        (at(0), "cleared"),
        (at(8), "raised"),
    ]


def test_what_a_person_cleared_is_raised_anew_only_by_a_newer_report(tmf: Client) -> None:
    card = unique("card")
    first = report(tmf, card, 0)
    patch = {"state": "cleared", "alarmClearedTime": at(5)}
    assert tmf.patch(f"{ALARMS}/{first['id']}", patch).status_code == 200

    assert report(tmf, card, 3)["id"] == first["id"]
    assert tmf.read(f"{ALARMS}/{first['id']}")["state"] == "cleared"
    assert report(tmf, card, 6)["id"] != first["id"]


def test_what_people_did_to_an_alarm_outlasts_further_reports(tmf: Client) -> None:
    card = unique("card")
    first = report(tmf, card, 0, ackState="unacknowledged")
    done = {"ackState": "acknowledged", "comment": [{"comment": "on my way"}]}
    assert tmf.patch(f"{ALARMS}/{first['id']}", done).status_code == 200

    again = report(tmf, card, 1, ackState="unacknowledged")
    assert again["count"] == 2
    assert again["ackState"] == "acknowledged"
    assert again["ackTime"]
    assert again["comment"] == done["comment"]


def test_an_alarm_that_was_deleted_is_not_reported_to_any_more(tmf: Client) -> None:
    card = unique("card")
    first = report(tmf, card, 0)
    assert tmf.delete(f"{ALARMS}/{first['id']}").status_code == 204

    assert report(tmf, card, 1)["count"] == 1
    assert len(tmf.ids(f"{ALARMS}?alarmedObject.id={card}")) == 1


def test_severity_and_state_agree(tmf: Client) -> None:
    by_severity = report(tmf, unique("card"), 0, perceivedSeverity="cleared")
    assert by_severity["state"] == "cleared"
    assert by_severity["alarmClearedTime"]

    alarm = report(tmf, unique("card"), 0)
    patched = tmf.patch(f"{ALARMS}/{alarm['id']}", {"perceivedSeverity": "cleared"}).json()
    assert patched["state"] == "cleared"
    assert patched["lastSeverity"] == "major"
    refused = tmf.patch(f"{ALARMS}/{alarm['id']}", {"perceivedSeverity": "minor"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


def test_flapping_is_recognised_and_held_until_it_is_quiet(tmf: Client) -> None:
    card = unique("card")
    now = datetime.fromisoformat(tmf.read("/admin/v1/clock")["now"])

    def minute(seconds: float) -> float:
        return (now + timedelta(seconds=seconds) - START).total_seconds() / 60

    for start in (0, 20, 40):
        alarm = report(tmf, card, minute(start))
        cleared = clear(tmf, card, minute(start + 10))
    assert alarm["flapping"] is True
    assert cleared["id"] == alarm["id"]
    assert cleared["state"] == "raised"
    assert report(tmf, card, minute(60))["id"] == alarm["id"]
    clear(tmf, card, minute(70))

    assert tmf.post("/admin/v1/clock", {"advanceSeconds": 140}).status_code == 200
    quiet = until_alarm(tmf, alarm["id"], state="cleared")
    assert quiet["alarmClearedTime"] == at(minute(70)).replace("+00:00", "Z")


# --- Causes and impact ---


def test_alarms_are_grouped_under_their_root_cause_whichever_came_first(tmf: Client) -> None:
    card = unique("card")
    line = service(tmf, **on(card))
    access = service(tmf, **above(line))
    symptoms = [report(tmf, one, 1)["id"] for one in (access, line)]
    root = report(tmf, card, 2)["id"]

    found = until_alarm(tmf, root, correlatedAlarmCount=2, isRootCause=True)
    assert {one["id"] for one in found["correlatedAlarm"]} == set(symptoms)
    for symptom in symptoms:
        (parent,) = tmf.read(f"{ALARMS}/{symptom}")["parentAlarm"]
        assert parent["id"] == root


def test_a_group_is_revised_when_its_root_cause_clears_before_a_symptom(tmf: Client) -> None:
    card = unique("card")
    line = service(tmf, **on(card))
    symptom, root = report(tmf, line, 1)["id"], report(tmf, card, 0)["id"]
    until_alarm(tmf, root, correlatedAlarmCount=1)

    clear(tmf, card, 5)
    until_alarm(tmf, root, correlatedAlarmCount=0, isRootCause=False)
    until_alarm(tmf, symptom, parentAlarm=[])


def test_services_in_a_circle_do_no_harm(tmf: Client) -> None:
    one, other = unique("circle"), unique("circle")
    service(tmf, id=one, serviceRelationship=[relies_on(other)])
    service(tmf, id=other, serviceRelationship=[relies_on(one)])
    first, second = report(tmf, one, 0)["id"], report(tmf, other, 1)["id"]

    until_alarm(tmf, first, correlatedAlarmCount=1, affectedServiceCount=2)
    (parent,) = until_alarm(tmf, second, affectedServiceCount=2)["parentAlarm"]
    assert parent["id"] == first


def relies_on(other: str) -> dict[str, Any]:
    return {"relationshipType": "reliesOn", "service": {"id": other}}


def test_links_that_people_made_stay(tmf: Client) -> None:
    card = unique("card")
    line = service(tmf, **on(card))
    by_hand, symptom = report(tmf, None, 0)["id"], report(tmf, line, 1)["id"]
    until_alarm(tmf, symptom, affectedServiceCount=1)
    link = {"id": by_hand, "@referredType": "Alarm"}
    assert tmf.patch(f"{ALARMS}/{symptom}", {"parentAlarm": [link]}).status_code == 200

    root = report(tmf, card, 0)["id"]
    until_alarm(tmf, root, correlatedAlarmCount=1)
    parents = [one["id"] for one in tmf.read(f"{ALARMS}/{symptom}")["parentAlarm"]]
    assert parents == [by_hand, root]
    clear(tmf, card, 5)
    until_alarm(tmf, symptom, parentAlarm=[link])


def test_affected_services_are_found_through_any_depth_and_follow_changes(tmf: Client) -> None:
    card = unique("card")
    below = service(tmf, **on(card))
    chain = [below]
    for _ in range(6):
        chain.append(service(tmf, **above(chain[-1])))
    waiting = service(tmf, state="reserved", **above(chain[-1]))
    alarm = report(tmf, card, 0)["id"]

    found = until_alarm(tmf, alarm, affectedServiceCount=7)
    assert [one["id"] for one in found["affectedService"]] == chain
    assert tmf.patch(f"{SERVICES}/{waiting}", {"state": "active"}).status_code == 200
    until_alarm(tmf, alarm, affectedServiceCount=8)
    assert tmf.patch(f"{SERVICES}/{chain[1]}", {"state": "terminated"}).status_code == 200
    until_alarm(tmf, alarm, affectedServiceCount=1)
    (gone,) = impacts(tmf, alarm, **{"service.id": chain[2]})
    assert gone["state"] == "released"

    clear(tmf, card, 9)
    until_alarm(tmf, alarm, affectedService=None, affectedServiceCount=None)
    until(lambda: not impacts(tmf, alarm, state="active"), "the services to be released")
    (record,) = impacts(tmf, alarm, **{"service.id": below})
    assert (record["startTime"], record["endTime"]) == (at(0), at(9))


def test_an_alarm_lists_a_hundred_services_and_alarms_and_counts_all(tmf: Client) -> None:
    card = unique("card")
    lines = [service(tmf, **on(card)) for _ in range(105)]
    root = report(tmf, card, 0)["id"]
    for line in lines:
        report(tmf, line, 0)
    found = until_alarm(tmf, root, affectedServiceCount=105, correlatedAlarmCount=105)
    assert len(found["affectedService"]) == len(found["correlatedAlarm"]) == 100
    assert len(tmf.ids(f"{ALARMS}?parentAlarm.id={root}&limit=1000")) == 105

    clear(tmf, lines[-1], 5)
    report(tmf, lines[0], 6, perceivedSeverity="critical")
    clear(tmf, card, 9)
    until_alarm(tmf, root, correlatedAlarmCount=1)


def test_what_the_source_says_of_services_that_are_not_here_stays(tmf: Client) -> None:
    said = [{"id": "elsewhere"}]
    alarm = report(tmf, unique("card"), 0, affectedService=said)
    later = report(tmf, alarm["alarmedObject"]["id"], 1)
    assert later["affectedService"] == said


def test_the_impact_names_services_and_customers(
    tmf: Client, module_database_url: str, tmp_path: Path
) -> None:
    card, party = unique("card"), unique("party")
    named = {"id": party, "name": "Ada"}
    customer = tmf.create("TMF629/customer", {"name": "Ada", "engagedParty": named})
    product = tmf.create(
        "TMF637/product",
        {"status": "active", "productOffering": {"id": "fibre", "name": "Fibre 500"}},
    )
    entity = {"id": product["id"], "role": "product", "@referredType": "Product"}
    line = service(tmf, party=party, relatedEntity=[entity], **on(card))
    access = service(tmf, party=party, **above(line))
    alarm = report(tmf, card, 0)["id"]
    until_alarm(tmf, alarm, affectedServiceCount=2)

    found = tmf.read(f"/admin/v1/impact/{alarm}")
    assert (found["serviceCount"], found["partyCount"]) == (2, 1)
    assert (found["live"], found["effect"]) == (True, "outage")
    assert [(one["id"], one["steps"]) for one in found["services"]] == [(line, 1), (access, 2)]
    (hurt,) = found["parties"]
    assert hurt["customer"]["id"] == customer["id"]
    assert (hurt["role"], hurt["services"], hurt["offers"]) == ("customer", 2, ["Fibre 500"])
    page = tmf.read(f"/admin/v1/impact/{alarm}?offset=1&limit=1")
    assert [one["id"] for one in page["services"]] == [access]
    assert tmf.get("/admin/v1/impact/nothing").status_code == 404
    assert tmf.get(f"/admin/v1/impact/{alarm}?limit=x").status_code == 400

    url = {"TMF_DATABASE_URL": module_database_url}
    told = commands.tmf("impact", alarm, folder=tmp_path, **url)
    assert "It hurts 2 services (outage) of 1 parties." in told.stdout
    assert "Ada" in told.stdout
    printed = commands.tmf("impact", alarm, "--json", folder=tmp_path, **url)
    assert json.loads(printed.stdout)["serviceCount"] == 2
    assert commands.tmf("impact", "nothing", folder=tmp_path, **url).returncode == 1

    clear(tmf, card, 8)
    until(lambda: not impacts(tmf, alarm, state="active"), "the services to be released")
    past = tmf.read(f"/admin/v1/impact/{alarm}")
    assert (past["live"], past["serviceCount"]) == (False, 2)
    assert past["services"][0]["endTime"] == at(8)


def test_an_alarm_that_harms_no_service_leaves_no_record(tmf: Client) -> None:
    card = unique("card")
    service(tmf, **on(card))
    alarm = report(tmf, card, 0, serviceAffecting=False)["id"]
    until_alarm(tmf, alarm, affectedServiceCount=1)
    assert impacts(tmf, alarm) == []


def test_the_rules_are_the_operators(database_url: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"correlation": [], "effects": {"major": "degradation"}}))
    running = start_server(database_url, tmp_path, TMF_ALARM_RULES=str(rules))
    with running as server, Client(server.url) as tmf:
        card = unique("card")
        line = service(tmf, **on(card))
        root, symptom = report(tmf, card, 0)["id"], report(tmf, line, 1)["id"]
        until_alarm(tmf, root, affectedServiceCount=1)
        alarm = until_alarm(tmf, symptom, affectedServiceCount=1)
        assert not alarm.get("parentAlarm")
        assert {one["effect"] for one in impacts(tmf, root)} == {"degradation"}

    rules.write_text('{"correlation": [{"name": "x", "relation": "near"}]}')
    refused = commands.tmf("serve", folder=tmp_path, TMF_ALARM_RULES=str(rules))
    assert refused.returncode == 1
    assert "TMF_ALARM_RULES" in refused.stderr


# --- Assurance ---


def test_the_report_counts_overlapping_outages_once(
    tmf: Client, module_database_url: str, tmp_path: Path
) -> None:
    month = datetime(2030, 3, 1, tzinfo=UTC)
    tmf.post("/admin/v1/clock", {"now": (month + timedelta(days=20)).isoformat()})
    start = (month + timedelta(days=3) - START).total_seconds() / 60
    card, other, party = unique("card"), unique("card"), unique("party")
    line = service(tmf, party=party, **on(card, other))
    service(tmf, party=party, **above(line))
    first, second = report(tmf, card, start)["id"], report(tmf, other, start + 30)["id"]
    acknowledged = {"ackState": "acknowledged", "ackTime": at(start + 10)}
    assert tmf.patch(f"{ALARMS}/{first}", acknowledged).status_code == 200
    clear(tmf, card, start + 60)
    clear(tmf, other, start + 100)
    for alarm in (first, second):
        until(lambda alarm=alarm: len(impacts(tmf, alarm, state="released")) == 2, "the records")  # type: ignore[misc]

    told = commands.tmf(
        "report", "assurance", "--month", "2030-03",
        folder=tmp_path, TMF_DATABASE_URL=module_database_url, TMF_CLOCK="2030-04-02T00:00:00Z",
    ).stdout  # fmt: skip
    (row,) = (one.split() for one in told.splitlines() if one.startswith(party))
    assert row[2:4] == ["2", "100.0"]
    assert row[4] == f"{100 * (1 - 100 / (31 * 24 * 60)):.3f}"
    assert "Mean time to acknowledge: 10.0 min, of 1 alarms." in told
    assert "Mean time to repair: 65.0 min, of 2 alarms." in told
    assert f"1 reports of {card}" in told


# --- Partners ---


@pytest.fixture
def closed(database_url: str, tmp_path: Path) -> Iterator[Closed]:
    settings = {"TMF_HUB_ALLOW_PRIVATE_CALLBACKS": "true"}
    with closed_server(database_url, tmp_path, **settings) as closed:
        yield closed


def test_a_partner_hears_of_the_impact_on_its_own_customers_alone(closed: Closed) -> None:
    card = unique("card")
    parties = [{"id": HARBOUR, "role": "reseller", "@referredType": "Organization"}]
    own = service(closed["writer"], **on(card), relatedParty=parties)
    service(closed["writer"], **on(card))
    with recipients() as receiving:
        query = "eventType=ServiceImpactCreateEvent,ServiceImpactStateChangeEvent"
        closed["partner"].register("TMF642", callback=receiving.url + "/own", query=query)
        report(closed["writer"], card, 0)
        clear_time = {"state": "cleared", "alarmClearedTime": at(1)}
        until(lambda: len(receiving.at("/own")) == 1, "the partner to hear of it")
        report(closed["writer"], card, 1, **clear_time)
        until(lambda: len(receiving.at("/own")) == 2, "the partner to hear of its end")

        heard = [one.resource for one in receiving.at("/own")]
        assert [(one["service"]["id"], one["state"]) for one in heard] == [
            (own, "active"),
            (own, "released"),
        ]
    (seen,) = closed["partner"].read(IMPACTS)
    assert seen["service"]["id"] == own


# --- Odd documents ---


def test_what_cannot_be_followed_up_keeps_no_other_alarm_waiting(
    database_url: str, tmp_path: Path
) -> None:
    odd = {
        "id": "odd",
        "alarmType": "x",
        "perceivedSeverity": "cleared",
        "probableCause": "x",
        "alarmedObject": {"id": "odd-card"},
        "sourceSystemId": "x",
        "state": "cleared",
        "alarmRaisedTime": at(0),
    }
    with start_server(database_url, tmp_path) as server, Client(server.url) as tmf:
        commands.load({"TMF642": {"alarm": [odd]}}, database_url, tmp_path)
        card = "card-" + "x" * 240
        line = service(tmf, **on(card, "odd-card"))
        report(tmf, card, 0)
        alarm = report(tmf, line, 1)["id"]
        until_alarm(tmf, alarm, affectedServiceCount=1)
        (parent,) = tmf.read(f"{ALARMS}/{alarm}")["parentAlarm"]
        until_alarm(tmf, parent["id"], affectedServiceCount=1, correlatedAlarmCount=1)
