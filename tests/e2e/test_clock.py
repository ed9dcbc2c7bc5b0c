"""The movable clock: every time that the server sets comes from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client import Client
from tests.e2e.minimal import ALARM, CREATED
from tests.processes import start_server

PLACE = "/admin/v1/clock"
START = datetime(2030, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def moved(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server on a clock that began at START."""
    folder: Path = tmp_path_factory.mktemp("clock")
    with start_server(module_database_url, folder, TMF_CLOCK=START.isoformat()) as server:
        client = Client(server.url)
        yield client
        client.close()


def now(client: Client) -> datetime:
    return datetime.fromisoformat(client.read(PLACE)["now"])


def move(client: Client, body: dict[str, Any]) -> datetime:
    answer = client.post(PLACE, body)
    assert answer.status_code == 200, answer.text
    return datetime.fromisoformat(answer.json()["now"])


def is_at(text: str, moment: datetime) -> bool:
    """Whether a server-set time is that moment, but for the time that the test took."""
    return moment <= datetime.fromisoformat(text) < moment + timedelta(minutes=10)


def test_the_clock_starts_where_it_is_told_to_and_runs(moved: Client) -> None:
    first, second = now(moved), now(moved)

    assert START <= first < second


def test_server_set_times_follow_the_clock(moved: Client) -> None:
    day = timedelta(days=1)
    alarm = moved.create("TMF642/alarm", {**ALARM, "alarmRaisedTime": "2030-01-01T00:00:00Z"})
    category = moved.create("TMF620/category", CREATED["TMF620/category"])
    before = now(moved)
    assert is_at(category["lastUpdate"], before - timedelta(minutes=5))

    after = move(moved, {"advanceSeconds": day.total_seconds()})

    assert day <= after - before < day + timedelta(minutes=10)
    renamed = moved.patch(category["href"], {"name": "y"}).json()
    order = moved.create("TMF622/productOrder", CREATED["TMF622/productOrder"])
    cleared = moved.patch(alarm["href"], {"state": "cleared"}).json()
    job = moved.create("TMF620/importJob", CREATED["TMF620/importJob"])
    for text in (
        renamed["lastUpdate"],
        order["orderDate"],
        cleared["alarmClearedTime"],
        cleared["alarmChangedTime"],
        job["creationDate"],
    ):
        assert is_at(text, after), text
    assert moved.ids(f"TMF622/productOrder?orderDate.gte={after.isoformat()}") == [order["id"]]


def test_the_clock_is_set_to_a_moment_of_any_offset(moved: Client) -> None:
    target = now(moved) + timedelta(days=30)
    text = (target + timedelta(hours=2)).replace(tzinfo=None).isoformat() + "+02:00"

    assert is_at(move(moved, {"now": text}).isoformat(), target)


def test_the_clock_does_not_go_back(moved: Client) -> None:
    before = now(moved)

    answer = moved.post(PLACE, {"now": "2029-01-01T00:00:00Z"})

    assert answer.status_code == 409
    assert answer.json()["code"] == "conflict"
    assert is_at(moved.read(PLACE)["now"], before)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"now": "noon"},
        {"advanceSeconds": -1},
        {"advanceSeconds": "1"},
        {"now": "2040-01-01T00:00:00Z", "advanceSeconds": 1},
        {"advanceSeconds": 1e300},
        [],
        "null",
        "{",
    ],
    ids=str,
)
def test_a_move_that_cannot_be_is_400(moved: Client, body: Any) -> None:
    before = now(moved)

    answer = moved.post(PLACE, body)

    assert answer.status_code == 400
    assert answer.json()["@type"] == "Error"
    assert is_at(moved.read(PLACE)["now"], before)


def test_the_clock_has_its_methods_and_media_type(moved: Client) -> None:
    deleted = moved.delete(PLACE)
    plain = moved.post(PLACE, {"advanceSeconds": 1}, Content_Type="text/plain")

    assert (deleted.status_code, deleted.headers["Allow"]) == (405, "GET, OPTIONS, POST")
    assert plain.status_code == 415


def test_without_the_setting_there_is_no_clock_to_move(tmf: Client) -> None:
    for answer in (tmf.get(PLACE), tmf.post(PLACE, {"advanceSeconds": 1})):
        assert answer.status_code == 404
        assert answer.json()["code"] == "notFound"
