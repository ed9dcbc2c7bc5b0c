"""The alarm tasks change the alarms that they are about, and tell what was done and what not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.client import Client, unique
from tests.e2e.minimal import CREATED
from tests.e2e.waiting import until

BY = {"ackSystemId": "console", "ackUserId": "eve"}


@pytest.fixture
def source() -> str:
    """A source of alarms that only one test uses."""
    return unique("source")


def raise_alarms(tmf: Client, source: str, *states: str) -> list[str]:
    """Alarms of that source in these states, in the order of their ids."""
    sent = [
        {**CREATED["TMF642/alarm"], "sourceSystemId": source, "state": state} for state in states
    ]
    return sorted(tmf.create("TMF642/alarm", one)["id"] for one in sent)


def ended(tmf: Client, name: str, sent: dict[str, Any]) -> dict[str, Any]:
    """The task once it has ended."""
    task = tmf.create(f"TMF642/{name}", sent)
    assert task["state"] == "acknowledged"

    def now() -> dict[str, Any] | None:
        found: dict[str, Any] = tmf.read(task["href"])
        return found if found["state"] in ("done", "terminatedWithError") else None

    return until(now, f"{name} to end")


def ids(references: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in references]


def test_acknowledging_and_taking_it_back(tmf: Client, source: str) -> None:
    alarms = raise_alarms(tmf, source, "raised", "raised", "cleared")
    pattern = {"alarmPattern": [{"sourceSystemId": source, "state": "raised"}]}

    task = ended(tmf, "ackAlarms", {**BY, **pattern})
    again = ended(tmf, "ackAlarms", {**BY, "alarmPattern": [{"sourceSystemId": source}]})
    back = ended(tmf, "unAckAlarms", {**BY, "alarmPattern": [{"id": again["ackedAlarm"][0]["id"]}]})

    acked = [one["id"] for one in tmf.read(f"TMF642/alarm?sourceSystemId={source}&state=raised")]
    assert (task["state"], sorted(ids(task["ackedAlarm"]))) == ("done", sorted(acked))
    assert (task["alarmsDone"], task["alarmsNotDone"], task["notDoneAlarm"]) == (2, 0, [])
    assert (again["alarmsDone"], again["alarmsNotDone"]) == (1, 2)
    assert {one["reason"] for one in again["notDoneAlarm"]} == {"it is acknowledged already"}
    assert {*ids(again["ackedAlarm"]), *ids(again["notDoneAlarm"])} == set(alarms)
    assert back["alarmsDone"] == 1
    states = {one["id"]: one["ackState"] for one in map(tmf.read, places(alarms))}
    assert states.pop(back["unAckedAlarm"][0]["id"]) == "unacknowledged"
    assert set(states.values()) == {"acknowledged"}
    assert tmf.read(places(acked)[0])["ackUserId"] == "eve"


def places(identities: list[str]) -> list[str]:
    return [f"TMF642/alarm/{identity}" for identity in identities]


def test_clearing_tells_when_and_by_whom(tmf: Client, source: str) -> None:
    alarms = raise_alarms(tmf, source, "raised", "updated", "cleared")
    time = "2030-05-05T05:05:05Z"

    task = ended(
        tmf,
        "clearAlarms",
        {
            "clearSystemId": "console",
            "clearUserId": "eve",
            "alarmClearedTime": time,
            "alarmPattern": [{"sourceSystemId": source}],
        },
    )

    assert (task["alarmsDone"], task["alarmsNotDone"]) == (2, 1)
    for identity in ids(task["clearedAlarm"]):
        alarm = tmf.read(f"TMF642/alarm/{identity}")
        assert (alarm["state"], alarm["perceivedSeverity"]) == ("cleared", "cleared")
        assert (alarm["alarmClearedTime"], alarm["clearUserId"]) == (time, "eve")
    assert len(alarms) == 3


def test_comments_are_added_to_those_that_are_there(tmf: Client, source: str) -> None:
    (alarm,) = raise_alarms(tmf, source, "raised")
    for text in ("first", "second"):
        comment = {"comment": text, "userId": "eve"}
        ended(tmf, "commentAlarms", {"comment": comment, "alarmPattern": [{"id": alarm}]})

    comments = tmf.read(f"TMF642/alarm/{alarm}")["comment"]

    assert [one["comment"] for one in comments] == ["first", "second"]
    assert all(one["time"] for one in comments)


def group_of(parent: str, *members: str) -> dict[str, Any]:
    return {
        "sourceSystemId": "console",
        "alarmChangedTime": "2030-05-05T05:05:05Z",
        "parentAlarm": {"id": parent},
        "correlatedAlarm": [{"id": member} for member in members],
    }


def test_groups_are_made_undone_and_never_a_circle(tmf: Client, source: str) -> None:
    top, middle, low = raise_alarms(tmf, source, "raised", "raised", "raised")

    first = ended(tmf, "groupAlarms", group_of(top, middle, "nobody"))
    ended(tmf, "groupAlarms", group_of(middle, low))
    circle = ended(tmf, "groupAlarms", group_of(low, top, middle, low))

    assert ids(first["groupedAlarm"]) == [middle]
    assert first["notDoneAlarm"][0]["reason"] == "there is no such alarm"
    assert (circle["state"], circle["groupedAlarm"]) == ("done", [])
    assert [one["reason"] for one in circle["notDoneAlarm"]] == [
        "the parent is below it",
        "the parent is below it",
        "it is the parent itself",
    ]
    assert ids(tmf.read(f"TMF642/alarm/{top}")["correlatedAlarm"]) == [middle]
    assert tmf.read(f"TMF642/alarm/{top}")["isRootCause"] is True
    assert ids(tmf.read(f"TMF642/alarm/{low}")["parentAlarm"]) == [middle]

    undone = ended(tmf, "unGroupAlarms", group_of(top, middle, low))

    assert ids(undone["unGroupedAlarm"]) == [middle]
    assert tmf.read(f"TMF642/alarm/{top}")["correlatedAlarm"] == []
    assert tmf.read(f"TMF642/alarm/{middle}")["parentAlarm"] == []


def test_a_task_that_cannot_be_done_ends_with_the_reason(tmf: Client, source: str) -> None:
    (alarm,) = raise_alarms(tmf, source, "raised")

    nobody = ended(tmf, "groupAlarms", group_of("nobody", alarm))
    everybody = ended(tmf, "ackAlarms", {**BY, "alarmPattern": [{}]})

    assert nobody["state"] == everybody["state"] == "terminatedWithError"
    assert "nobody" in nobody["message"]
    assert "every alarm" in everybody["message"]


def test_more_alarms_than_a_batch_are_all_changed_once(tmf: Client, source: str) -> None:
    alarms = raise_alarms(tmf, source, *["raised"] * 450)

    task = ended(
        tmf,
        "commentAlarms",
        {"comment": {"comment": "x"}, "alarmPattern": [{"sourceSystemId": source}]},
    )

    assert task["alarmsDone"] == 450
    assert ids(task["commentedAlarm"]) == alarms
    found = tmf.read(f"TMF642/alarm?sourceSystemId={source}&limit=1000&fields=comment")
    assert [len(one["comment"]) for one in found] == [1] * 450
