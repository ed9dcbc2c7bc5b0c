"""Writers that race, through two processes on one database: nothing is lost, nothing is doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest

from tests.e2e.client import JSON_PATCH, JSON_PATCH_QUERY, Client, unique
from tests.e2e.minimal import CREATED
from tests.processes import SERVE, Server, start_server

T = TypeVar("T")

WRITERS = 8
CHANGES = 12
"""Changes that each writer makes."""

PLACE = "TMF620/category"


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    command = (*SERVE, "--workers", "2")
    with start_server(module_database_url, folder, command=command) as server:
        yield server


@pytest.fixture
def tmf(server: Server) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


def race(server: Server, write: Callable[[Client, int], T], writers: int = WRITERS) -> list[T]:
    """What `write(client, number)` gives for each writer, all starting at the same moment."""
    start = Barrier(writers)

    def run(number: int) -> T:
        with Client(server.url) as client:
            client.read("/health/live")  # the connection is there before the race begins
            start.wait(timeout=60)
            return write(client, number)

    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(run, range(writers)))


def test_changes_of_different_attributes_all_take_effect(server: Server, tmf: Client) -> None:
    category = tmf.create(PLACE, {"name": "x", "counters": {}})

    def write(client: Client, number: int) -> list[int]:
        patches = ({"counters": {str(number): count}} for count in range(1, CHANGES + 1))
        return [client.patch(category["href"], patch).status_code for patch in patches]

    statuses = race(server, write)

    assert statuses == [[200] * CHANGES] * WRITERS
    counters = tmf.read(category["href"])["counters"]
    assert counters == {str(number): CHANGES for number in range(WRITERS)}


@pytest.mark.parametrize("media_type", [JSON_PATCH, JSON_PATCH_QUERY])
def test_additions_to_one_list_are_all_in_it_once(
    server: Server, tmf: Client, media_type: str
) -> None:
    category = tmf.create(PLACE, {"name": "x", "marks": []})

    def write(client: Client, number: int) -> None:
        for count in range(CHANGES):
            patch = [{"op": "add", "path": "/marks/-", "value": f"{number}.{count}"}]
            assert client.patch(category["href"], patch, media_type).status_code == 200

    race(server, write)

    marks = tmf.read(category["href"])["marks"]
    expected = [f"{number}.{count}" for number in range(WRITERS) for count in range(CHANGES)]
    assert sorted(marks) == sorted(expected)
    for number in range(WRITERS):  # each writer's own changes are in the order it made them
        own = [mark for mark in marks if mark.startswith(f"{number}.")]
        assert own == [f"{number}.{count}" for count in range(CHANGES)]
    for mark in expected:
        assert tmf.ids(f"{PLACE}?marks={mark}&id={category['id']}") == [category["id"]]


def test_whoever_changes_what_it_read_either_does_or_is_told(server: Server, tmf: Client) -> None:
    category = tmf.create(PLACE, {"name": "x", "count": 0})

    def write(client: Client, _: int) -> Counter[int]:
        seen: Counter[int] = Counter()
        while seen[200] < CHANGES:
            found = client.get(category["href"])
            patch = {"count": found.json()["count"] + 1}
            answer = client.patch(category["href"], patch, If_Match=found.headers["ETag"])
            seen[answer.status_code] += 1
        return seen

    seen = sum(race(server, write), Counter())

    assert tmf.read(category["href"])["count"] == WRITERS * CHANGES == seen[200]
    assert set(seen) <= {200, 412}
    assert seen[412] > 0, "nobody was ever in anybody's way: this was no race"


def test_of_two_moves_that_exclude_each_other_one_is_made(server: Server, tmf: Client) -> None:
    for _ in range(10):
        order = tmf.create("TMF622/productOrder", CREATED["TMF622/productOrder"])

        def write(client: Client, number: int, href: str = order["href"]) -> tuple[int, str]:
            state = ("inProgress", "rejected")[number % 2]
            return client.patch(href, {"state": state}).status_code, state

        results = race(server, write, 2)

        winners = [state for status, state in results if status == 200]
        assert sorted(status for status, _ in results) == [200, 409]
        assert [tmf.read(order["href"])["state"]] == winners


def test_of_those_who_create_under_one_id_one_does(server: Server, tmf: Client) -> None:
    for _ in range(5):
        identity = unique("wanted")

        def write(client: Client, number: int, identity: str = identity) -> tuple[int, int]:
            document = {"id": identity, "name": "x", "writer": number}
            return client.post(PLACE, document).status_code, number

        results = race(server, write)

        winners = [number for status, number in results if status == 201]
        assert Counter(status for status, _ in results) == {201: 1, 409: WRITERS - 1}
        assert [tmf.read(f"{PLACE}/{identity}")["writer"]] == winners
        assert tmf.ids(f"{PLACE}?writer={winners[0]}&id={identity}") == [identity]


def test_of_those_who_delete_one_does_and_no_change_brings_it_back(
    server: Server, tmf: Client
) -> None:
    for _ in range(5):
        category = tmf.create(PLACE, {"name": "x"})

        def write(client: Client, number: int, href: str = category["href"]) -> tuple[str, int]:
            if number % 2:
                return "patch", client.patch(href, {"name": f"name {number}"}).status_code
            return "delete", client.delete(href).status_code

        results = Counter(race(server, write))

        assert results["delete", 204] == 1
        assert results["delete", 404] == WRITERS // 2 - 1
        assert results["patch", 200] + results["patch", 404] == WRITERS // 2
        assert tmf.get(category["href"]).status_code == 404
        assert tmf.ids(f"{PLACE}?id={category['id']}") == []
